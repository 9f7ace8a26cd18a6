import { Button, Checkbox, CloseButton, Group, NativeSelect, SimpleGrid, Stack, Text, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTexts } from '../../app/preferences';
import { Icon } from '../../parts/Icon';
import { journeys } from '../../texts/journeys';
import { Choice, Typed, Value } from '../segments/fields';
import { plain } from '../segments/rule';
import { segments } from '../../texts/segments';
import { kept, listOf, type Values, valuesOf } from './graph';
import { useSegments } from './words';

export interface Changing { value: Values; change: (value: Values) => void }

/** A whole number; empty takes it away. */
export function Amount({ label, help, value, change }: { label: string; help?: string; value: unknown; change: (value: number | undefined) => void }) {
  function told(text: string) {
    const typed = plain(text).trim();
    if (typed === '' || typed === '-') change(undefined);
    else if (/^-?\d{1,12}$/.test(typed)) change(Number(typed));
  }
  return <TextInput label={label} description={help} inputWrapperOrder={['label', 'input', 'description']} inputMode="numeric" value={value === undefined || value === null ? '' : String(value)} onChange={(event) => told(event.currentTarget.value)} />;
}

const UNITS = ['days', 'hours', 'minutes', 'seconds'] as const;

export function Length({ label, value, change }: Changing & { label: string }) {
  const texts = useTexts(journeys).step;
  return (
    <fieldset style={{ border: 0, padding: 0, margin: 0, minWidth: 0 }}>
      <Text size="sm" fw={500} component="legend">{label}</Text>
      <SimpleGrid cols={4} spacing={6}>{UNITS.map((unit) => <Amount key={unit} label={texts[unit]} value={value[unit]} change={(number) => change(kept({ ...value, [unit]: number || undefined }))} />)}</SimpleGrid>
    </fieldset>
  );
}

const WEEK = ['saturday', 'sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday'] as const;

export function Weekdays({ value, change }: { value: unknown; change: (days: string[]) => void }) {
  const texts = useTexts(journeys).step;
  return (
    <Checkbox.Group label={texts.weekdays} value={[value ?? []].flat() as string[]} onChange={change}>
      <Group gap="xs" mt={4}>{WEEK.map((day) => <Checkbox key={day} value={day} label={texts.week[day]} />)}</Group>
    </Checkbox.Group>
  );
}

const OPS = ['eq', 'neq', 'gt', 'gte', 'lt', 'lte', 'in', 'contains', 'exists'] as const;

/** `op value`: `exists` has none. */
export function Compared({ value, change }: Changing) {
  const texts = useTexts(segments);
  const op = String(value.op ?? 'eq');
  function compare(next: string) {
    const { value: was, ...others } = value;
    const single = [was ?? ''].flat()[0] ?? '';
    change(next === 'exists' ? { ...others, op: next } : { ...others, op: next, value: next === 'in' ? [was ?? ''].flat() : single });
  }
  return (
    <>
      <Choice label={texts.op} value={op} names={texts.ops} options={OPS} change={compare} />
      {op !== 'exists' && <Value op={op} value={value.value} change={(given) => change({ ...value, value: given })} />}
    </>
  );
}

/** An event by its name and what its properties have to be. */
export function EventFields({ value, change }: Changing) {
  const texts = useTexts(journeys).step;
  const tests = listOf(value.where);
  const putAll = (where: Values[]) => change(where.length ? { ...value, where } : kept({ ...value, where: undefined }));
  return (
    <Stack gap="xs">
      <Typed label={texts.event} help={texts.eventHelp} value={String(value.name ?? '')} change={(name) => change({ ...value, name })} />
      {tests.length > 0 && <Text size="sm" fw={500}>{texts.where}</Text>}
      {tests.map((test, place) => (
        <Row key={place} label={texts.where} remove={() => putAll(tests.filter((_, here) => here !== place))}>
          <Typed label={texts.property} value={String(test.property ?? '')} change={(property) => putAll(tests.map((one, here) => (here === place ? { ...one, property } : one)))} />
          <Compared value={test} change={(one) => putAll(tests.map((other, here) => (here === place ? one : other)))} />
        </Row>
      ))}
      <More label={texts.addWhere} add={() => putAll([...tests, { property: '', op: 'eq', value: '' }])} />
    </Stack>
  );
}

/** Some fields that go together, and a sign that takes them away. */
export function Row({ label, remove, children }: { label: string; remove?: () => void; children: ReactNode }) {
  return (
    <Group wrap="nowrap" align="start" gap={4}>
      <Stack gap={6} style={{ flex: 1, minWidth: 0, borderInlineStart: '2px solid var(--mantine-color-default-border)', paddingInlineStart: 8 }}>{children}</Stack>
      {remove && <CloseButton aria-label={label} onClick={remove} />}
    </Group>
  );
}

export function More({ label, add }: { label: string; add: () => void }) {
  return <Group><Button size="compact-sm" variant="default" leftSection={<Icon name="plus" size={14} />} onClick={add}>{label}</Button></Group>;
}

export function SegmentChoice({ value, change }: { value: unknown; change: (id: string) => void }) {
  const texts = useTexts(journeys).entry;
  const asked = useSegments();
  const known = (asked.data?.data ?? []).map((one) => ({ value: one.id, label: one.name }));
  const given = String(value ?? '');
  return <NativeSelect label={texts.segment} value={given} onChange={(event) => change(event.currentTarget.value)} data={[{ value: '', label: '–' }, ...known, ...(given && !known.some((one) => one.value === given) ? [given] : [])]} />;
}

export const textOf = (value: unknown): string => (value === undefined || value === null ? '' : String(value));
export const partOf = (value: Values, key: string): Values => valuesOf(value[key]);
