import { usePreferences } from '../../app/preferences';

/** The calendar that is asked for here, and the name of one of its months (`1405-08`, `2026-10`). */
export function useMonths() {
  const { language } = usePreferences();
  const jalali = language === 'fa';
  const named = new Intl.DateTimeFormat(jalali ? 'fa-IR-u-ca-persian-nu-arabext' : 'en-GB', { month: 'short', year: 'numeric', timeZone: 'UTC' });
  const month = (key: string): string => {
    const [year, number] = key.split('-').map(Number);
    return /^\d{4}-\d{1,2}$/.test(key) ? named.format(new Date(jalali ? Date.UTC(year + 621, number + 1, 27) : Date.UTC(year, number - 1, 5))) : key;
  };
  return { calendar: jalali ? 'jalali' as const : 'gregorian' as const, month };
}
