// Numbers, money and times as people read them here. The platform keeps UTC and whole minor units; only what is shown differs.
import { useMemo } from 'react';
import { shell } from '../texts/shell';
import { usePreferences } from './preferences';

const LOCALES = { en: 'en-GB', fa: 'fa-IR-u-ca-persian-nu-arabext' } as const;
/** ISO 4217 exponents that are not 2, as the platform stores amounts (contracts/money.py); what a browser knows of digits is only how amounts are shown. */
const EXPONENTS: Record<string, number> = Object.fromEntries([
  ...'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'.split(' ').map((code) => [code, 0] as const),
  ...'BHD IQD JOD KWD LYD OMR TND'.split(' ').map((code) => [code, 3] as const), ['CLF', 4], ['UYW', 4],
]);
/** Minor units in what people reckon in: a euro, a toman. */
export const minorUnits = (currency: string): number => (currency === 'IRR' ? 10 : 1) * 10 ** (EXPONENTS[currency] ?? 2);
const STEPS = [['year', 31536000], ['month', 2592000], ['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1]] as const;

export interface Format {
  number: (value: number, digits?: number) => string;
  percent: (share: number, digits?: number) => string;
  /** `minor`: whole minor units; rials are told in toman (ten of them). */
  money: (minor: number, currency: string) => string;
  date: (at: string | Date) => string;
  dateTime: (at: string | Date) => string;
  time: (at: string | Date) => string;
  ago: (at: string | Date) => string;
  /** Whole units of the largest that fits. */
  duration: (seconds: number) => string;
}

export function useFormat(): Format {
  const { language } = usePreferences();
  return useMemo(() => formatOf(LOCALES[language], shell[language].toman), [language]);
}

function formatOf(locale: string, toman: string): Format {
  const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' });
  const both = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
  const clock = new Intl.DateTimeFormat(locale, { timeStyle: 'medium' });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const number = (value: number, digits = 0) => new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(value);
  return {
    number,
    percent: (share, digits = 1) => new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: digits }).format(share),
    money: (minor, currency) => {
      const amount = minor / 10 ** (EXPONENTS[currency] ?? 2);
      return currency === 'IRR' ? `${number(amount / 10)} ${toman}` : new Intl.NumberFormat(locale, { style: 'currency', currency }).format(amount);
    },
    date: (at) => day.format(new Date(at)),
    dateTime: (at) => both.format(new Date(at)),
    time: (at) => clock.format(new Date(at)),
    duration: (seconds) => {
      const [unit, size] = STEPS.find(([, length]) => seconds >= length) ?? STEPS[5];
      return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long', maximumFractionDigits: 1 }).format(seconds / size);
    },
    ago: (at) => {
      const seconds = (new Date(at).getTime() - Date.now()) / 1000;
      const [unit, size] = STEPS.find(([, length]) => Math.abs(seconds) >= length) ?? STEPS[5];
      return relative.format(Math.round(seconds / size), unit);
    },
  };
}
