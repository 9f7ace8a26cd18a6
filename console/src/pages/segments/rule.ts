// A rule as the page edits it: groups of all, any or none over conditions; the JSON of the API is the state itself.
export type Rule = Record<string, unknown>;
export type Mode = 'all' | 'any' | 'none';
export const LEAVES = ['trait', 'event', 'orders', 'rfm', 'score', 'stage', 'consent', 'segment', 'calendar'] as const;
export type Leaf = (typeof LEAVES)[number];

const inner = (rule: Rule, key: string) => rule[key] as Rule;

/** The mode and parts of a group; null for a condition. */
export function groupOf(rule: Rule): { mode: Mode; parts: Rule[] } | null {
  if ('all' in rule) return { mode: 'all', parts: rule.all as Rule[] };
  if ('any' in rule) return { mode: 'any', parts: rule.any as Rule[] };
  if (!('not' in rule)) return null;
  return 'any' in inner(rule, 'not') ? { mode: 'none', parts: inner(rule, 'not').any as Rule[] } : { mode: 'none', parts: [inner(rule, 'not')] };
}

export const grouped = (mode: Mode, parts: Rule[]): Rule => (mode === 'none' ? { not: { any: parts } } : { [mode]: parts });
export const asGroup = (rule: Rule): Rule => (groupOf(rule) ? rule : { all: [rule] });
export const leafOf = (rule: Rule): Leaf | null => LEAVES.find((kind) => kind in rule) ?? null;

/** A condition to begin with. */
export function begun(kind: Leaf): Rule {
  switch (kind) {
    case 'trait': return { trait: 'known', op: 'eq', value: true };
    case 'event': return { event: '*', count: { op: 'gte', value: 1 }, within_days: 30 };
    case 'orders': return { orders: { measure: 'count', op: 'gte', value: 1 } };
    case 'rfm': return { rfm: { part: 'r', op: 'gte', value: 4 } };
    case 'score': return { score: { name: 'churn', op: 'gte', value: 0.5 } };
    case 'stage': return { stage: ['retain'] };
    case 'consent': return { consent: { purpose: 'marketing', state: 'granted' } };
    case 'segment': return { segment: '' };
    case 'calendar': return { calendar: { of: 'registered_at', calendar: 'jalali', month: 1 } };
  }
}

/** Whether it can be asked: no group is empty and no needed word is missing. */
export function whole(rule: Rule): boolean {
  const group = groupOf(rule);
  if (group) return group.parts.length > 0 && group.parts.every(whole);
  return ['trait', 'event', 'segment'].every((key) => rule[key] !== '') && rule.value !== '';
}

const DIGITS = /[۰-۹٠-٩]/g;
/** What somebody typed as the API takes it: Persian digits too. */
export const plain = (typed: string): string => typed.replace(DIGITS, (sign) => String(sign.charCodeAt(0) & 15));
export function scalar(typed: string): string | number | boolean {
  const text = plain(typed).trim();
  return text === 'true' || text === 'false' ? text === 'true' : /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : typed.trim();
}
