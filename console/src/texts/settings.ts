import { define } from './define';

export const settings = define(
  {
    title: 'Settings',
    text: 'Where data come from, who may do what, who is told, and when people work.',
    tabs: { sources: 'Sources', keys: 'Keys', people: 'People and roles', webhooks: 'Webhooks', calendars: 'Calendars' },
    name: 'Name', kind: 'Kind', state: 'State', created: 'Made', used: 'Last used', scopes: 'May', never: 'never', on: 'on', off: 'off', revoked: 'revoked', valid: 'valid', description: 'What for', roles: 'Roles', hides: 'Does not see', everything: 'everything',
    keyOnce: { title: 'The key, shown only now', text: 'Keep it in a safe place. Nobody can show it again; make another one if it is lost.' },
    sources: {
      new: 'New source', kinds: { browser: 'a web site', server: 'a server', external: 'another system' }, send: 'Make the source', origins: 'Web addresses that may send', originsHelp: 'For a web site, for example https://shop.example', snippet: 'Put this into the page', serverSnippet: 'Send from a server', curl: 'Or try it from a shell', addKey: 'Another key', show: 'How to send',
      none: { title: 'No source yet', text: 'A source is a web site, an app or a server that sends events. Make one, and copy the few lines it needs.' },
    },
    keys: { new: 'New key', send: 'Make the key', revoke: 'Revoke', revokeSure: 'Revoke this key?', revokeText: 'Whoever uses it is refused from now on.', none: 'No keys.' },
    people: { new: 'Add somebody', password: 'First password', role: 'Role', send: 'Add', none: { title: 'Nobody has a login of their own', text: 'Add the people who work here, each with a role; roles decide which pages and fields they see. From a shell:' }, title: 'Roles', locked: 'locked', disabled: 'disabled' },
    webhooks: { try: 'Send a test', url: 'Address', events: 'Told about', delivered: (ms: string) => `Arrived after ${ms} ms`, notDelivered: (why: string) => `Did not arrive: ${why}`, states: { active: 'active', paused: 'paused', disabled: 'disabled' },
      none: { title: 'Nobody is told', text: 'A webhook tells another system at once when something happens, signed, and again until it arrives:' } },
    calendars: { zone: 'Time zone', hours: 'Hours', holidays: 'Holidays', days: { saturday: 'Sat', sunday: 'Sun', monday: 'Mon', tuesday: 'Tue', wednesday: 'Wed', thursday: 'Thu', friday: 'Fri' },
      none: { title: 'No calendar yet', text: 'Without a calendar promises count all hours of all days. Holidays may be Jalali:' } },
    copied: 'Copied', copy: 'Copy',
  },
  {
    fa: {
      title: 'تنظیمات',
      text: 'داده از کجا می‌آید، چه کسی چه می‌تواند، چه کسی خبر می‌شود و چه ساعتی کار است.',
      tabs: { sources: 'منبع‌ها', keys: 'کلیدها', people: 'افراد و نقش‌ها', webhooks: 'وب‌هوک‌ها', calendars: 'تقویم‌ها' },
      name: 'نام', kind: 'نوع', state: 'وضعیت', created: 'ساخته', used: 'آخرین کاربرد', scopes: 'مجاز به', never: 'هرگز', on: 'روشن', off: 'خاموش', revoked: 'باطل', valid: 'معتبر', description: 'برای چه', roles: 'نقش‌ها', hides: 'نمی‌بیند', everything: 'همه چیز',
      keyOnce: { title: 'کلید، تنها همین یک بار', text: 'آن را در جای امن نگه دارید. کسی نمی‌تواند دوباره نشان دهد؛ اگر گم شد کلید دیگری بسازید.' },
      sources: {
        new: 'منبع تازه', kinds: { browser: 'وب‌سایت', server: 'سرور', external: 'سامانهٔ دیگر' }, send: 'ساختن منبع', origins: 'نشانی‌های وب که می‌فرستند', originsHelp: 'برای وب‌سایت، برای نمونه https://shop.example', snippet: 'این را در صفحه بگذارید', serverSnippet: 'ارسال از سرور', curl: 'یا از خط فرمان بیازمایید', addKey: 'کلید دیگر', show: 'چگونه بفرستم',
        none: { title: 'هنوز منبعی نیست', text: 'منبع یک وب‌سایت، برنامه یا سرور است که رویداد می‌فرستد. یکی بسازید و چند خطی را که لازم دارد بردارید.' },
      },
      keys: { new: 'کلید تازه', send: 'ساختن کلید', revoke: 'ابطال', revokeSure: 'این کلید باطل شود؟', revokeText: 'هر که آن را به کار می‌برد از این پس رد می‌شود.', none: 'کلیدی نیست.' },
      people: { new: 'افزودن کسی', password: 'نخستین گذرواژه', role: 'نقش', send: 'افزودن', none: { title: 'کسی ورود جداگانه ندارد', text: 'کسانی که اینجا کار می‌کنند را هر یک با نقشی بیفزایید؛ نقش تعیین می‌کند کدام صفحه‌ها و ویژگی‌ها دیده شود. از خط فرمان:' }, title: 'نقش‌ها', locked: 'قفل', disabled: 'غیرفعال' },
      webhooks: { try: 'ارسال آزمایشی', url: 'نشانی', events: 'خبر از', delivered: (ms: string) => `پس از ${ms} میلی‌ثانیه رسید`, notDelivered: (why: string) => `نرسید: ${why}`, states: { active: 'فعال', paused: 'ایستاده', disabled: 'غیرفعال' },
        none: { title: 'کسی خبر نمی‌شود', text: 'وب‌هوک سامانهٔ دیگری را همان دم که چیزی رخ دهد خبر می‌کند، امضاشده، و تا رسیدن دوباره:' } },
      calendars: { zone: 'منطقهٔ زمانی', hours: 'ساعت‌ها', holidays: 'تعطیلات', days: { saturday: 'شنبه', sunday: 'یکشنبه', monday: 'دوشنبه', tuesday: 'سه‌شنبه', wednesday: 'چهارشنبه', thursday: 'پنجشنبه', friday: 'جمعه' },
        none: { title: 'هنوز تقویمی نیست', text: 'بی تقویم، مهلت‌ها همهٔ ساعت‌های همهٔ روزها را می‌شمارند. تعطیلات می‌توانند جلالی باشند:' } },
      copied: 'رونوشت شد', copy: 'رونوشت',
    },
  },
);
