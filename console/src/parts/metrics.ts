import type { Format } from '../app/format';

/** A figure by its unit, as the definitions name them. */
export function metricText(format: Format, unit: string, value: number | null | undefined, currency: string | null | undefined, none = '–'): string {
  if (value === null || value === undefined) return none;
  if (unit.startsWith('minor units')) return currency ? format.money(value, currency) : format.number(value);
  if (unit.endsWith('share')) return format.percent(value);
  if (unit === 'seconds') return format.duration(value);
  return format.number(value, 2);
}
