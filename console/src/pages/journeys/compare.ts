// What is different between two definitions. A version holds every default, a draft only what somebody set: defaults count as nothing.
import { type Definition, ENTRY, type Values } from './graph';

export interface Difference { node: string; kind: 'added' | 'removed' | 'changed'; place: string; before: unknown; after: unknown }

const DEFAULTS: Record<string, unknown> = {
  priority: 0, send: 'now', channel: 'email', purpose: 'marketing', from_address: '', from_name: '', reserved_for: {}, tiers: [], stages: [], weight: 1, op: 'eq', where: [],
  leave_on: [], reentry: 'never', days: 0, hours: 0, minutes: 0, seconds: 0, weekdays: [], at: '09:00', yearly: true, calendar: 'gregorian', offset_days: 0, on: 'entered', reason: 'finished',
};

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)] as const)
    .filter(([key, one]) => one !== null && one !== undefined && !(key in DEFAULTS && JSON.stringify(one) === JSON.stringify(DEFAULTS[key]))).sort(([one], [other]) => one.localeCompare(other)));
}

export function compare(older: Definition, newer: Definition): Difference[] {
  const found: Difference[] = [];
  const { steps: before, ...beforeRest } = plain(older) as Definition;
  const { steps: after, ...afterRest } = plain(newer) as Definition;
  const inside = (node: string, one: Values, other: Values) => {
    // which version of a template a draft takes is settled when it is published
    const pinned = one.version === undefined || other.version === undefined ? ['version'] : [];
    for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
      if (!pinned.includes(key) && JSON.stringify(one[key]) !== JSON.stringify(other[key])) found.push({ node, kind: 'changed', place: key, before: one[key], after: other[key] });
    }
  };
  inside(ENTRY, beforeRest, afterRest);
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (!(name in after)) found.push({ node: name, kind: 'removed', place: '', before: before[name], after: undefined });
    else if (!(name in before)) found.push({ node: name, kind: 'added', place: '', before: undefined, after: after[name] });
    else inside(name, before[name], after[name]);
  }
  return found;
}
