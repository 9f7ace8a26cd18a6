import { define } from './define';

export const privacy = define(
  {
    title: 'Consent and privacy',
    text: 'What people allow, what they ask about their data, and the proof of both.',
    back: 'Consent and privacy',
    tabs: { requests: 'Requests', purposes: 'Purposes', person: 'A person', audit: 'Audit' },
    kinds: { access: 'a copy of their data', portability: 'data to take along', rectification: 'correction', erasure: 'erasure', restriction: 'restriction', objection: 'objection' },
    states: { received: 'received', verified: 'verified', running: 'running', completed: 'completed', refused: 'refused' },
    requests: {
      new: 'New request', kind: 'They ask for', state: 'State', asked: 'Asked', due: 'Answer due', customer: 'Customer', all: 'All states', overdue: 'Only overdue ones', late: 'overdue', soon: 'due soon', via: 'Came by',
      none: { title: 'Nobody has asked for anything', text: 'People ask in the preference centre, or you enter what they wrote or said. Each request has 30 days; here you see which is due first.' },
    },
    ask: {
      title: 'New request', text: 'Enter what somebody has asked for by letter, mail or telephone.', person: 'Who asks', personHelp: 'Name, e-mail or identity such as user:42', verified: 'How you know that it is this person',
      verifiedHelp: 'For example: identity card, call back. Leave it empty to verify later; nothing happens before.', language: 'Language of the answer', purpose: 'What they object to', reason: 'Reason', trait: 'Which field', value: 'What is right', send: 'Enter the request',
    },
    one: {
      title: (kind: string) => `Request: ${kind}`, due: (date: string, age: string) => `Answer due ${date} (${age})`, closed: (date: string) => `Answered ${date}`, verifiedBy: (how: string) => `Verified by ${how}`,
      verify: 'Verify', how: 'How do you know that it is this person?', erase: 'Erase', eraseSure: 'Erase this person?', eraseText: 'Every service erases what it holds of this person. This cannot be undone. What the law makes you keep (orders, the ledger of consent) stays without a name.', eraseType: 'Type “erase” to go on', eraseWord: 'erase',
      carryOut: 'Carry out', complete: 'Close as answered', refuse: 'Refuse', outcome: 'What was answered', outcomeHelp: 'Stands in the record of this request.', steps: 'What happened', progress: 'Erased by services', waits: (names: string) => `Waiting for ${names}`,
      service: 'Service', erased: 'Rows erased', at: 'Acknowledged', certificate: 'Certificate', certificateText: 'Signed proof that every service has erased. Give it to the person.', download: 'Download', archive: 'Copy of the data', archiveWaits: (name: string) => `${name} has not answered yet; it is asked again every 30 seconds.`,
      archiveUntil: (date: string) => `Can be downloaded until ${date}.`, making: 'The copy is being made', show: 'Show', who: 'By', step: 'Step', person: 'Person',
      stepNames: { received: 'received', verified: 'verified', running: 'begun', completed: 'completed', refused: 'refused', erased: 'erased', archived: 'copy made' },
    },
    purposes: {
      purpose: 'Purpose', basis: 'How it is allowed', legal: 'Legal basis', channels: 'Channels', version: 'Version', wording: 'Wording', expires: 'Ends after', days: (count: string) => `${count} days`, never: 'does not end', since: 'Since', history: 'Versions',
      bases: { opt_in: 'asked first', double_opt_in: 'asked and confirmed', opt_out: 'until they refuse' },
      legals: { consent: 'consent', contract: 'contract', legal_obligation: 'legal obligation', vital_interest: 'vital interest', public_task: 'public task', legitimate_interest: 'legitimate interest' },
      none: { title: 'No purpose is defined', text: 'A purpose says what people are asked for, in which words and on which channels. Without one nobody can be written to:' },
    },
    person: { pick: 'Whose consents', help: 'Name, e-mail or identity such as user:42', none: 'Choose somebody: you see what is allowed now and everything that was ever said, each with a signed receipt to download.', save: 'Download the receipts', saving: 'Receipts are fetched', restricted: (since: string) => `Restricted since ${since}: nothing is sent, and the person is in no segment.` },
    audit: {
      text: 'Every change, every read of people and every refusal is entered in a chain of hashes. Anybody can reckon it again.', verify: 'Verify now', intact: 'The chain is intact', broken: 'The chain is broken', entries: 'Entries', anchors: 'Anchors', head: 'Newest hash',
      outside: 'The ledger of consents, permits and messages proves itself without this server. Export it, and reckon on another machine', newest: 'Newest entries', actor: 'Who', action: 'What', object: 'On', status: 'Answer', at: 'When', actions: { change: 'changed', read: 'read', refused: 'refused' }, empty: 'Nothing is entered yet.', notIntact: 'Stop and keep everything as it is: somebody has changed the log. The fault says where.',
    },
  },
  {
    fa: {
      title: 'رضایت و حریم خصوصی',
      text: 'آنچه مردم اجازه می‌دهند، آنچه دربارهٔ داده‌هایشان می‌خواهند، و گواه هر دو.',
      back: 'رضایت و حریم خصوصی',
      tabs: { requests: 'درخواست‌ها', purposes: 'هدف‌ها', person: 'یک شخص', audit: 'بازرسی' },
      kinds: { access: 'رونوشت داده‌ها', portability: 'داده برای بردن', rectification: 'تصحیح', erasure: 'پاک کردن', restriction: 'محدود کردن', objection: 'اعتراض' },
      states: { received: 'رسیده', verified: 'احرازشده', running: 'در حال انجام', completed: 'انجام‌شده', refused: 'ردشده' },
      requests: {
        new: 'درخواست تازه', kind: 'می‌خواهند', state: 'وضعیت', asked: 'زمان درخواست', due: 'مهلت پاسخ', customer: 'مشتری', all: 'همهٔ وضعیت‌ها', overdue: 'تنها دیرشده‌ها', late: 'دیر شده', soon: 'نزدیک مهلت', via: 'از راه',
        none: { title: 'کسی چیزی نخواسته است', text: 'مردم در صفحهٔ ترجیحات درخواست می‌کنند، یا شما آنچه نوشته یا گفته‌اند را وارد می‌کنید. هر درخواست ۳۰ روز مهلت دارد؛ اینجا می‌بینید کدام زودتر است.' },
      },
      ask: {
        title: 'درخواست تازه', text: 'آنچه کسی با نامه، ایمیل یا تلفن خواسته است را وارد کنید.', person: 'چه کسی می‌خواهد', personHelp: 'نام، ایمیل یا شناسه‌ای مانند user:42', verified: 'از کجا می‌دانید که خود اوست',
        verifiedHelp: 'برای نمونه: کارت شناسایی، تماس دوباره. خالی بگذارید تا بعد احراز شود؛ پیش از آن کاری انجام نمی‌شود.', language: 'زبان پاسخ', purpose: 'به چه چیزی اعتراض دارند', reason: 'سبب', trait: 'کدام ویژگی', value: 'درست آن چیست', send: 'ثبت درخواست',
      },
      one: {
        title: (kind: string) => `درخواست: ${kind}`, due: (date: string, age: string) => `مهلت پاسخ ${date} (${age})`, closed: (date: string) => `پاسخ داده شد: ${date}`, verifiedBy: (how: string) => `احراز با ${how}`,
        verify: 'احراز', how: 'از کجا می‌دانید که خود اوست؟', erase: 'پاک کردن', eraseSure: 'این شخص پاک شود؟', eraseText: 'هر سرویس آنچه از این شخص دارد را پاک می‌کند. بازگشتی نیست. آنچه قانون نگهداری‌اش را می‌خواهد (سفارش‌ها، دفتر رضایت) بی‌نام می‌ماند.', eraseType: 'برای ادامه «پاک» را بنویسید', eraseWord: 'پاک',
        carryOut: 'انجام بده', complete: 'بستن با پاسخ', refuse: 'رد کردن', outcome: 'پاسخی که داده شد', outcomeHelp: 'در پروندهٔ این درخواست می‌ماند.', steps: 'چه گذشت', progress: 'پاک‌شده به‌دست سرویس‌ها', waits: (names: string) => `در انتظار ${names}`,
        service: 'سرویس', erased: 'سطرهای پاک‌شده', at: 'تأیید', certificate: 'گواهی', certificateText: 'گواه امضاشده که همهٔ سرویس‌ها پاک کرده‌اند. آن را به شخص بدهید.', download: 'دریافت', archive: 'رونوشت داده‌ها', archiveWaits: (name: string) => `${name} هنوز پاسخ نداده است؛ هر ۳۰ ثانیه دوباره پرسیده می‌شود.`,
        archiveUntil: (date: string) => `تا ${date} می‌توان آن را گرفت.`, making: 'رونوشت در حال ساخت است', show: 'نمایش', who: 'به‌دست', step: 'گام', person: 'شخص',
        stepNames: { received: 'رسید', verified: 'احراز شد', running: 'آغاز شد', completed: 'انجام شد', refused: 'رد شد', erased: 'پاک شد', archived: 'رونوشت ساخته شد' },
      },
      purposes: {
        purpose: 'هدف', basis: 'چگونه مجاز است', legal: 'مبنای قانونی', channels: 'کانال‌ها', version: 'نسخه', wording: 'متن', expires: 'پایان پس از', days: (count: string) => `${count} روز`, never: 'پایان ندارد', since: 'از', history: 'نسخه‌ها',
        bases: { opt_in: 'با پرسش', double_opt_in: 'با پرسش و تأیید', opt_out: 'تا وقتی رد نکنند' },
        legals: { consent: 'رضایت', contract: 'قرارداد', legal_obligation: 'الزام قانونی', vital_interest: 'منافع حیاتی', public_task: 'وظیفهٔ عمومی', legitimate_interest: 'منافع مشروع' },
        none: { title: 'هدفی تعریف نشده است', text: 'هدف می‌گوید از مردم چه پرسیده می‌شود، با چه واژه‌هایی و در چه کانال‌هایی. بی آن به کسی نمی‌توان نوشت:' },
      },
      person: { pick: 'رضایت‌های چه کسی', help: 'نام، ایمیل یا شناسه‌ای مانند user:42', none: 'کسی را برگزینید: آنچه اکنون مجاز است و هر آنچه تاکنون گفته شده را می‌بینید، هر یک با رسید امضاشده برای دریافت.', save: 'دریافت رسیدها', saving: 'رسیدها گرفته می‌شوند', restricted: (since: string) => `از ${since} محدود شده: چیزی فرستاده نمی‌شود و شخص در هیچ بخشی نیست.` },
      audit: {
        text: 'هر تغییر، هر خواندن از مردم و هر رد شدن در زنجیره‌ای از درهم‌سازی‌ها ثبت می‌شود. هر کسی می‌تواند آن را دوباره حساب کند.', verify: 'اکنون بررسی کن', intact: 'زنجیره سالم است', broken: 'زنجیره شکسته است', entries: 'ثبت‌ها', anchors: 'لنگرها', head: 'تازه‌ترین درهم‌ساز',
        outside: 'دفتر رضایت‌ها، مجوزها و پیام‌ها بی این سرور خود را ثابت می‌کند. آن را بیرون ببرید و روی ماشین دیگری حساب کنید', newest: 'تازه‌ترین ثبت‌ها', actor: 'چه کسی', action: 'چه کرد', object: 'بر', status: 'پاسخ', at: 'کی', actions: { change: 'تغییر داد', read: 'خواند', refused: 'رد شد' }, empty: 'هنوز چیزی ثبت نشده است.', notIntact: 'دست نگه دارید و همه چیز را همان‌گونه بگذارید: کسی دفتر را تغییر داده است. خطا می‌گوید کجا.',
      },
    },
  },
);
