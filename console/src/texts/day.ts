import { define } from './define';

export const day = define(
  { choose: 'Choose a day', previous: 'The month before', next: 'The month after', wrong: 'Write it as 2026-03-21, or choose it.' },
  { fa: { choose: 'گزینش روز', previous: 'ماه پیش', next: 'ماه بعد', wrong: 'به‌شکل 2026-03-21 بنویسید یا برگزینید.' } },
);
