import { define } from './define';

export const journeys = define(
  {
    title: 'Journeys',
    text: 'What happens to somebody from a first sign on: waits, messages, branches, until they leave.',
    new: 'New journey', back: 'All journeys', name: 'Name', status: 'State', version: 'Live version', changed: 'Changed', noVersion: 'none',
    none: { title: 'No journeys yet', text: 'A journey takes people in when something happens (a basket is filled, a birthday comes), waits, writes to them, and lets them out when they buy. Begin one from a pattern such as the abandoned basket:' },
    statuses: { draft: 'draft', active: 'running', paused: 'paused', closed: 'closed' },
    tabs: { canvas: 'Canvas', people: 'People inside', versions: 'Versions', backtest: 'Backtest' },
    begin: {
      text: 'It starts as a draft: nobody comes in before you publish it.', pattern: 'Begin with', template: 'Template of its messages', templateHelp: 'Each message can get its own later.', sender: 'Sender’s address', create: 'Make the draft',
      noTemplate: 'There is no template yet, and this pattern writes to people. Write one under Templates, or begin with the empty one.', call: 'Call: looked at it again',
    },
    starts: {
      basket: 'Abandoned basket', welcome: 'Welcome', birthday: 'Birthday', purchase: 'After a purchase', blank: 'Empty',
    },
    startTexts: {
      basket: 'Something was put into a basket: an hour later a reminder, a call for whoever looks again, and the end as soon as they order.',
      welcome: 'Whoever signs up is greeted; who has not ordered after a week gets an offer in the morning.',
      birthday: 'Three days before the birthday in the Jalali calendar, at the hour this person answers best, once a year.',
      purchase: 'Two weeks after an order: thanks to whoever holds a tier, an offer to everybody else.',
      blank: 'People are let in by hand or over the API; add the steps yourself.',
    },
    types: { wait: 'Wait', wait_for: 'Wait for an event', branch: 'Branch', split: 'Split', message: 'Message', case: 'Case for an employee', trait: 'Change traits', webhook: 'Webhook', goal: 'Goal', exit: 'Exit', entry: 'Entry' },
    board: {
      label: 'Steps of the journey', help: 'Choose a step to change it; the plus signs add one in between. Arrow keys go along the ways.', add: (where: string) => `Add a step after ${where}`, addFirst: 'Add a step after the entry',
      leaves: 'leaves', inside: (count: string) => `${count} inside`, sent: (count: string) => `${count} sent`, held: (count: string) => `${count} held back`, loose: 'no way leads here', faults: 'The service refuses this', faultsText: 'Each fault stands at its step.', leads: (names: string) => `leads to ${names}`,
      look: 'Choose a step to see all it says. Arrow keys go along the ways.', undo: 'Undo', save: 'Save the draft', saved: 'The draft is saved. It takes nobody in before it is published.', unsaved: 'Changed, not saved yet', choose: 'Choose a step on the canvas.', shown: 'Shown', draft: 'the draft', versionOf: (number: string) => `version ${number}`, live: (number: string) => `version ${number}, live`, zoomOut: 'Smaller', zoomIn: 'Larger',
    },
    way: { next: 'then', then: 'it happens', otherwise: 'otherwise', choice: (number: string) => `case ${number}`, to: 'leads to', leave: '– they leave here –' },
    step: {
      name: 'Name of the step', nameHelp: 'small letters, digits and -', taken: 'Another step has this name.', badName: 'Small Latin letters, digits, - and _, beginning with a letter.', remove: 'Remove the step', close: 'Close',
      days: 'Days', hours: 'Hours', minutes: 'Minutes', seconds: 'Seconds', how: 'How long', hows: { for: 'for a time', until: 'until a time of day', date: 'until a date' }, at: 'At (local time)', weekdays: 'On these days (none: any)', on: 'Day', jalali: 'Jalali day', calendar: 'Calendar', dayHelp: 'written 2027-03-21', jalaliHelp: 'written 1406-01-01',
      week: { saturday: 'Sat', sunday: 'Sun', monday: 'Mon', tuesday: 'Tue', wednesday: 'Wed', thursday: 'Thu', friday: 'Fri' },
      event: 'Event', eventHelp: 'as it is collected, such as Product Added', where: 'Only with', property: 'Property', addWhere: 'Add a property', within: 'At the longest', rule: (number: string) => `Case ${number}`, addChoice: 'Add a case', removeChoice: 'Remove the case', arm: 'Arm', weight: 'Weight', addArm: 'Add an arm', removeArm: 'Remove the arm',
      template: 'Template', noTemplate: '– choose one –', channel: 'Channel', purpose: 'Purpose', send: 'When', sends: { now: 'at once', best: 'at this person’s best hour' }, priority: 'Priority', priorityHelp: 'over a cap the higher one wins', value: 'Value', from: 'Sender’s address', fromName: 'Sender’s name', tiers: 'Only for tiers', tiersHelp: 'several with commas; empty: for everybody', stages: 'Only for stages', pinned: 'Template’s version', pinnedHelp: 'empty: the newest when published',
      subject: 'Subject', kind: 'Kind', casePriority: 'Urgency', priorities: { '': 'as usual', low: 'low', normal: 'normal', high: 'high', urgent: 'urgent' }, team: 'Team’s id', trait: 'Trait', traitValue: 'Value', addTrait: 'Add a trait', removeTrait: 'Remove the trait', url: 'Address', urlHelp: 'a public https address; calls are signed', goal: 'Goal', reason: 'Reason', goalHelp: 'counts in the figures',
    },
    entry: {
      kind: 'People come in', kinds: { event: 'by an event', segment: 'by a segment', date: 'on a day of theirs', api: 'by hand or over the API' }, segment: 'Segment', on: 'When they', ons: { entered: 'enter it', left: 'leave it' }, trait: 'Date in the trait', yearly: 'every year', offset: 'Days after (before: negative)',
      calendars: { gregorian: 'Gregorian', jalali: 'Jalali' }, reentry: 'Again?', reentries: { never: 'once per person', after_exit: 'again after leaving', after_days: 'again after some days' }, afterDays: 'Days after the last entry', leave: 'Whoever does this leaves at once', leaveGoal: 'as a goal', addLeave: 'Add an event', removeLeave: 'Remove the event', programme: 'Programme for caps', programmeHelp: 'the name under which caps count its messages',
    },
    rule: { label: 'These people', all: 'fulfil all of', any: 'fulfil one of', none: 'fulfil none of', kind: 'Condition', kinds: { trait: 'What is known of them', data: 'What they brought along', score: 'Score', segment: 'Segment' }, name: 'Name', dataHelp: 'such as event.value', op: 'Comparison', value: 'Value', add: 'Add a condition', remove: 'Remove the condition' },
    act: {
      publish: 'Publish', publishTitle: 'Publish this draft?', publishText: (number: string) => `It becomes version ${number}, which never changes, and takes people in from now on.`, move: (count: string) => `Take the ${count} people inside along`, moveHelp: 'They go on at the step of the same name. Without it they finish in the version they came in with.', moveStep: (step: string, count: string) => `${step} is gone; its ${count} people go on at`, stay: 'they stay in their version',
      published: (number: string) => `Version ${number} takes people in now.`, moved: (count: string) => `${count} people were taken along.`, pause: 'Pause', resume: 'Go on', close: 'Close for good', closeTitle: 'Close this journey?', closeText: 'Everybody leaves, and what is planned for them is cancelled. It cannot be opened again.', keep: 'Keep it', done: 'Done', saveFirst: 'Save the draft first.',
    },
    versions: { text: 'What is published never changes. People stay in the version they came in with unless they are taken along.', number: 'Version', at: 'Published', by: 'By', inside: 'Inside now', state: 'State', live: 'live', none: 'Nothing is published yet: the first version comes with the first publishing.', older: 'Compare', newer: 'with', same: 'There is no difference.', added: 'added', removed: 'removed', changed: 'changed', step: 'Step', what: 'What', before: 'Before', after: 'After', nothing: 'nothing', compare: 'What is different' },
    people: {
      entered: 'Came in', inside: 'Inside', left: 'Left', outcomes: { finished: 'finished', goal: 'reached the goal', left: 'left', removed: 'taken out', merged: 'merged', closed: 'journey closed', inside: 'still inside' }, step: 'Step', allSteps: 'All steps', only: 'Only those inside', customer: 'Customer', due: 'Goes on', entry: 'Came in', outcome: 'How they left', version: 'Version', waits: (names: string) => `waits for ${names}`, none: 'Nobody has come in yet. As soon as the journey runs and its entry happens, people appear here within seconds.',
      add: 'Let somebody in', addHelp: 'Name, e-mail or identity such as user:42', added: 'Let in.', notAdded: 'Not let in: inside already, or the rule of re-entry holds.', history: 'History', historyOf: 'What happened to this person', did: 'What', at: 'When', detail: 'Detail', remove: 'Take out', removed: 'Taken out; what was planned is cancelled.', errands: 'Errands', dids: { entered: 'came in', waited: 'waited', event: 'the event came', timed_out: 'the event did not come', branch: 'decided', split: 'drawn', goal: 'goal reached', left: 'left', message: 'a message was written', case: 'a case was asked for', trait: 'traits were changed', webhook: 'called' },
    },
    backtest: {
      text: 'The draft, as it stands on the canvas, over the recorded past: who would have come in, got which message, and what would have stood in the way. Nothing is sent.', days: 'Over the last', daysOf: (count: string) => `${count} days`, currency: 'Currency', price: 'A thousand e-mails cost (minor units)', priceHelp: 'empty: what campaigns were booked to cost', run: 'Run it', earlier: 'Result', none: 'Nothing was tested yet. A test over the last 90 days takes a few seconds.', running: 'The past is played through', failed: 'It could not be played through',
      reach: 'This is reach, not outcome: nobody would have behaved differently in it.', entered: 'Would have come in', people: 'People', messages: 'Messages', reached: 'Would have gone out', peopleReached: (count: string) => `to ${count} people`, blocked: 'Held back', why: 'Why', collisions: 'Held back by caps', cap: 'Cap', cost: 'Cost', unpriced: (names: string) => `no price for ${names}`, outcomes: 'How they would have left', steps: 'Step by step', digest: 'Fingerprint', digestHelp: 'The same past gives the same one.', then: 'As it stood then', now: 'As it stands now', list: 'Message by message', outcome: 'Outcome', outcomesOf: { reached: 'would have gone out', blocked: 'held back' }, all: 'All', when: 'When', reason: 'Reason', nobody: 'Nobody would have come in.', noMessages: 'No message would have been written in this time.', start: 'Started', api: 'Who would have been let in', apiHelp: 'People come in by hand here: name one to test with.', window: (since: string, until: string) => `${since} to ${until}`,
    },
  },
  {
    fa: {
      title: 'سفرها',
      text: 'آنچه از نخستین نشانه برای کسی رخ می‌دهد: درنگ، پیام، شاخه، تا بیرون رفتن.',
      new: 'سفر تازه', back: 'همهٔ سفرها', name: 'نام', status: 'وضعیت', version: 'نسخهٔ جاری', changed: 'تغییر', noVersion: 'هیچ',
      none: { title: 'هنوز سفری نیست', text: 'سفر کسان را هنگام یک رخداد (پر شدن سبد، رسیدن زادروز) می‌پذیرد، درنگ می‌کند، به آنان می‌نویسد و چون خرید کنند رهایشان می‌کند. با الگویی مانند سبد رهاشده آغاز کنید:' },
      statuses: { draft: 'پیش‌نویس', active: 'در جریان', paused: 'ایستاده', closed: 'بسته' },
      tabs: { canvas: 'بوم', people: 'درون سفر', versions: 'نسخه‌ها', backtest: 'آزمون گذشته' },
      begin: {
        text: 'به‌صورت پیش‌نویس آغاز می‌شود: تا منتشر نکنید کسی وارد نمی‌شود.', pattern: 'آغاز با', template: 'الگوی پیام‌ها', templateHelp: 'هر پیام بعدتر می‌تواند الگوی خود را بگیرد.', sender: 'نشانی فرستنده', create: 'ساختن پیش‌نویس',
        noTemplate: 'هنوز الگویی نیست و این سفر به مردم می‌نویسد. در صفحهٔ الگوها یکی بنویسید، یا با سفر خالی آغاز کنید.', call: 'تماس: دوباره نگاه کرد',
      },
      starts: { basket: 'سبد رهاشده', welcome: 'خوشامد', birthday: 'زادروز', purchase: 'پس از خرید', blank: 'خالی' },
      startTexts: {
        basket: 'چیزی در سبد گذاشته شد: یک ساعت بعد یادآوری، تماس با هر که دوباره نگاه کند، و پایان همین که سفارش دهد.',
        welcome: 'به هر که نام می‌نویسد خوشامد گفته می‌شود؛ هر که تا یک هفته سفارش نداد صبح پیشنهادی می‌گیرد.',
        birthday: 'سه روز پیش از زادروز در تقویم خورشیدی، در ساعتی که این شخص بهتر پاسخ می‌دهد، سالی یک بار.',
        purchase: 'دو هفته پس از سفارش: سپاس از دارندگان سطح، و پیشنهاد برای دیگران.',
        blank: 'کسان با دست یا از راه API وارد می‌شوند؛ گام‌ها را خودتان بیفزایید.',
      },
      types: { wait: 'درنگ', wait_for: 'چشم‌به‌راه رویداد', branch: 'شاخه', split: 'تقسیم', message: 'پیام', case: 'پرونده برای کارمند', trait: 'تغییر ویژگی', webhook: 'وب‌هوک', goal: 'هدف', exit: 'خروج', entry: 'ورود' },
      board: {
        label: 'گام‌های سفر', help: 'گامی را برای تغییر برگزینید؛ نشان‌های جمع گامی در میان می‌افزایند. کلیدهای پیکان در راه‌ها می‌روند.', add: (where: string) => `افزودن گام پس از ${where}`, addFirst: 'افزودن گام پس از ورود',
        leaves: 'بیرون می‌رود', inside: (count: string) => `${count} نفر درون`, sent: (count: string) => `${count} فرستاده`, held: (count: string) => `${count} نگه‌داشته`, loose: 'راهی به اینجا نیست', faults: 'سامانه این را نمی‌پذیرد', faultsText: 'هر ایراد کنار گام خود آمده است.', leads: (names: string) => `می‌رود به ${names}`,
        look: 'گامی را برگزینید تا همهٔ گفته‌هایش را ببینید. کلیدهای پیکان در راه‌ها می‌روند.', undo: 'بازگرداندن', save: 'ذخیرهٔ پیش‌نویس', saved: 'پیش‌نویس ذخیره شد. تا منتشر نشود کسی را نمی‌پذیرد.', unsaved: 'تغییر کرده، هنوز ذخیره نشده', choose: 'گامی را روی بوم برگزینید.', shown: 'نمایش', draft: 'پیش‌نویس', versionOf: (number: string) => `نسخهٔ ${number}`, live: (number: string) => `نسخهٔ ${number}، جاری`, zoomOut: 'کوچک‌تر', zoomIn: 'بزرگ‌تر',
      },
      way: { next: 'سپس', then: 'رخ داد', otherwise: 'وگرنه', choice: (number: string) => `حالت ${number}`, to: 'می‌رود به', leave: '– همین‌جا بیرون می‌رود –' },
      step: {
        name: 'نام گام', nameHelp: 'حروف کوچک لاتین، رقم و -', taken: 'گام دیگری این نام را دارد.', badName: 'حروف کوچک لاتین، رقم، - و _، با حرف آغاز شود.', remove: 'برداشتن گام', close: 'بستن',
        days: 'روز', hours: 'ساعت', minutes: 'دقیقه', seconds: 'ثانیه', how: 'چه مدت', hows: { for: 'به مدتی', until: 'تا ساعتی از روز', date: 'تا روزی' }, at: 'ساعت (به وقت محلی)', weekdays: 'در این روزها (هیچ: هر روز)', on: 'روز', jalali: 'روز خورشیدی', calendar: 'تقویم', dayHelp: 'مانند 2027-03-21', jalaliHelp: 'مانند 1406-01-01',
        week: { saturday: 'شنبه', sunday: 'یکشنبه', monday: 'دوشنبه', tuesday: 'سه‌شنبه', wednesday: 'چهارشنبه', thursday: 'پنجشنبه', friday: 'آدینه' },
        event: 'رویداد', eventHelp: 'همان‌گونه که گردآوری می‌شود، مانند Product Added', where: 'تنها با', property: 'ویژگی رویداد', addWhere: 'افزودن ویژگی رویداد', within: 'دست‌بالا', rule: (number: string) => `حالت ${number}`, addChoice: 'افزودن حالت', removeChoice: 'برداشتن حالت', arm: 'شاخه', weight: 'وزن', addArm: 'افزودن شاخه', removeArm: 'برداشتن شاخه',
        template: 'الگو', noTemplate: '– یکی برگزینید –', channel: 'کانال', purpose: 'هدف', send: 'چه وقت', sends: { now: 'همان دم', best: 'در بهترین ساعت این شخص' }, priority: 'اولویت', priorityHelp: 'در سقف، بالاتر پیش می‌افتد', value: 'ارزش', from: 'نشانی فرستنده', fromName: 'نام فرستنده', tiers: 'تنها برای سطح‌ها', tiersHelp: 'چند تا با ویرگول؛ خالی: برای همه', stages: 'تنها برای مرحله‌ها', pinned: 'نسخهٔ الگو', pinnedHelp: 'خالی: تازه‌ترین هنگام انتشار',
        subject: 'موضوع', kind: 'گونه', casePriority: 'فوریت', priorities: { '': 'مانند همیشه', low: 'کم', normal: 'عادی', high: 'زیاد', urgent: 'فوری' }, team: 'شناسهٔ گروه', trait: 'ویژگی', traitValue: 'مقدار', addTrait: 'افزودن ویژگی', removeTrait: 'برداشتن ویژگی', url: 'نشانی', urlHelp: 'نشانی https همگانی؛ فراخوان‌ها امضا می‌شوند', goal: 'هدف', reason: 'سبب', goalHelp: 'در شمارش‌ها می‌آید',
      },
      entry: {
        kind: 'کسان وارد می‌شوند', kinds: { event: 'با رویداد', segment: 'با بخش', date: 'در روزی از زندگی‌شان', api: 'با دست یا از راه API' }, segment: 'بخش', on: 'هنگامی که', ons: { entered: 'وارد آن شوند', left: 'از آن بیرون روند' }, trait: 'تاریخ در ویژگیِ', yearly: 'هر سال', offset: 'روز پس از آن (پیش: منفی)',
        calendars: { gregorian: 'میلادی', jalali: 'خورشیدی' }, reentry: 'دوباره؟', reentries: { never: 'هر کس یک بار', after_exit: 'پس از خروج دوباره', after_days: 'پس از چند روز دوباره' }, afterDays: 'روز پس از ورود پیشین', leave: 'هر که این کند همان دم بیرون می‌رود', leaveGoal: 'به‌عنوان هدف', addLeave: 'افزودن رویداد', removeLeave: 'برداشتن رویداد', programme: 'برنامه برای سقف‌ها', programmeHelp: 'نامی که سقف‌ها پیام‌هایش را با آن می‌شمارند',
      },
      rule: { label: 'این کسان', all: 'همهٔ این‌ها را دارند', any: 'یکی از این‌ها را دارند', none: 'هیچ‌یک را ندارند', kind: 'شرط', kinds: { trait: 'آنچه از آنان می‌دانیم', data: 'آنچه با خود آورده‌اند', score: 'امتیاز', segment: 'بخش' }, name: 'نام', dataHelp: 'مانند event.value', op: 'مقایسه', value: 'مقدار', add: 'افزودن شرط', remove: 'برداشتن شرط' },
      act: {
        publish: 'انتشار', publishTitle: 'این پیش‌نویس منتشر شود؟', publishText: (number: string) => `نسخهٔ ${number} می‌شود که هرگز تغییر نمی‌کند و از اکنون کسان را می‌پذیرد.`, move: (count: string) => `${count} نفرِ درون سفر هم بیایند`, moveHelp: 'در گام همنام ادامه می‌دهند. وگرنه در نسخه‌ای که با آن آمده‌اند به پایان می‌رسند.', moveStep: (step: string, count: string) => `گام ${step} دیگر نیست؛ ${count} نفرش ادامه می‌دهند در`, stay: 'در نسخهٔ خود می‌مانند',
        published: (number: string) => `نسخهٔ ${number} اکنون کسان را می‌پذیرد.`, moved: (count: string) => `${count} نفر هم آمدند.`, pause: 'ایست', resume: 'ادامه', close: 'بستن همیشگی', closeTitle: 'این سفر بسته شود؟', closeText: 'همه بیرون می‌روند و آنچه برایشان برنامه‌ریزی شده لغو می‌شود. دیگر باز نمی‌شود.', keep: 'بماند', done: 'انجام شد', saveFirst: 'نخست پیش‌نویس را ذخیره کنید.',
      },
      versions: { text: 'آنچه منتشر شده هرگز تغییر نمی‌کند. کسان در نسخه‌ای که با آن آمده‌اند می‌مانند مگر آن‌که آورده شوند.', number: 'نسخه', at: 'انتشار', by: 'به‌دست', inside: 'اکنون درون', state: 'وضعیت', live: 'جاری', none: 'هنوز چیزی منتشر نشده: نخستین نسخه با نخستین انتشار می‌آید.', older: 'مقایسهٔ', newer: 'با', same: 'تفاوتی نیست.', added: 'افزوده', removed: 'برداشته', changed: 'تغییرکرده', step: 'گام', what: 'چه چیز', before: 'پیش', after: 'پس', nothing: 'هیچ', compare: 'تفاوت‌ها' },
      people: {
        entered: 'آمده‌اند', inside: 'درون', left: 'رفته‌اند', outcomes: { finished: 'به پایان رسید', goal: 'به هدف رسید', left: 'بیرون رفت', removed: 'بیرون آورده شد', merged: 'ادغام شد', closed: 'سفر بسته شد', inside: 'هنوز درون' }, step: 'گام', allSteps: 'همهٔ گام‌ها', only: 'تنها کسان درون سفر', customer: 'مشتری', due: 'ادامه', entry: 'ورود', outcome: 'چگونه رفت', version: 'نسخه', waits: (names: string) => `چشم‌به‌راه ${names}`, none: 'هنوز کسی نیامده است. همین که سفر در جریان باشد و ورودش رخ دهد، کسان در چند ثانیه اینجا پدیدار می‌شوند.',
        add: 'وارد کردن کسی', addHelp: 'نام، ایمیل یا شناسه‌ای مانند user:42', added: 'وارد شد.', notAdded: 'وارد نشد: یا درون است یا قاعدهٔ ورود دوباره نمی‌گذارد.', history: 'سرگذشت', historyOf: 'آنچه بر این شخص گذشت', did: 'چه', at: 'کی', detail: 'جزئیات', remove: 'بیرون آوردن', removed: 'بیرون آورده شد؛ آنچه برنامه‌ریزی شده بود لغو شد.', errands: 'کارها', dids: { entered: 'آمد', waited: 'درنگ کرد', event: 'رویداد رسید', timed_out: 'رویداد نرسید', branch: 'تصمیم', split: 'قرعه', goal: 'به هدف رسید', left: 'بیرون رفت', message: 'پیامی نوشته شد', case: 'پرونده‌ای خواسته شد', trait: 'ویژگی‌ها تغییر کرد', webhook: 'فراخوانده شد' },
      },
      backtest: {
        text: 'پیش‌نویس، همان‌گونه که روی بوم است، بر گذشتهٔ ثبت‌شده: چه کسی می‌آمد، کدام پیام را می‌گرفت و چه چیز سد راه می‌شد. چیزی فرستاده نمی‌شود.', days: 'در', daysOf: (count: string) => `${count} روز گذشته`, currency: 'ارز', price: 'هزینهٔ هزار ایمیل (واحد خرد)', priceHelp: 'خالی: آنچه برای کمپین‌ها ثبت شده', run: 'اجرا', earlier: 'نتیجه', none: 'هنوز چیزی آزموده نشده. آزمون ۹۰ روز گذشته چند ثانیه می‌کشد.', running: 'گذشته بازپخش می‌شود', failed: 'بازپخش نشد',
        reach: 'این دسترسی است، نه نتیجه: رفتار کسی در آن دیگر نمی‌شود.', entered: 'می‌آمدند', people: 'نفر', messages: 'پیام‌ها', reached: 'فرستاده می‌شد', peopleReached: (count: string) => `به ${count} نفر`, blocked: 'نگه‌داشته', why: 'چرا', collisions: 'نگه‌داشته به‌سبب سقف', cap: 'سقف', cost: 'هزینه', unpriced: (names: string) => `بی قیمت: ${names}`, outcomes: 'چگونه می‌رفتند', steps: 'گام به گام', digest: 'اثر انگشت', digestHelp: 'گذشتهٔ یکسان همین را می‌دهد.', then: 'چنان‌که آن زمان بود', now: 'چنان‌که اکنون است', list: 'پیام به پیام', outcome: 'نتیجه', outcomesOf: { reached: 'فرستاده می‌شد', blocked: 'نگه‌داشته' }, all: 'همه', when: 'کی', reason: 'سبب', nobody: 'کسی نمی‌آمد.', noMessages: 'در این زمان پیامی نوشته نمی‌شد.', start: 'آغاز', api: 'چه کسی وارد می‌شد', apiHelp: 'اینجا کسان با دست وارد می‌شوند: یکی را برای آزمون نام ببرید.', window: (since: string, until: string) => `${since} تا ${until}`,
      },
    },
  },
);
