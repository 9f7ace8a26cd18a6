import { Alert, Button, Group, NativeSelect, Stack, Text, TextInput, Title } from '@mantine/core';
import { useState } from 'react';
import { useTexts } from '../../app/preferences';
import { Icon } from '../../parts/Icon';
import { journeys } from '../../texts/journeys';
import { EntryFields } from './EntryFields';
import { type Definition, ENTRY, lead, NAME, placed, putStep, remove, rename, type Step } from './graph';
import { waysOf } from './layout';
import { StepFields } from './StepFields';
import { useWayName } from './words';

export interface Fault { pointer: string; detail: string }
interface Props { definition: Definition; node: string; faults: Fault[]; change: (definition: Definition, node?: string) => void }

/** Everything about the chosen step. */
export function Panel({ definition, node, faults, change }: Props) {
  const texts = useTexts(journeys);
  const step = definition.steps[node];
  const mine = faults.filter((fault) => placed(fault.pointer).node === node);
  return (
    <Stack gap="sm">
      <Title order={2} size="h4">{texts.types[node === ENTRY ? 'entry' : step.type]}</Title>
      {mine.length > 0 && (
        <Alert color="red" variant="light" role="alert" icon={<Icon name="warning" />}>
          {mine.map((fault) => <Text key={fault.pointer + fault.detail} size="sm"><span className="ltr">{placed(fault.pointer).place}</span>: <bdi>{fault.detail}</bdi></Text>)}
        </Alert>
      )}
      {node === ENTRY ? <EntryFields definition={definition} change={change} /> : (
        <>
          <Name key={node} definition={definition} node={node} change={change} />
          <StepFields step={step} change={(one) => change(putStep(definition, node, one))} />
        </>
      )}
      <Ways definition={definition} node={node} change={change} />
      {node !== ENTRY && Object.keys(definition.steps).length > 1 && (
        <Group><Button color="red.9" variant="default" leftSection={<Icon name="trash" size={16} />} onClick={() => change(remove(definition, node), ENTRY)}>{texts.step.remove}</Button></Group>
      )}
    </Stack>
  );
}

function Name({ definition, node, change }: Omit<Props, 'faults'>) {
  const texts = useTexts(journeys).step;
  const [typed, setTyped] = useState(node);
  const wrong = typed === node ? null : !NAME.test(typed) ? texts.badName : typed in definition.steps ? texts.taken : null;
  return (
    <TextInput label={texts.name} description={texts.nameHelp} inputWrapperOrder={['label', 'input', 'description', 'error']} dir="ltr" value={typed} error={wrong} onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={() => { if (typed !== node && wrong === null) change(rename(definition, node, typed), typed); }} />
  );
}

/** Where the step leads to: any step, or out. */
function Ways({ definition, node, change }: Omit<Props, 'faults'>) {
  const texts = useTexts(journeys).way;
  const wayName = useWayName();
  const others = Object.keys(definition.steps).filter((name) => name !== node);
  function turn(place: string, target: string) {
    if (node === ENTRY) change({ ...definition, start: target });
    else change(putStep(definition, node, lead(definition.steps[node] as Step, place, target || null)));
  }
  return (
    <>
      {waysOf(definition, node).map((way) => (
        <NativeSelect key={way.place} label={way.kind === 'next' ? texts.to : `${wayName(way)}: ${texts.to}`} value={way.to ?? ''} onChange={(event) => turn(way.place, event.currentTarget.value)}
          data={[...(node === ENTRY ? [] : [{ value: '', label: texts.leave }]), ...others]} />
      ))}
    </>
  );
}
