import { Checkbox, Group, NativeSelect, Stack, Text } from '@mantine/core';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { campaigns } from '../../texts/campaigns';
import { journeys } from '../../texts/journeys';
import { segments } from '../../texts/segments';
import { Choice, Typed, Value } from '../segments/fields';
import { Amount, EventFields, Length, More, partOf, Row, textOf, Weekdays } from './fields';
import { kept, listOf, type Step, type Values } from './graph';
import { Rule } from './Rule';
import { useTemplates } from './words';

interface Props { step: Step; change: (step: Step) => void }

/** What a step of its kind can be told; where it leads to stands below. */
export function StepFields({ step, change }: Props) {
  const texts = useTexts(journeys).step;
  const format = useFormat();
  const set = (part: Values) => change(kept({ ...step, ...part }) as Step);
  switch (step.type) {
    case 'wait': return <WaitFields step={step} change={change} />;
    case 'wait_for': return <><EventFields value={partOf(step, 'event')} change={(event) => set({ event })} /><Length label={texts.within} value={partOf(step, 'within')} change={(within) => set({ within })} /></>;
    case 'branch': {
      const choices = listOf(step.choices);
      const all = (given: Values[]) => set({ choices: given });
      return (
        <Stack gap="sm">
          {choices.map((choice, place) => (
            <Row key={place} label={texts.removeChoice} remove={choices.length > 1 ? () => all(choices.filter((_, here) => here !== place)) : undefined}>
              <Text size="sm" fw={600}>{texts.rule(format.number(place + 1))}</Text>
              <Rule rule={partOf(choice, 'if')} change={(rule) => all(choices.map((one, here) => (here === place ? { ...one, if: rule } : one)))} />
            </Row>
          ))}
          <More label={texts.addChoice} add={() => all([...choices, { if: { trait: 'email', op: 'exists' }, ...(step.otherwise ? { next: step.otherwise } : {}) }])} />
        </Stack>
      );
    }
    case 'split': {
      const arms = listOf(step.arms);
      const one = (place: number, part: Values) => set({ arms: arms.map((arm, here) => (here === place ? { ...arm, ...part } : arm)) });
      return (
        <Stack gap="sm">
          {arms.map((arm, place) => (
            <Row key={place} label={texts.removeArm} remove={arms.length > 2 ? () => set({ arms: arms.filter((_, here) => here !== place) }) : undefined}>
              <Typed label={texts.arm} value={textOf(arm.name)} change={(name) => one(place, { name })} />
              <Amount label={texts.weight} value={arm.weight ?? 1} change={(weight) => one(place, { weight: weight ?? 1 })} />
            </Row>
          ))}
          <More label={texts.addArm} add={() => set({ arms: [...arms, { name: `arm-${arms.length + 1}`, weight: 1, ...(arms[0]?.next ? { next: arms[0].next } : {}) }] })} />
        </Stack>
      );
    }
    case 'message': return <MessageFields step={step} change={change} />;
    case 'case': return (
      <>
        <Typed label={texts.subject} value={textOf(step.subject)} change={(subject) => set({ subject })} />
        <Choice label={texts.casePriority} value={textOf(step.priority)} names={texts.priorities} options={['', 'low', 'normal', 'high', 'urgent']} change={(priority) => set({ priority })} />
        <Typed label={texts.kind} value={textOf(step.kind)} change={(kind) => set({ kind })} />
        <Typed label={texts.channel} value={textOf(step.channel)} change={(channel) => set({ channel })} />
        <Typed label={texts.team} value={textOf(step.team_id)} change={(team_id) => set({ team_id })} />
      </>
    );
    case 'trait': {
      const pairs = Object.entries(partOf(step, 'set'));
      const all = (given: [string, unknown][]) => change({ ...step, set: Object.fromEntries(given) });
      return (
        <Stack gap="sm">
          {pairs.map(([name, value], place) => (
            <Row key={place} label={texts.removeTrait} remove={pairs.length > 1 ? () => all(pairs.filter((_, here) => here !== place)) : undefined}>
              <Typed label={texts.trait} value={name} change={(given) => all(pairs.map((pair, here) => (here === place ? [given, value] : pair)))} />
              <Value label={texts.traitValue} value={value} change={(given) => all(pairs.map((pair, here) => (here === place ? [name, given] : pair)))} />
            </Row>
          ))}
          <More label={texts.addTrait} add={() => all([...pairs, [`trait_${pairs.length + 1}`, true]])} />
        </Stack>
      );
    }
    case 'webhook': return <Typed label={texts.url} help={texts.urlHelp} value={textOf(step.url)} change={(url) => set({ url })} />;
    case 'goal': return <Typed label={texts.goal} help={texts.goalHelp} value={textOf(step.name)} change={(name) => set({ name })} />;
    case 'exit': return <Typed label={texts.reason} value={textOf(step.reason ?? 'finished')} change={(reason) => set({ reason })} />;
  }
}

function WaitFields({ step, change }: Props) {
  const texts = useTexts(journeys).step;
  const { for: length, until, date, ...rest } = step;
  const how = until ? 'until' : date ? 'date' : 'for';
  const told = (part: Values) => change({ ...rest, ...part } as Step);
  const begun: Record<string, Values> = { for: { for: { days: 1 } }, until: { until: { at: '10:00' } }, date: { date: { jalali: '1406-01-01', at: '09:00' } } };
  const day = partOf(step, 'date');
  return (
    <>
      <Choice label={texts.how} value={how} names={texts.hows} options={['for', 'until', 'date']} change={(next) => told(begun[next])} />
      {how === 'for' && <Length label={texts.hows.for} value={partOf(step, 'for')} change={(value) => told({ for: value })} />}
      {how === 'until' && (
        <>
          <Typed label={texts.at} value={textOf(partOf(step, 'until').at)} change={(at) => told({ until: { ...partOf(step, 'until'), at } })} />
          <Weekdays value={partOf(step, 'until').weekdays} change={(weekdays) => told({ until: { ...partOf(step, 'until'), weekdays } })} />
        </>
      )}
      {how === 'date' && (
        <>
          <Choice label={texts.calendar} value={day.jalali === undefined ? 'on' : 'jalali'} names={{ on: texts.on, jalali: texts.jalali }} options={['jalali', 'on']} change={(kind) => told({ date: { [kind]: '', at: day.at ?? '09:00' } })} />
          {day.jalali === undefined ? <Typed label={texts.on} help={texts.dayHelp} value={textOf(day.on)} change={(on) => told({ date: { ...day, on } })} />
            : <Typed label={texts.jalali} help={texts.jalaliHelp} value={textOf(day.jalali)} change={(jalali) => told({ date: { ...day, jalali } })} />}
          <Typed label={texts.at} value={textOf(day.at ?? '09:00')} change={(at) => told({ date: { ...day, at } })} />
        </>
      )}
    </>
  );
}

const CHANNELS = ['email', 'sms', 'push', 'phone', 'post', 'in_app', 'on_site', 'webhook'] as const;

function MessageFields({ step, change }: Props) {
  const texts = useTexts(journeys).step;
  const stages = useTexts(segments).stages;
  const channels = useTexts(campaigns).channels;
  const templates = useTemplates();
  const set = (part: Values) => change(kept({ ...step, ...part }) as Step);
  const reserved = partOf(step, 'reserved_for');
  function reserve(part: Values) {
    const given = Object.fromEntries(Object.entries({ ...reserved, ...part }).filter(([, value]) => Array.isArray(value) && value.length > 0));
    set({ reserved_for: Object.keys(given).length ? given : undefined });
  }
  return (
    <>
      <NativeSelect label={texts.template} value={textOf(step.template_id)} onChange={(event) => set({ template_id: event.currentTarget.value })}
        data={[{ value: '', label: texts.noTemplate }, ...(templates.data?.data ?? []).map((one) => ({ value: one.id, label: `${one.name} (${Object.keys(one.locales).join(', ')})` }))]} />
      <Choice label={texts.channel} value={textOf(step.channel ?? 'email')} names={channels} options={CHANNELS} change={(channel) => set({ channel })} />
      <Choice label={texts.send} value={textOf(step.send ?? 'now')} names={texts.sends} options={['now', 'best']} change={(send) => set({ send })} />
      <Typed label={texts.from} value={textOf(step.from_address)} change={(from_address) => set({ from_address })} />
      <Typed label={texts.fromName} value={textOf(step.from_name)} change={(from_name) => set({ from_name })} />
      <Typed label={texts.purpose} value={textOf(step.purpose ?? 'marketing')} change={(purpose) => set({ purpose })} />
      <Group grow align="start">
        <Amount label={texts.priority} help={texts.priorityHelp} value={step.priority} change={(priority) => set({ priority })} />
        <Amount label={texts.value} value={step.value} change={(value) => set({ value })} />
      </Group>
      <Amount label={texts.pinned} help={texts.pinnedHelp} value={step.version} change={(version) => set({ version })} />
      <Checkbox.Group label={texts.stages} value={[reserved.stages ?? []].flat() as string[]} onChange={(given) => reserve({ stages: given })}>
        <Group gap="sm" mt={4}>{(['acquire', 'enhance', 'retain'] as const).map((one) => <Checkbox key={one} value={one} label={stages[one]} />)}</Group>
      </Checkbox.Group>
      <Value label={texts.tiers} op="in" value={reserved.tiers ?? ''} change={(tiers) => reserve({ tiers })} />
    </>
  );
}
