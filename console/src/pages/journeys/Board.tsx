import { ActionIcon, Alert, Anchor, Badge, Button, Card, Drawer, Group, NativeSelect, Stack, Text } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { campaignPutJourney } from '../../api';
import type { CampaignFiguresView, CampaignJourneyView, CampaignVersionView } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { Icon } from '../../parts/Icon';
import { JsonTree } from '../../parts/JsonTree';
import { ProblemBox } from '../../parts/Problem';
import { problemOf } from '../../parts/problems';
import { journeys } from '../../texts/journeys';
import { shell } from '../../texts/shell';
import { Canvas } from './Canvas';
import { type Definition, ENTRY, insert, placed, type StepType } from './graph';
import { type Fault, Panel } from './Panel';
import { useTemplates } from './words';

interface Props {
  journey: CampaignJourneyView;
  draft: Definition;
  setDraft: (draft: Definition) => void;
  versions: CampaignVersionView[];
  figures?: CampaignFiguresView;
  /** What the service found when the draft was to be published. */
  refused: Fault[];
}

/** The drawing board: the draft to be changed, or a version to be looked at. */
export function Board({ journey, draft, setDraft, versions, figures, refused }: Props) {
  const all = useTexts(journeys);
  const texts = all.board;
  const words = useTexts(shell);
  const format = useFormat();
  const session = useSession();
  const queries = useQueryClient();
  const templates = useTemplates();
  const narrow = useMediaQuery('(max-width: 62em)', window.matchMedia('(max-width: 62em)').matches);
  const [shown, setShown] = useState('');
  const [past, setPast] = useState<Definition[]>([]);
  const [chosen, setChosen] = useState<string | null>(null);
  const [zoom, setZoom] = useState(narrow ? 0.8 : 1);
  const saving = useMutation({
    mutationFn: () => campaignPutJourney({ path: { journey_id: journey.id }, body: { name: journey.name, definition: draft }, headers: { 'if-match': `"${journey.draft_number}"` } }),
    onSuccess: (saved) => { queries.setQueryData(['journey', journey.id], saved); setPast([]); notifications.show({ color: 'teal', message: texts.saved }); },
  });
  const version = versions.find((one) => String(one.version) === shown);
  const definition = version ? version.definition as Definition : draft;
  const editable = !version && journey.status !== 'closed' && session.may('campaigns:write');
  const faults: Fault[] = version ? [] : saving.isError ? problemOf(saving.error).errors ?? [] : refused;
  const node = chosen !== null && (chosen === ENTRY || chosen in definition.steps) ? chosen : null;
  const changed = JSON.stringify(draft) !== JSON.stringify(journey.definition);
  function change(next: Definition, other?: string) {
    setPast([...past.slice(-49), draft]);
    setDraft(next);
    if (other !== undefined) setChosen(other);
  }
  function add(from: string, place: string, type: StepType) {
    const [next, name] = insert(draft, from, place, type, { template: templates.data?.data[0]?.id ?? '', subject: all.begin.call });
    change(next, name);
  }
  function undo() {
    setDraft(past[past.length - 1]);
    setPast(past.slice(0, -1));
  }
  const { steps, ...rest } = definition;
  const panel = node !== null && (editable ? <Panel key={node} definition={draft} node={node} faults={faults} change={change} /> : <JsonTree value={node === ENTRY ? rest : steps[node]} />);
  return (
    <Stack gap="sm">
      <Group justify="space-between" align="end">
        <NativeSelect label={texts.shown} value={shown} onChange={(event) => { setShown(event.currentTarget.value); setChosen(null); }}
          data={[{ value: '', label: texts.draft }, ...versions.map((one) => ({ value: String(one.version), label: (one.version === journey.version ? texts.live : texts.versionOf)(format.number(one.version)) }))]} />
        <Group gap="xs">
          <ActionIcon variant="default" size={36} aria-label={texts.zoomOut} disabled={zoom < 0.7} onClick={() => setZoom(zoom - 0.2)}>–</ActionIcon>
          <ActionIcon variant="default" size={36} aria-label={texts.zoomIn} disabled={zoom >= 1.4} onClick={() => setZoom(zoom + 0.2)}>+</ActionIcon>
          {editable && <Button variant="default" disabled={past.length === 0} onClick={undo}>{texts.undo}</Button>}
          {editable && <Button loading={saving.isPending} disabled={!changed} onClick={() => saving.mutate()}>{texts.save}</Button>}
        </Group>
      </Group>
      <Text size="sm" c="dimmed" role="status">{editable ? (changed ? texts.unsaved : texts.help) : texts.look}</Text>
      {faults.length > 0 ? (
        <Alert color="red" variant="light" role="alert" icon={<Icon name="warning" />} title={texts.faults}>
          <Text size="sm">{texts.faultsText}</Text>
          {faults.map((fault) => {
            const { node: at } = placed(fault.pointer);
            return <Text key={fault.pointer + fault.detail} size="sm"><Anchor component="button" size="sm" c="inherit" underline="always" onClick={() => setChosen(at)}>{at === ENTRY ? all.types.entry : <span className="ltr">{at}</span>}</Anchor>: <bdi>{fault.detail}</bdi></Text>;
          })}
        </Alert>
      ) : saving.isError && <ProblemBox problem={saving.error} />}
      <Group align="start" wrap="nowrap" gap="md">
        <div style={{ flex: 1, minWidth: 0 }}>
          <Canvas definition={definition} label={texts.label} chosen={node} choose={setChosen} add={editable ? add : undefined} zoom={zoom}
            faulty={new Set(faults.map((fault) => placed(fault.pointer).node))} marks={useMarks(definition, figures)} />
        </div>
        {!narrow && <Card withBorder component="section" aria-label={all.step.name} w={350} style={{ flexShrink: 0, maxHeight: '78vh', overflowY: 'auto' }}>{panel || <Text c="dimmed" size="sm">{texts.choose}</Text>}</Card>}
      </Group>
      {narrow && panel && <Drawer opened onClose={() => setChosen(null)} position="bottom" size="80%" title={node === ENTRY ? all.types.entry : <span className="ltr">{node}</span>} closeButtonProps={{ 'aria-label': words.close }}>{panel}</Drawer>}
    </Stack>
  );
}

/** Who is at each step now, and what became of its messages. */
function useMarks(definition: Definition, figures?: CampaignFiguresView) {
  const texts = useTexts(journeys).board;
  const format = useFormat();
  if (!figures) return {};
  return Object.fromEntries(Object.keys(definition.steps).map((name) => {
    const inside = figures.at_step[name] ?? 0;
    const count = (...states: string[]) => figures.messages.filter((one) => one.step === name && states.includes(one.state)).reduce((sum, one) => sum + one.messages, 0);
    const [sent, held] = [count('accepted'), count('suppressed', 'failed')];
    return [name, (inside + sent + held > 0) && (
      <>
        {inside > 0 && <Badge size="sm" tt="none" color="teal.9">{texts.inside(format.number(inside))}</Badge>}
        {sent > 0 && <Badge size="sm" tt="none" color="indigo.9">{texts.sent(format.number(sent))}</Badge>}
        {held > 0 && <Badge size="sm" tt="none" color="gray.8">{texts.held(format.number(held))}</Badge>}
      </>
    )];
  }));
}
