import { NativeSelect, Stack, Text } from '@mantine/core';
import { useTexts } from '../../app/preferences';
import { JsonTree } from '../../parts/JsonTree';
import { journeys } from '../../texts/journeys';
import { Choice, Typed } from '../segments/fields';
import { groupOf, grouped, type Mode } from '../segments/rule';
import { segments } from '../../texts/segments';
import { Compared, More, Row, SegmentChoice, textOf } from './fields';
import type { Values } from './graph';

const KINDS = ['trait', 'data', 'score', 'segment'] as const;
type Kind = (typeof KINDS)[number];
const kindOf = (rule: Values): Kind | null => KINDS.find((kind) => kind in rule) ?? null;
const begun = (kind: Kind): Values => (kind === 'segment' ? { segment: '' } : { [kind]: kind === 'data' ? 'event.value' : '', op: 'eq', value: '' });

/** The rule of a branch: one condition or several; deeper ones are kept as they are. */
export function Rule({ rule, change }: { rule: Values; change: (rule: Values) => void }) {
  const texts = useTexts(journeys).rule;
  const single = kindOf(rule) !== null;
  const { mode, parts } = single ? { mode: 'all' as Mode, parts: [rule] } : groupOf(rule) ?? { mode: 'all' as Mode, parts: [] };
  // one condition needs no group around it
  const told = (how: Mode, given: Values[]) => change(given.length === 1 && how !== 'none' ? given[0] : grouped(how, given));
  return (
    <Stack gap="xs">
      {(parts.length > 1 || mode === 'none') && <NativeSelect label={texts.label} value={mode} onChange={(event) => change(grouped(event.currentTarget.value as Mode, parts))} data={(['all', 'any', 'none'] as const).map((value) => ({ value, label: texts[value] }))} />}
      {parts.map((part, place) => (
        <Row key={place} label={texts.remove} remove={parts.length > 1 ? () => told(mode, parts.filter((_, here) => here !== place)) : undefined}>
          <Condition rule={part} change={(one) => told(mode, parts.map((other, here) => (here === place ? one : other)))} />
        </Row>
      ))}
      <More label={texts.add} add={() => change(grouped(mode, [...parts, begun('trait')]))} />
    </Stack>
  );
}

function Condition({ rule, change }: { rule: Values; change: (rule: Values) => void }) {
  const texts = useTexts(journeys).rule;
  const other = useTexts(segments).other;
  const kind = kindOf(rule);
  if (kind === null) return <><Text size="sm" c="dimmed">{other}</Text><JsonTree value={rule} /></>;
  return (
    <>
      <Choice label={texts.kind} value={kind} names={texts.kinds} options={KINDS} change={(next) => change(begun(next as Kind))} />
      {kind === 'segment' ? <SegmentChoice value={rule.segment} change={(segment) => change({ segment })} /> : (
        <>
          <Typed label={texts.name} help={kind === 'data' ? texts.dataHelp : undefined} value={textOf(rule[kind])} change={(name) => change({ ...rule, [kind]: name })} />
          <Compared value={rule} change={change} />
        </>
      )}
    </>
  );
}
