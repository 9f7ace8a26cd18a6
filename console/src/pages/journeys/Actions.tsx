import { Button, Checkbox, NativeSelect, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { campaignClose, campaignPauseApiV1JourneysJourneyIdPausePost as pauseJourney, campaignPublish, campaignResumeApiV1JourneysJourneyIdResumePost as resumeJourney } from '../../api';
import type { CampaignFiguresView, CampaignJourneyView, CampaignVersionView } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { Icon } from '../../parts/Icon';
import { ProblemBox } from '../../parts/Problem';
import { problemOf } from '../../parts/problems';
import { Sure } from '../../parts/Sure';
import { journeys } from '../../texts/journeys';
import type { Definition } from './graph';
import type { Fault } from './Panel';

const WAYS = { pause: pauseJourney, resume: resumeJourney, close: campaignClose } as const;
type WayName = keyof typeof WAYS;
interface Props { journey: CampaignJourneyView; draft: Definition; figures?: CampaignFiguresView; versions: CampaignVersionView[]; refused: (faults: Fault[]) => void }

/** Publish, pause, go on, close; only what the role may. */
export function Actions({ journey, draft, figures, versions, refused }: Props) {
  const texts = useTexts(journeys).act;
  const session = useSession();
  const queries = useQueryClient();
  const [asking, setAsking] = useState<'publish' | 'close' | null>(null);
  const acting = useMutation({
    mutationFn: (way: WayName) => WAYS[way]({ path: { journey_id: journey.id } }),
    onSuccess: () => {
      setAsking(null);
      notifications.show({ color: 'teal', message: texts.done });
      void queries.invalidateQueries({ queryKey: ['journey', journey.id] });
      void queries.invalidateQueries({ queryKey: ['journeys'] });
    },
  });
  if (!session.may('campaigns:send')) return null;
  const busy = (way: WayName) => acting.isPending && acting.variables === way;
  const changed = JSON.stringify(draft) !== JSON.stringify(journey.definition);
  return (
    <>
      {journey.status === 'active' && <Button variant="default" leftSection={<Icon name="pause" />} loading={busy('pause')} onClick={() => acting.mutate('pause')}>{texts.pause}</Button>}
      {journey.status === 'paused' && <Button variant="default" leftSection={<Icon name="play" />} loading={busy('resume')} onClick={() => acting.mutate('resume')}>{texts.resume}</Button>}
      {journey.status !== 'closed' && <Button leftSection={<Icon name="journey" />} disabled={changed} title={changed ? texts.saveFirst : undefined} onClick={() => setAsking('publish')}>{texts.publish}</Button>}
      {journey.status !== 'closed' && <Button variant="default" onClick={() => { acting.reset(); setAsking('close'); }}>{texts.close}</Button>}
      {acting.isError && asking === null && <ProblemBox problem={acting.error} />}
      {asking === 'publish' && <Publish journey={journey} draft={draft} figures={figures} versions={versions} refused={refused} close={() => setAsking(null)} />}
      {asking === 'close' && (
        <Sure title={texts.closeTitle} text={texts.closeText} yes={texts.close} no={texts.keep} danger waiting={acting.isPending} problem={acting.error}
          confirm={() => acting.mutate('close')} close={() => setAsking(null)} />
      )}
    </>
  );
}

/** The draft becomes a version; those inside stay in theirs or come along. */
function Publish({ journey, draft, figures, refused, close }: Props & { close: () => void }) {
  const texts = useTexts(journeys).act;
  const format = useFormat();
  const queries = useQueryClient();
  const [along, setAlong] = useState(false);
  const [move, setMove] = useState<Record<string, string>>({});
  const inside = figures?.inside ?? 0;
  const gone = Object.entries(figures?.at_step ?? {}).filter(([step]) => !(step in draft.steps));
  const publishing = useMutation({
    mutationFn: () => campaignPublish({ path: { journey_id: journey.id }, body: along ? { move: Object.fromEntries(Object.entries(move).filter(([, to]) => to !== '')) } : {} }),
    onSuccess: ({ version, moved }) => {
      notifications.show({ color: 'teal', message: [texts.published(format.number(version)), moved > 0 && texts.moved(format.number(moved))].filter(Boolean).join(' ') });
      void queries.invalidateQueries({ queryKey: ['journey', journey.id] });
      void queries.invalidateQueries({ queryKey: ['journeys'] });
      close();
    },
    onError: (error) => {
      const faults = problemOf(error).errors ?? [];
      refused(faults);
      if (faults.length > 0) close();
    },
  });
  return (
    <Sure title={texts.publishTitle} text={texts.publishText(format.number(journey.version + 1))} yes={texts.publish} waiting={publishing.isPending} problem={publishing.error} confirm={() => publishing.mutate()} close={close}>
      {inside > 0 && (
        <Stack gap="xs">
          <Checkbox label={texts.move(format.number(inside))} description={texts.moveHelp} checked={along} onChange={(event) => setAlong(event.currentTarget.checked)} />
          {along && gone.map(([step, count]) => (
            <NativeSelect key={step} label={texts.moveStep(step, format.number(count))} value={move[step] ?? ''} onChange={(event) => setMove({ ...move, [step]: event.currentTarget.value })}
              data={[{ value: '', label: texts.stay }, ...Object.keys(draft.steps)]} />
          ))}
          {!along && <Text size="xs" c="dimmed">{texts.stay}</Text>}
        </Stack>
      )}
    </Sure>
  );
}
