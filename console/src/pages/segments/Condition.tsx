import { Checkbox, Group, NativeSelect, SimpleGrid, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { analyticsListSegments } from '../../api';
import { useTexts } from '../../app/preferences';
import { JsonTree } from '../../parts/JsonTree';
import { campaigns } from '../../texts/campaigns';
import { segments } from '../../texts/segments';
import { Choice, Typed, Value } from './fields';
import { begun, type Leaf, LEAVES, leafOf, type Rule } from './rule';

const COMPARED = ['eq', 'neq', 'gt', 'gte', 'lt', 'lte'] as const;
const ALL = [...COMPARED, 'in', 'contains', 'exists', 'before', 'after'] as const;
const CHANNELS = ['email', 'sms', 'push', 'phone', 'post'] as const;

interface Props { rule: Rule; change: (rule: Rule) => void }

/** One condition: its kind, and the fields of that kind. */
export function Condition({ rule, change }: Props) {
  const texts = useTexts(segments);
  const kind = leafOf(rule);
  if (kind === null) return <Stack gap={4}><Text size="sm" c="dimmed">{texts.other}</Text><JsonTree value={rule} /></Stack>;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, xl: 4 }} spacing="xs">
      <NativeSelect label={texts.condition} value={kind} onChange={(event) => change(begun(event.currentTarget.value as Leaf))} data={LEAVES.map((value) => ({ value, label: texts.leaves[value] }))} />
      <Fields kind={kind} rule={rule} change={change} />
    </SimpleGrid>
  );
}

function Fields({ kind, rule, change }: Props & { kind: Leaf }) {
  const texts = useTexts(segments);
  const channels = useTexts(campaigns).channels;
  const inside = (rule[kind] ?? {}) as Rule;
  const put = (part: Rule) => change({ ...rule, ...part });
  const set = (part: Rule) => change({ ...rule, [kind]: without({ ...inside, ...part }) });
  switch (kind) {
    case 'trait': return (
      <>
        <Typed label={texts.trait} help={texts.traitHelp} value={String(rule.trait)} change={(trait) => put({ trait })} />
        <Choice label={texts.op} value={String(rule.op ?? 'eq')} names={texts.ops} options={ALL} change={(op) => put({ op, value: op === 'exists' ? true : op === 'in' ? [rule.value ?? ''].flat() : [rule.value ?? ''].flat()[0] ?? '' })} />
        {rule.op !== 'exists' && <Value op={String(rule.op)} value={rule.value} change={(value) => put({ value })} />}
      </>
    );
    case 'event': {
      const count = typeof rule.count === 'object' && rule.count !== null ? rule.count as Rule : { op: 'gte', value: rule.never ? 0 : rule.count ?? 1 };
      return (
        <>
          <Typed label={texts.event} help={texts.eventHelp} value={String(rule.event)} change={(event) => put({ event })} />
          <Choice label={texts.op} value={rule.never ? 'eq' : String(count.op ?? 'gte')} names={texts.ops} options={COMPARED} change={(op) => change(without({ ...rule, never: undefined, count: { ...count, op } }))} />
          <Value label={texts.count} value={count.value} change={(value) => change(without({ ...rule, never: undefined, count: { op: rule.never ? 'eq' : count.op ?? 'gte', value } }))} />
          <Days rule={rule} change={put} clear={(next) => change(next)} />
        </>
      );
    }
    case 'orders': {
      const moment = inside.measure === 'first' || inside.measure === 'last';
      return (
        <>
          <Choice label={texts.measure} value={String(inside.measure ?? 'count')} names={texts.measures} options={['count', 'days', 'sum', 'average', 'first', 'last']}
            change={(measure) => set(measure === 'first' || measure === 'last' ? { measure, op: 'after', value: '-30d' } : { measure, ...(moment && { op: 'gte', value: 1 }) })} />
          <Choice label={texts.op} value={String(inside.op ?? 'gte')} names={texts.ops} options={moment ? ['before', 'after'] : COMPARED} change={(op) => set({ op })} />
          <Value op={String(inside.op)} value={inside.value} change={(value) => set({ value })} />
          <Days rule={inside} change={set} clear={(next) => change({ ...rule, orders: next })} />
        </>
      );
    }
    case 'rfm': return (
      <>
        <Choice label={texts.part} value={String(inside.part)} names={texts.parts} options={['r', 'f', 'm']} change={(part) => set({ part })} />
        <Choice label={texts.op} value={String(inside.op ?? 'eq')} names={texts.ops} options={COMPARED} change={(op) => set({ op })} />
        <Value value={inside.value} change={(value) => set({ value })} />
      </>
    );
    case 'score': return (
      <>
        <Typed label={texts.score} value={String(inside.name ?? '')} change={(name) => set({ name })} />
        <Choice label={texts.op} value={String(inside.op ?? 'eq')} names={texts.ops} options={COMPARED} change={(op) => set({ op })} />
        <Value value={inside.value} change={(value) => set({ value })} />
      </>
    );
    case 'stage': return (
      <Checkbox.Group label={texts.leaves.stage} value={[rule.stage].flat() as string[]} onChange={(stage) => stage.length > 0 && put({ stage })}>
        <Group gap="sm" mt={4}>{(['acquire', 'enhance', 'retain'] as const).map((one) => <Checkbox key={one} value={one} label={texts.stages[one]} />)}</Group>
      </Checkbox.Group>
    );
    case 'consent': return (
      <>
        <Typed label={texts.purpose} value={String(inside.purpose ?? '')} change={(purpose) => set({ purpose })} />
        <Choice label={texts.channel} value={String(inside.channel ?? '')} names={{ '': texts.anyChannel, ...channels }} options={['', ...CHANNELS]} change={(channel) => set({ channel: channel || undefined })} />
        <Choice label={texts.state} value={String(inside.state ?? 'granted')} names={texts.states} options={['granted', 'withdrawn', 'none']} change={(state) => set({ state })} />
      </>
    );
    case 'segment': return <Other value={String(rule.segment)} change={(segment) => put({ segment })} />;
    case 'calendar': return (
      <>
        <Choice label={texts.of} value={String(inside.of)} names={texts.ofs} options={['registered_at', 'first_order', 'last_order', 'birthday']} change={(of) => set({ of })} />
        <Choice label={texts.calendar} value={String(inside.calendar ?? 'gregorian')} names={texts.calendars} options={['jalali', 'gregorian']} change={(calendar) => set({ calendar })} />
        <Month value={inside.month} jalali={inside.calendar === 'jalali'} change={(month) => set({ month })} />
        <Value label={texts.day} empty={texts.any} value={inside.day ?? ''} change={(day) => set({ day: day === '' ? undefined : day })} />
      </>
    );
  }
}

function Days({ rule, change, clear }: { rule: Rule; change: (part: Rule) => void; clear: (rule: Rule) => void }) {
  const texts = useTexts(segments);
  return <Value label={texts.days} empty={texts.daysHelp} value={rule.within_days ?? ''} change={(days) => (days === '' ? clear(without({ ...rule, within_days: undefined })) : change({ within_days: days }))} />;
}

function Month({ value, jalali, change }: { value: unknown; jalali: boolean; change: (month: number) => void }) {
  const texts = useTexts(segments);
  const months = Array.from({ length: 12 }, (_, place) => new Intl.DateTimeFormat(document.documentElement.lang === 'fa' ? `fa-IR-u-ca-${jalali ? 'persian' : 'gregory'}` : `en-GB-u-ca-${jalali ? 'persian' : 'gregory'}`, { month: 'long', timeZone: 'UTC' })
    .format(jalali ? new Date(Date.UTC(2025, 3 + place, 5)) : new Date(Date.UTC(2025, place, 5))));
  return <NativeSelect label={texts.month} value={String(value ?? 1)} onChange={(event) => change(Number(event.currentTarget.value))} data={months.map((label, place) => ({ value: String(place + 1), label }))} />;
}

function Other({ value, change }: { value: string; change: (id: string) => void }) {
  const texts = useTexts(segments);
  const asked = useQuery({ queryKey: ['segments', 'choice'], queryFn: () => analyticsListSegments({ query: { limit: 200 } }) });
  const known = (asked.data?.data ?? []).map((one) => ({ value: one.id, label: one.name }));
  return <NativeSelect label={texts.leaves.segment} value={value} onChange={(event) => change(event.currentTarget.value)} data={[{ value: '', label: '–' }, ...known]} />;
}

const without = (rule: Rule): Rule => Object.fromEntries(Object.entries(rule).filter(([, value]) => value !== undefined));
