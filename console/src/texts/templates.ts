import { define } from './define';

export const templates = define(
  {
    title: 'Templates', text: 'What campaigns and journeys send: a mail in MJML with Liquid, in each language of your customers.', new: 'New template', back: 'All templates', name: 'Name', version: 'Version', languages: 'Languages', format: 'Kind', formats: { mjml: 'mail (MJML)', text: 'short message (text)' }, changed: 'Changed',
    none: { title: 'No templates yet', text: 'A template is a subject and a body for each language. {{ customer.name }} stands for what is known of whoever gets it. Write the first one:' },
    tabs: { templates: 'Templates', blocks: 'Blocks', write: 'Write', preview: 'Preview', check: 'Check', test: 'Test send' },
    subject: (language: string) => `Subject, ${language}`, body: (language: string) => `Body, ${language}`, save: 'Save as a new version', create: 'Save the template', saved: (version: string) => `Version ${version} is saved. Campaigns that were launched keep theirs.`, unsaved: 'Changed, not saved yet', fallback: 'Whose language is missing gets', addLanguage: 'Add a language', languageHelp: 'such as de or ckb', removeLanguage: (language: string) => `Remove ${language}`, one: 'At least one language stays.',
    insert: { label: (language: string) => `Insert into ${language}`, parts: 'Parts of the mail', variables: 'Variables', liquid: 'Liquid', blocks: 'Blocks', section: 'Section with text', button: 'Button', image: 'Picture', divider: 'Line', unsubscribe: 'Link to unsubscribe', preferences: 'Link to choices', fallback: 'Value with a default', condition: 'Only if', loop: 'For each', money: 'Amount of money' },
    help: 'Liquid is tinted: {{ … }} writes a value, {% … %} decides. A body without a link to unsubscribe gets one at its foot.',
    starting: { subject: 'Hello {{ customer.name | default: "there" }}', heading: 'Good to see you', text: 'Here is what is new in our shop.', button: 'Have a look', unsubscribe: 'Unsubscribe' },
    check: { saveFirst: 'The check looks at what is saved: save first.', general: 'For all languages', inline: (language: string) => `Found in ${language}` },
    preview: { text: 'The saved version as one customer gets it, in each language beside the other.', saveFirst: 'Save first: the preview shows what is saved.' },
    test: { text: 'Sends the filled-in mail to yourselves, marked as a test. It is in no report.', to: 'Addresses', toHelp: 'up to five, with commas', from: 'Sender’s address', fromName: 'Sender’s name', language: 'Language', send: 'Send the test', states: { accepted: 'sent', failed: 'failed', suppressed: 'held back' }, result: 'What became of it', reason: 'Reason' },
    block: { text: 'Parts that several templates show. A change makes a new version of each template that holds the block, unless one would break by it.', none: { title: 'No blocks yet', text: 'A block is a part of a mail with a name, such as a footer. In a template it is called by:' }, new: 'New block', name: 'Name', nameHelp: 'small letters, digits, - and _', edit: 'Edit', save: 'Save the block', by: 'Changed by', saved: (count: string) => `Saved; ${count} templates got a new version.`, source: (language: string) => `Source, ${language}` },
  },
  {
    fa: {
      title: 'الگوها', text: 'آنچه کمپین‌ها و سفرها می‌فرستند: نامه‌ای با MJML و Liquid، به هر زبان مشتریانتان.', new: 'الگوی تازه', back: 'همهٔ الگوها', name: 'نام', version: 'نسخه', languages: 'زبان‌ها', format: 'گونه', formats: { mjml: 'نامه (MJML)', text: 'پیام کوتاه (متن)' }, changed: 'تغییر',
      none: { title: 'هنوز الگویی نیست', text: 'الگو برای هر زبان یک موضوع و یک متن دارد. {{ customer.name }} جای آن چیزی است که از گیرنده می‌دانیم. نخستین را بنویسید:' },
      tabs: { templates: 'الگوها', blocks: 'بلوک‌ها', write: 'نوشتن', preview: 'پیش‌نمایش', check: 'بررسی', test: 'ارسال آزمایشی' },
      subject: (language: string) => `موضوع، ${language}`, body: (language: string) => `متن، ${language}`, save: 'ذخیره به‌عنوان نسخهٔ تازه', create: 'ذخیرهٔ الگو', saved: (version: string) => `نسخهٔ ${version} ذخیره شد. کمپین‌های آغازشده نسخهٔ خود را نگه می‌دارند.`, unsaved: 'تغییر کرده، هنوز ذخیره نشده', fallback: 'کسی که زبانش نیست می‌گیرد', addLanguage: 'افزودن زبان', languageHelp: 'مانند de یا ckb', removeLanguage: (language: string) => `برداشتن ${language}`, one: 'دست‌کم یک زبان می‌ماند.',
      insert: { label: (language: string) => `افزودن به ${language}`, parts: 'اجزای نامه', variables: 'متغیرها', liquid: 'Liquid', blocks: 'بلوک‌ها', section: 'بخش با متن', button: 'دکمه', image: 'تصویر', divider: 'خط', unsubscribe: 'پیوند لغو اشتراک', preferences: 'پیوند انتخاب‌ها', fallback: 'مقدار با پیش‌فرض', condition: 'تنها اگر', loop: 'برای هر', money: 'مبلغ پول' },
      help: 'بخش‌های Liquid رنگی‌اند: {{ … }} مقداری می‌نویسد و {% … %} تصمیم می‌گیرد. متنی که پیوند لغو اشتراک ندارد آن را در پایین می‌گیرد.',
      starting: { subject: 'سلام {{ customer.name | default: "دوست ما" }}', heading: 'از دیدنتان خوشحالیم', text: 'تازه‌های فروشگاه ما این‌هاست.', button: 'نگاهی بیندازید', unsubscribe: 'لغو اشتراک' },
      check: { saveFirst: 'بررسی آنچه را ذخیره شده می‌بیند: نخست ذخیره کنید.', general: 'برای همهٔ زبان‌ها', inline: (language: string) => `یافته‌ها در ${language}` },
      preview: { text: 'نسخهٔ ذخیره‌شده همان‌گونه که یک مشتری دریافت می‌کند، هر زبان کنار دیگری.', saveFirst: 'نخست ذخیره کنید: پیش‌نمایش آنچه را ذخیره شده نشان می‌دهد.' },
      test: { text: 'نامهٔ پرشده را برای خودتان می‌فرستد، با نشان آزمایش. در هیچ گزارشی نمی‌آید.', to: 'نشانی‌ها', toHelp: 'تا پنج تا، با ویرگول', from: 'نشانی فرستنده', fromName: 'نام فرستنده', language: 'زبان', send: 'ارسال آزمایش', states: { accepted: 'فرستاده', failed: 'ناموفق', suppressed: 'نگه‌داشته' }, result: 'سرنوشت آن', reason: 'سبب' },
      block: { text: 'بخش‌هایی که چند الگو نشان می‌دهند. هر تغییر نسخهٔ تازه‌ای از هر الگوی دارندهٔ آن می‌سازد، مگر آن‌که یکی با آن خراب شود.', none: { title: 'هنوز بلوکی نیست', text: 'بلوک بخشی نامدار از نامه است، مانند پانوشت. در الگو چنین خوانده می‌شود:' }, new: 'بلوک تازه', name: 'نام', nameHelp: 'حروف کوچک لاتین، رقم، - و _', edit: 'ویرایش', save: 'ذخیرهٔ بلوک', by: 'به‌دست', saved: (count: string) => `ذخیره شد؛ ${count} الگو نسخهٔ تازه گرفت.`, source: (language: string) => `متن، ${language}` },
    },
  },
);
