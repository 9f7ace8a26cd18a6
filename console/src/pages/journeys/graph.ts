// A definition of a journey as the page edits it: the JSON of the API is the state itself, never changed in place.
export type Values = Record<string, unknown>;
export interface Step extends Values { type: StepType }
export interface Definition extends Values { entry: Values; start: string; steps: Record<string, Step> }
/** One way out of a step. `place` points into the step; `to` null: people leave there. */
export interface Way { place: string; kind: 'next' | 'then' | 'otherwise' | 'choice' | 'arm'; number: number; name?: string; to: string | null }

export const STEP_TYPES = ['wait', 'wait_for', 'branch', 'split', 'message', 'case', 'trait', 'webhook', 'goal', 'exit'] as const;
export type StepType = (typeof STEP_TYPES)[number];
export const ENTRY = '';
export const NAME = /^[a-z][a-z0-9_-]{0,49}$/;

const to = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
export const listOf = (value: unknown): Values[] => (Array.isArray(value) ? value as Values[] : []);
export const valuesOf = (value: unknown): Values => (value !== null && typeof value === 'object' && !Array.isArray(value) ? value as Values : {});
/** Without what is not set. */
export const kept = <T extends Values>(values: T): T => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== '')) as T;

export function ways(step: Step): Way[] {
  switch (step.type) {
    case 'exit': return [];
    case 'wait_for': return [{ place: '/then', kind: 'then', number: 0, to: to(step.then) }, { place: '/otherwise', kind: 'otherwise', number: 0, to: to(step.otherwise) }];
    case 'branch': return [
      ...listOf(step.choices).map((choice, number): Way => ({ place: `/choices/${number}/next`, kind: 'choice', number, to: to(choice.next) })),
      { place: '/otherwise', kind: 'otherwise', number: 0, to: to(step.otherwise) },
    ];
    case 'split': return listOf(step.arms).map((arm, number): Way => ({ place: `/arms/${number}/next`, kind: 'arm', number, name: String(arm.name ?? ''), to: to(arm.next) }));
    default: return [{ place: '/next', kind: 'next', number: 0, to: to(step.next) }];
  }
}

/** A copy with another value at a place; undefined takes it away. */
export function put(value: unknown, place: string, given: unknown): unknown {
  const [key, ...rest] = place.slice(1).split('/');
  const inner = rest.length === 0 ? given : put((value as Values | undefined)?.[key], `/${rest.join('/')}`, given);
  if (Array.isArray(value)) return value.map((one, number) => (String(number) === key ? inner : one));
  const { [key]: _, ...others } = (value ?? {}) as Values;
  return inner === undefined ? others : { ...(value as Values), [key]: inner };
}

export const lead = (step: Step, place: string, target: string | null): Step => put(step, place, target ?? undefined) as Step;
export const putStep = (definition: Definition, name: string, step: Step): Definition => ({ ...definition, steps: { ...definition.steps, [name]: step } });

function freeName(definition: Definition, type: StepType): string {
  const stem = type.replace('_', '-');
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? stem : `${stem}-${number}`;
    if (!(name in definition.steps)) return name;
  }
}

/** A step to begin with, on the way to `next`. `words`: what a text has to say in this language. */
export function begun(type: StepType, next: string | null, given: { template: string; subject: string }): Step {
  const on = next === null ? {} : { next };
  switch (type) {
    case 'wait': return { type, for: { days: 1 }, ...on };
    case 'wait_for': return { type, event: { name: 'Order Completed' }, within: { days: 3 }, ...(next !== null && { otherwise: next }) };
    case 'branch': return { type, choices: [{ if: { trait: 'email', op: 'exists' }, ...on }], ...(next !== null && { otherwise: next }) };
    case 'split': return { type, arms: [{ name: 'a', weight: 1, ...on }, { name: 'b', weight: 1, ...on }] };
    case 'message': return { type, template_id: given.template, ...on };
    case 'case': return { type, subject: given.subject, ...on };
    case 'trait': return { type, set: { reached: true }, ...on };
    case 'webhook': return { type, url: 'https://', ...on };
    case 'goal': return { type, name: 'reached', ...on };
    case 'exit': return { type, reason: 'finished' };
  }
}

/** A new step on one way (`from` ENTRY: before the first); returns the definition and its name. */
export function insert(definition: Definition, from: string, place: string, type: StepType, given: { template: string; subject: string }): [Definition, string] {
  const name = freeName(definition, type);
  const before = from === ENTRY ? definition.start : ways(definition.steps[from]).find((way) => way.place === place)?.to ?? null;
  const added = putStep(definition, name, begun(type, before, given));
  return [from === ENTRY ? { ...added, start: name } : putStep(added, from, lead(added.steps[from], place, name)), name];
}

/** Without a step; who led to it leads to where its first way led. */
export function remove(definition: Definition, name: string): Definition {
  const { [name]: gone, ...steps } = definition.steps;
  const target = ways(gone).map((way) => way.to).find((one) => one !== null && one !== name) ?? null;
  const left = Object.fromEntries(Object.entries(steps).map(([other, step]) => [other, redirected(step, name, target)]));
  return { ...definition, steps: left, start: definition.start === name ? target ?? Object.keys(left)[0] ?? '' : definition.start };
}

export function rename(definition: Definition, old: string, name: string): Definition {
  const steps = Object.fromEntries(Object.entries(definition.steps).map(([key, step]) => [key === old ? name : key, redirected(step, old, name)]));
  return { ...definition, steps, start: definition.start === old ? name : definition.start };
}

const redirected = (step: Step, old: string, target: string | null): Step =>
  ways(step).reduce((changed, way) => (way.to === old ? lead(changed, way.place, target) : changed), step);

/** Which node a pointer of the service names, and the place inside it. */
export function placed(pointer: string): { node: string; place: string } {
  const parts = pointer.replace(/^\/definition(?=\/)/, '').split('/').slice(1);
  return parts[0] === 'steps' && parts[1] ? { node: parts[1], place: parts.slice(2).join('/') } : { node: ENTRY, place: parts.join('/') };
}
