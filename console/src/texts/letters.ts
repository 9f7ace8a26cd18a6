import { define } from './define';

export const letters = define(
  {
    title: 'Dead letters',
    text: 'Records that could not be applied are kept here, with everything that waits behind them. Nothing is lost: correct one and replay it, or give it up.',
    service: 'Service', state: 'State', reader: 'Reader', cause: 'Cause', parked: 'Waiting behind it', at: 'Since', place: 'Record', letter: 'Letter', everyService: 'All services',
    services: { customer: 'customers', interaction: 'interactions', analytics: 'analytics', campaign: 'campaigns', consent: 'consent', gateway: 'gateway' },
    states: { open: 'open', replayed: 'replayed', discarded: 'discarded' },
    none: { title: 'No dead letters', text: 'If a record cannot be applied three times in a row, it is set aside here and the rest goes on. Seen from a shell:' },
    close: 'Close', look: 'Look at it', content: 'Show its content', noted: 'That you looked is noted: it may hold personal data.', payload: 'What came', correction: 'To be applied instead', correct: 'Save the correction', corrected: 'Corrected. Replay it now.',
    replay: 'Replay', replayed: 'Applied, with what waited behind it', discard: 'Give up', discardSure: 'Give this record up?', discardText: 'It is never applied, and what waited behind it goes on. It stays listed as discarded.', discarded: 'Given up', acts: 'What was done', headers: 'Where it comes from',
    actNames: { shown: 'looked at', corrected: 'corrected', replayed: 'replayed', replay_failed: 'replay failed', discarded: 'given up' },
  },
  {
    fa: {
      title: 'نامه‌های برگشتی',
      text: 'رکوردهایی که نتوانستند اعمال شوند با هر چه پشت آن‌ها می‌ماند اینجا نگه داشته می‌شوند. چیزی گم نمی‌شود: یکی را درست کنید و دوباره اجرا کنید، یا کنار بگذارید.',
      service: 'سرویس', state: 'وضعیت', reader: 'خواننده', cause: 'سبب', parked: 'پشت آن مانده', at: 'از', place: 'رکورد', letter: 'نامه', everyService: 'همهٔ سرویس‌ها',
      services: { customer: 'مشتریان', interaction: 'تماس‌ها', analytics: 'تحلیل', campaign: 'کمپین‌ها', consent: 'رضایت', gateway: 'دروازه' },
      states: { open: 'باز', replayed: 'دوباره اجراشده', discarded: 'کنار گذاشته' },
      none: { title: 'نامهٔ برگشتی نیست', text: 'اگر رکوردی سه بار پیاپی اعمال نشود، اینجا کنار گذاشته می‌شود و بقیه ادامه می‌یابد. از خط فرمان:' },
      close: 'بستن', look: 'نگاه کن', content: 'نمایش محتوا', noted: 'نگاه شما ثبت می‌شود: شاید دادهٔ شخصی در آن باشد.', payload: 'آنچه آمد', correction: 'آنچه به‌جای آن اعمال شود', correct: 'ذخیرهٔ تصحیح', corrected: 'تصحیح شد. اکنون دوباره اجرا کنید.',
      replay: 'اجرای دوباره', replayed: 'با آنچه پشت آن مانده بود اعمال شد', discard: 'کنار گذاشتن', discardSure: 'این رکورد کنار گذاشته شود؟', discardText: 'هرگز اعمال نمی‌شود و آنچه پشت آن مانده ادامه می‌یابد. در فهرست کنار گذاشته‌ها می‌ماند.', discarded: 'کنار گذاشته شد', acts: 'چه کارهایی شد', headers: 'از کجا آمده',
      actNames: { shown: 'دیده شد', corrected: 'تصحیح شد', replayed: 'دوباره اجرا شد', replay_failed: 'اجرای دوباره ناموفق بود', discarded: 'کنار گذاشته شد' },
    },
  },
);
