import { Checkbox, Group, Stack, Text } from '@mantine/core';
import { useTexts } from '../../app/preferences';
import { journeys } from '../../texts/journeys';
import { Choice, Typed } from '../segments/fields';
import { Amount, EventFields, More, partOf, Row, SegmentChoice, textOf } from './fields';
import { type Definition, kept, listOf, type Values } from './graph';

const KINDS = ['event', 'segment', 'date', 'api'] as const;
const BEGUN: Record<string, Values> = {
  event: { event: { name: 'Product Added' } }, segment: { segment: { id: '', on: 'entered' } }, date: { date: { trait: 'birthday', calendar: 'jalali', offset_days: 0, at: '09:00' } }, api: { api: {} },
};

/** How people come in, come in again, and leave wherever they are. */
export function EntryFields({ definition, change }: { definition: Definition; change: (definition: Definition) => void }) {
  const all = useTexts(journeys);
  const texts = all.entry;
  const { entry } = definition;
  const kind = KINDS.find((one) => entry[one]) ?? 'api';
  const enter = (given: Values) => change({ ...definition, entry: { [kind]: given } });
  const inside = partOf(entry, kind);
  const reentry = definition.reentry ?? 'never';
  const days = typeof reentry === 'object' ? Number((reentry as Values).after_days) : undefined;
  const leaves = listOf(definition.leave_on);
  const leave = (leave_on: Values[]) => change({ ...definition, leave_on });
  return (
    <Stack gap="sm">
      <Choice label={texts.kind} value={kind} names={texts.kinds} options={KINDS} change={(next) => change({ ...definition, entry: BEGUN[next] })} />
      {kind === 'event' && <EventFields value={inside} change={enter} />}
      {kind === 'segment' && (
        <>
          <SegmentChoice value={inside.id} change={(id) => enter({ ...inside, id })} />
          <Choice label={texts.on} value={textOf(inside.on ?? 'entered')} names={texts.ons} options={['entered', 'left']} change={(on) => enter({ ...inside, on })} />
        </>
      )}
      {kind === 'date' && (
        <>
          <Typed label={texts.trait} value={textOf(inside.trait)} change={(trait) => enter({ ...inside, trait })} />
          <Choice label={all.step.calendar} value={textOf(inside.calendar ?? 'gregorian')} names={texts.calendars} options={['jalali', 'gregorian']} change={(calendar) => enter({ ...inside, calendar })} />
          <Checkbox label={texts.yearly} checked={inside.yearly !== false} onChange={(event) => enter({ ...inside, yearly: event.currentTarget.checked })} />
          <Group grow align="start">
            <Amount label={texts.offset} value={inside.offset_days ?? 0} change={(offset_days) => enter({ ...inside, offset_days: offset_days ?? 0 })} />
            <Typed label={all.step.at} value={textOf(inside.at ?? '09:00')} change={(at) => enter({ ...inside, at })} />
          </Group>
        </>
      )}
      <Choice label={texts.reentry} value={days === undefined ? String(reentry) : 'after_days'} names={texts.reentries} options={['never', 'after_exit', 'after_days']} change={(next) => change({ ...definition, reentry: next === 'after_days' ? { after_days: 30 } : next })} />
      {days !== undefined && <Amount label={texts.afterDays} value={days} change={(given) => change({ ...definition, reentry: { after_days: given ?? 1 } })} />}
      <Text size="sm" fw={600}>{texts.leave}</Text>
      {leaves.map((one, place) => (
        <Row key={place} label={texts.removeLeave} remove={() => leave(leaves.filter((_, here) => here !== place))}>
          <EventFields value={partOf(one, 'event')} change={(event) => leave(leaves.map((other, here) => (here === place ? { ...other, event } : other)))} />
          <Typed label={texts.leaveGoal} value={textOf(one.goal)} change={(goal) => leave(leaves.map((other, here) => (here === place ? kept({ ...other, goal }) : other)))} />
        </Row>
      ))}
      <More label={texts.addLeave} add={() => leave([...leaves, { event: { name: 'Order Completed' } }])} />
      <Typed label={texts.programme} help={texts.programmeHelp} value={textOf(definition.programme)} change={(programme) => change(kept({ ...definition, programme }))} />
    </Stack>
  );
}
