import { define } from './define';

export const live = define(
  {
    title: 'Live events',
    text: 'What is stored, as it is stored. It stops when you pause, and goes on where it was.',
    pause: 'Pause', go: 'Go on', clear: 'Clear',
    filter: 'Filter: name, kind, channel, identity, or anything inside',
    kind: 'Kind', all: 'All kinds',
    state: { listening: 'Listening', paused: 'Paused', connecting: 'Connecting …' },
    shown: (shown: string, all: string) => `${shown} of ${all} shown`,
    gap: 'Some events are missing here: they were stored while nobody listened.',
    notes: 'What was wrong with it',
    curl: 'Copy as curl',
    empty: { title: 'Nothing has come yet', text: 'Send an event and it stands here within a second. The source key is in keys.json:' },
    nothing: 'None of these fits the filter.',
  },
  {
    fa: {
      title: 'رویدادهای زنده',
      text: 'هر آنچه ذخیره می‌شود، همان دم. با مکث می‌ایستد و از همان‌جا ادامه می‌یابد.',
      pause: 'مکث', go: 'ادامه', clear: 'پاک کردن',
      filter: 'پالایش: نام، گونه، کانال، شناسه یا هر چیز درون آن',
      kind: 'گونه', all: 'همهٔ گونه‌ها',
      state: { listening: 'در حال شنیدن', paused: 'مکث', connecting: 'در حال اتصال …' },
      shown: (shown: string, all: string) => `${shown} از ${all} نشان داده می‌شود`,
      gap: 'برخی رویدادها اینجا نیستند: هنگامی ذخیره شدند که کسی گوش نمی‌داد.',
      notes: 'ایراد آن',
      curl: 'رونوشت به صورت curl',
      empty: { title: 'هنوز چیزی نیامده است', text: 'رویدادی بفرستید تا ظرف یک ثانیه اینجا بیاید. کلید منبع در keys.json است:' },
      nothing: 'هیچ‌کدام با پالایش جور نیست.',
      },
  },
);
