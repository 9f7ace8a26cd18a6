import { define } from './define';

export const analytics = define(
  {
    title: 'Analytics', text: 'Figures with their definition and the rows they are made of.',
    tabs: { metrics: 'Metrics', funnel: 'Funnel', cohorts: 'Cohorts', stages: 'Stages and tiers', models: 'Models' },
    metric: 'Metric', by: 'Split by', nothing: 'not split', segment: 'Segment', everybody: 'everybody', trend: 'Last twelve months', rows: 'Rows behind the figure', showRows: 'Show the rows',
    splits: { month: 'month', segment: 'segment', channel: 'channel', source: 'source', partner: 'partner', team: 'team', employee: 'employee', campaign: 'campaign' },
    definition: (version: string) => `How it is computed (definition ${version})`, window: (from: string, to: string) => `${from} up to ${to}`, made: (top: string, bottom: string) => `numerator ${top}, denominator ${bottom}`, noValue: (reason: string) => `No value: ${reason}. It appears as soon as such data arrive.`,
    group: 'Group', value: 'Value', row: 'Row', at: 'When', numerator: 'Numerator', denominator: 'Denominator', note: 'Note', noRows: 'No rows in this window.',
    funnel: { text: 'Who did these steps in this order; name the events, one a line.', steps: 'Steps', ask: 'Count', step: 'Step', count: 'Customers', share: 'Of the first step', previous: 'Of the step before', median: 'Time since, median', days: 'In the last days', empty: 'Nobody did the first step in this window. Look under live events for how the events are called.' },
    cohorts: { text: 'Customers by the month of their first order, and what share ordered again in each month after it.', cohort: 'First order', customers: 'Customers', after: (month: string) => `+${month}`, empty: { title: 'No orders yet', text: 'As soon as there are orders, each month of first orders is a line here. The demo brings two years of them:' } },
    stages: { text: 'How many customers stand where, and who moved in the last thirty days.', kinds: { stage: 'Stage', tier: 'Tier', rfm: 'Recency, frequency, money' }, value: 'Group', customers: 'Customers', moved: 'Moved', from: 'from', to: 'to', empty: 'Nobody has been put in a group yet; tiers need rules or a fitted lifetime value.' },
    models: { text: 'What each model answers, and how good the version in use is.', none: 'no version in use', version: (number: string, method: string) => `version ${number}, ${method}`, scored: (count: string) => `${count} customers scored`, needs: (what: string) => `needs: ${what}`, measure: 'Measure' },
  },
  {
    fa: {
      title: 'تحلیل', text: 'شاخص‌ها با تعریف و ردیف‌هایی که از آن‌ها ساخته شده‌اند.',
      tabs: { metrics: 'شاخص‌ها', funnel: 'قیف', cohorts: 'هم‌گروه‌ها', stages: 'مرحله‌ها و رده‌ها', models: 'مدل‌ها' },
      metric: 'شاخص', by: 'تفکیک', nothing: 'بی تفکیک', segment: 'بخش', everybody: 'همه', trend: 'دوازده ماه گذشته', rows: 'ردیف‌های پشت شاخص', showRows: 'نمایش ردیف‌ها',
      splits: { month: 'ماه', segment: 'بخش', channel: 'کانال', source: 'منبع', partner: 'همکار', team: 'گروه', employee: 'کارمند', campaign: 'کمپین' },
      definition: (version: string) => `چگونه حساب می‌شود (تعریف ${version})`, window: (from: string, to: string) => `${from} تا ${to}`, made: (top: string, bottom: string) => `صورت ${top}، مخرج ${bottom}`, noValue: (reason: string) => `مقداری نیست: ${reason}. همین که چنین داده‌ای برسد می‌آید.`,
      group: 'گروه', value: 'مقدار', row: 'ردیف', at: 'زمان', numerator: 'صورت', denominator: 'مخرج', note: 'یادداشت', noRows: 'در این بازه ردیفی نیست.',
      funnel: { text: 'چه کسانی این گام‌ها را به همین ترتیب رفته‌اند؛ هر رویداد در یک سطر.', steps: 'گام‌ها', ask: 'بشمار', step: 'گام', count: 'مشتریان', share: 'از گام نخست', previous: 'از گام پیش', median: 'زمان از گام پیش، میانه', days: 'در روزهای گذشته', empty: 'کسی در این بازه گام نخست را نرفته است. نام رویدادها را در رویدادهای زنده ببینید.' },
      cohorts: { text: 'مشتریان بر پایهٔ ماه نخستین سفارش، و سهمی که در هر ماه پس از آن دوباره سفارش داده‌اند.', cohort: 'نخستین سفارش', customers: 'مشتریان', after: (month: string) => `${month}+`, empty: { title: 'هنوز سفارشی نیست', text: 'همین که سفارشی برسد، هر ماه نخستین سفارش‌ها اینجا یک سطر است. نمایش دو سال سفارش می‌آورد:' } },
      stages: { text: 'چند مشتری کجا هستند و در سی روز گذشته چه کسانی جابه‌جا شده‌اند.', kinds: { stage: 'مرحله', tier: 'رده', rfm: 'تازگی، بسامد، مبلغ' }, value: 'گروه', customers: 'مشتریان', moved: 'جابه‌جایی', from: 'از', to: 'به', empty: 'هنوز کسی در گروهی نیست؛ رده‌ها قاعده یا ارزش طول عمر برازش‌شده می‌خواهند.' },
      models: { text: 'هر مدل به چه پاسخ می‌دهد و نسخهٔ در حال استفاده چه‌قدر خوب است.', none: 'نسخه‌ای در حال استفاده نیست', version: (number: string, method: string) => `نسخهٔ ${number}، ${method}`, scored: (count: string) => `${count} مشتری امتیاز دارند`, needs: (what: string) => `نیاز دارد به: ${what}`, measure: 'سنجه' },
    },
  },
);
