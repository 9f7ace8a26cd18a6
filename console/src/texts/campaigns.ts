import { define } from './define';

export const campaigns = define(
  {
    title: 'Campaigns',
    text: 'Messages to a segment: check, launch, watch, and see what they brought.',
    new: 'New campaign',
    back: 'All campaigns',
    name: 'Name',
    status: 'State',
    channel: 'Channel',
    purpose: 'Purpose',
    changed: 'Changed',
    launched: 'Launched',
    none: { title: 'No campaign yet', text: 'A campaign sends a template to a segment, and only to those who allow its purpose. Write a template and a segment first, then begin a campaign here, or let the demo tell the whole story:' },
    statuses: { draft: 'draft', scheduled: 'scheduled', planning: 'planning', sending: 'sending', paused: 'paused', finished: 'finished', cancelled: 'cancelled', missed: 'missed its time', failed: 'failed' },
    tabs: { report: 'Report', prepare: 'Prepare', preview: 'Preview', why: 'Why, why not', messages: 'Messages' },
    form: {
      title: 'New campaign', text: 'It starts as a draft: nothing is sent before you launch it.', template: 'Template', segment: 'Segment', purpose: 'Purpose',
      purposeHelp: 'Only people who allow it are written to.', from: 'Sender’s address', fromName: 'Sender’s name', postal: 'Postal address',
      postalHelp: 'Stands at the foot of each mail; many countries demand it.', control: 'Control group, per cent', controlHelp: 'They get nothing; only so can the lift be told.', approval: 'Somebody else must approve it',
      create: 'Save the draft', noTemplate: 'There is no template yet: write one under Templates.', noSegment: 'There is no segment yet: build one under Segments.',
    },
    act: {
      launch: 'Launch', sure: 'Launch now?', sureText: (count: string) => `Up to ${count} people get it, as far as they allow it when it is sent.`, sureUnknown: 'Estimate the audience first to see how many it reaches.',
      approve: 'Approve', pause: 'Pause', resume: 'Go on', cancel: 'Cancel for good', cancelSure: 'Cancel this campaign?', cancelText: 'What was not sent yet is never sent. What was sent stays sent.', keep: 'Keep it',
      launchedNow: 'Launched. The report counts while it is sent.', done: 'Done', needsApproval: 'Somebody else has to approve it before it can be launched.', approvedBy: (who: string) => `Approved by ${who}`,
    },
    estimate: {
      title: 'Audience', ask: 'Estimate', help: 'Counts who would get it if it were sent now, and why others would not.', audience: 'In the audience', reachable: 'Would get it', leftOut: 'Left out because of', people: 'People',
      sampled: (count: string) => `Estimated from ${count} people.`, exact: 'Everybody was looked at.',
    },
    check: { title: 'Check', ask: 'Check now', help: 'Looks for what would make it fail or look bad: links, variables, unsubscribing, size, sender.', well: 'Nothing to complain about.', bad: 'Correct these first.', finding: 'Finding', level: 'Level', where: 'Where',
      levels: { error: 'error', warning: 'warning', not_looked_up: 'not looked up', ok: 'good' } },
    preview: { title: 'Preview', person: 'As this customer sees it', personHelp: 'Name, e-mail or identity such as user:42', language: 'Language', languages: { en: 'English', fa: 'Persian' }, none: 'Choose somebody to see the message exactly as they would get it.', subject: 'Subject', html: 'Mail', plain: 'Plain text', version: (number: string) => `Version ${number} of the template`, instead: 'This language is not written; the fallback is shown.' },
    report: {
      sending: 'Sent and settled', sums: 'What became of it', planned: 'Planned', accepted: 'Accepted', failed: 'Failed', suppressed: 'Held back', unknown: 'Unknown', open: 'On their way', opens: 'Opened', clicks: 'Clicked', openRate: 'Opened, share', clickRate: 'Clicked, share',
      automated: (count: string) => `and ${count} by machines`, reasons: 'Why not', reason: 'Reason', messages: 'Messages', noReasons: 'Nothing was held back and nothing failed.',
      outcome: 'What it brought', counting: 'Counts as a response', by: { order: 'an order', click: 'a click', open: 'an opening', reply: 'a reply' }, effective: 'Responses', revenue: 'Revenue', orders: 'Orders', customers: 'Customers',
      lift: 'Lift against the control group', treated: 'Those who got it', control: 'Control group', difference: 'Difference', interval: (low: string, high: string) => `between ${low} and ${high} (95 %)`, beyond: 'beyond chance', within: 'may be chance', extra: 'Responses more', cost: 'Cost of each',
      noControl: 'Without a control group nobody can tell what would have happened anyway. Give the next campaign one (5 to 10 per cent).', arms: 'Versions', arm: 'Version', people: 'People', responses: 'Responses', rate: 'Rate', range: 'Interval', p: 'p',
      draft: { title: 'Not launched yet', text: 'As soon as it is launched, this report counts what becomes of each message, live.' }, noDelivery: 'Nobody delivers this channel', waiting: (at: string) => `The next ones wait until ${at}.`,
    },
    why: {
      title: 'Why did this person get it, or not?', text: 'Every decision can be explained: the segment, the caps, the consent, the group, and the smallest change that would turn it.', yes: 'Gets it', no: 'Does not get it', open: 'Cannot be said yet', check: 'Condition', holds: 'Holds', detail: 'Because', change: 'What would change it', unknown: 'not known', nothing: 'Nothing would.',
      checks: { address: 'address', approval: 'approval', arm: 'group', channel: 'channel', consent: 'consent', dkim: 'signature', entry: 'entry', language: 'language', ledger: 'what was sent', link: 'links', postal_address: 'postal address', pressure: 'pressure', reserved: 'reserved', running: 'running', segment: 'segment', selection: 'selection', unsubscribe: 'unsubscribing', plain_text: 'plain text', size: 'size', subject: 'subject', images: 'pictures', variable: 'variables' },
    },
    messages: { customer: 'Customer', state: 'State', reason: 'Reason', at: 'Made', empty: 'No messages yet: they are planned when the campaign is launched.', all: 'All states',
      states: { planned: 'planned', permitted: 'permitted', handing_off: 'being handed over', accepted: 'accepted', failed: 'failed', suppressed: 'held back', unknown: 'unknown' } },
    channels: { email: 'e-mail', sms: 'text message', push: 'push', webhook: 'webhook', phone: 'telephone', post: 'letter', in_app: 'in the app', on_site: 'on the site' },
    pick: { nobody: 'Nobody is found. Search by name, e-mail or identity.', type: 'Type to search' },
  },
  {
    fa: {
      title: 'کمپین‌ها',
      text: 'پیام به یک بخش از مشتریان: بررسی، آغاز، تماشا، و دیدن نتیجه.',
      new: 'کمپین تازه',
      back: 'همهٔ کمپین‌ها',
      name: 'نام',
      status: 'وضعیت',
      channel: 'کانال',
      purpose: 'هدف',
      changed: 'تغییر',
      launched: 'آغاز',
      none: { title: 'هنوز کمپینی نیست', text: 'کمپین یک الگو را برای یک بخش می‌فرستد، و تنها برای کسانی که هدف آن را پذیرفته‌اند. نخست الگو و بخش بسازید و سپس اینجا کمپین را آغاز کنید، یا بگذارید نمایش همهٔ داستان را بگوید:' },
      statuses: { draft: 'پیش‌نویس', scheduled: 'زمان‌بندی‌شده', planning: 'در حال برنامه‌ریزی', sending: 'در حال ارسال', paused: 'ایستاده', finished: 'پایان‌یافته', cancelled: 'لغوشده', missed: 'زمان گذشته', failed: 'ناموفق' },
      tabs: { report: 'گزارش', prepare: 'آماده‌سازی', preview: 'پیش‌نمایش', why: 'چرا آری، چرا نه', messages: 'پیام‌ها' },
      form: {
        title: 'کمپین تازه', text: 'به‌صورت پیش‌نویس آغاز می‌شود: تا آن را آغاز نکنید چیزی فرستاده نمی‌شود.', template: 'الگو', segment: 'بخش', purpose: 'هدف',
        purposeHelp: 'تنها برای کسانی فرستاده می‌شود که آن را پذیرفته‌اند.', from: 'نشانی فرستنده', fromName: 'نام فرستنده', postal: 'نشانی پستی',
        postalHelp: 'پایین هر نامه می‌آید؛ در بسیاری از کشورها الزامی است.', control: 'گروه شاهد، درصد', controlHelp: 'چیزی دریافت نمی‌کنند؛ تنها این‌گونه اثر دانسته می‌شود.', approval: 'کس دیگری باید تأیید کند',
        create: 'ذخیرهٔ پیش‌نویس', noTemplate: 'هنوز الگویی نیست: در صفحهٔ الگوها یکی بنویسید.', noSegment: 'هنوز بخشی نیست: در صفحهٔ بخش‌ها یکی بسازید.',
      },
      act: {
        launch: 'آغاز', sure: 'اکنون آغاز شود؟', sureText: (count: string) => `تا ${count} نفر آن را دریافت می‌کنند، اگر هنگام ارسال اجازه داده باشند.`, sureUnknown: 'نخست مخاطبان را برآورد کنید تا شمار آن‌ها را ببینید.',
        approve: 'تأیید', pause: 'ایست', resume: 'ادامه', cancel: 'لغو همیشگی', cancelSure: 'این کمپین لغو شود؟', cancelText: 'آنچه هنوز فرستاده نشده هرگز فرستاده نمی‌شود. آنچه فرستاده شده برنمی‌گردد.', keep: 'بماند',
        launchedNow: 'آغاز شد. گزارش هنگام ارسال می‌شمارد.', done: 'انجام شد', needsApproval: 'پیش از آغاز باید کس دیگری آن را تأیید کند.', approvedBy: (who: string) => `تأییدکننده: ${who}`,
      },
      estimate: {
        title: 'مخاطبان', ask: 'برآورد', help: 'می‌شمارد اگر اکنون فرستاده شود چه کسانی دریافت می‌کنند و دیگران چرا نه.', audience: 'در میان مخاطبان', reachable: 'دریافت می‌کنند', leftOut: 'کنار گذاشته به‌سبب', people: 'نفر',
        sampled: (count: string) => `برآورد از روی ${count} نفر.`, exact: 'همه بررسی شدند.',
      },
      check: { title: 'بررسی', ask: 'بررسی کن', help: 'به دنبال چیزهایی می‌گردد که ارسال را خراب می‌کند: پیوندها، متغیرها، لغو اشتراک، اندازه، فرستنده.', well: 'ایرادی نیست.', bad: 'نخست این‌ها را درست کنید.', finding: 'یافته', level: 'شدت', where: 'کجا',
        levels: { error: 'خطا', warning: 'هشدار', not_looked_up: 'بررسی‌نشده', ok: 'خوب' } },
      preview: { title: 'پیش‌نمایش', person: 'آن‌گونه که این مشتری می‌بیند', personHelp: 'نام، ایمیل یا شناسه‌ای مانند user:42', language: 'زبان', languages: { en: 'انگلیسی', fa: 'فارسی' }, none: 'کسی را برگزینید تا پیام را درست همان‌گونه که دریافت می‌کند ببینید.', subject: 'موضوع', html: 'نامه', plain: 'متن ساده', version: (number: string) => `نسخهٔ ${number} الگو`, instead: 'این زبان نوشته نشده است؛ زبان جایگزین نشان داده می‌شود.' },
      report: {
        sending: 'فرستاده و روشن‌شده', sums: 'سرنوشت پیام‌ها', planned: 'برنامه‌ریزی‌شده', accepted: 'پذیرفته', failed: 'ناموفق', suppressed: 'نگه‌داشته', unknown: 'نامعلوم', open: 'در راه', opens: 'بازشده', clicks: 'کلیک‌شده', openRate: 'سهم بازشده', clickRate: 'سهم کلیک‌شده',
        automated: (count: string) => `و ${count} به‌دست ماشین‌ها`, reasons: 'چرا نه', reason: 'سبب', messages: 'پیام‌ها', noReasons: 'چیزی نگه داشته نشد و چیزی ناموفق نبود.',
        outcome: 'چه آورد', counting: 'پاسخ به‌شمار می‌آید', by: { order: 'سفارش', click: 'کلیک', open: 'باز کردن', reply: 'پاسخ نوشتن' }, effective: 'پاسخ‌ها', revenue: 'درآمد', orders: 'سفارش‌ها', customers: 'مشتریان',
        lift: 'اثر در برابر گروه شاهد', treated: 'دریافت‌کنندگان', control: 'گروه شاهد', difference: 'تفاوت', interval: (low: string, high: string) => `میان ${low} و ${high} (۹۵٪)`, beyond: 'فراتر از بخت', within: 'شاید از بخت', extra: 'پاسخ‌های بیشتر', cost: 'هزینهٔ هر یک',
        noControl: 'بی گروه شاهد کسی نمی‌داند بی‌پیام چه می‌شد. به کمپین بعدی یکی بدهید (۵ تا ۱۰ درصد).', arms: 'نسخه‌ها', arm: 'نسخه', people: 'نفر', responses: 'پاسخ‌ها', rate: 'نرخ', range: 'بازه', p: 'p',
        draft: { title: 'هنوز آغاز نشده', text: 'همین که آغاز شود، این گزارش سرنوشت هر پیام را زنده می‌شمارد.' }, noDelivery: 'کسی این کانال را نمی‌رساند', waiting: (at: string) => `بعدی‌ها تا ${at} می‌مانند.`,
      },
      why: {
        title: 'چرا این شخص دریافت کرد، یا نکرد؟', text: 'هر تصمیم توضیح دارد: بخش، سقف‌ها، رضایت، گروه، و کوچک‌ترین تغییری که آن را برمی‌گرداند.', yes: 'دریافت می‌کند', no: 'دریافت نمی‌کند', open: 'هنوز نمی‌توان گفت', check: 'شرط', holds: 'برقرار', detail: 'زیرا', change: 'چه چیزی آن را تغییر می‌دهد', unknown: 'نامعلوم', nothing: 'هیچ چیز.',
        checks: { address: 'نشانی', approval: 'تأیید', arm: 'گروه', channel: 'کانال', consent: 'رضایت', dkim: 'امضا', entry: 'ورود', language: 'زبان', ledger: 'فرستاده‌ها', link: 'پیوندها', postal_address: 'نشانی پستی', pressure: 'فشار پیام', reserved: 'ویژه', running: 'در حال اجرا', segment: 'بخش', selection: 'گزینش', unsubscribe: 'لغو اشتراک', plain_text: 'متن ساده', size: 'اندازه', subject: 'موضوع', images: 'تصویرها', variable: 'متغیرها' },
      },
      messages: { customer: 'مشتری', state: 'وضعیت', reason: 'سبب', at: 'ساخته', empty: 'هنوز پیامی نیست: هنگام آغاز کمپین برنامه‌ریزی می‌شوند.', all: 'همهٔ وضعیت‌ها',
        states: { planned: 'برنامه‌ریزی‌شده', permitted: 'مجاز', handing_off: 'در حال تحویل', accepted: 'پذیرفته', failed: 'ناموفق', suppressed: 'نگه‌داشته', unknown: 'نامعلوم' } },
      channels: { email: 'ایمیل', sms: 'پیامک', push: 'اعلان', webhook: 'وب‌هوک', phone: 'تلفن', post: 'نامه', in_app: 'در برنامه', on_site: 'در سایت' },
      pick: { nobody: 'کسی یافت نشد. با نام، ایمیل یا شناسه بجویید.', type: 'برای جست‌وجو بنویسید' },
    },
  },
);

/** A word of the platform as it is called here; itself where there is no name for it. */
export function called(names: object, word: string | null | undefined): string {
  return word === null || word === undefined ? '–' : (names as Record<string, string>)[word] ?? word.replaceAll('_', ' ');
}
