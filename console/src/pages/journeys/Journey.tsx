import { Anchor, Group, Stack, Tabs, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { campaignGetFiguresApiV1JourneysJourneyIdFiguresGet as getFigures, campaignGetJourney, campaignListVersions } from '../../api';
import type { CampaignJourneyView } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { Head } from '../../parts/Head';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { journeys } from '../../texts/journeys';
import { Actions } from './Actions';
import { Backtest } from './Backtest';
import { Board } from './Board';
import type { Definition } from './graph';
import { Status } from './Journeys';
import type { Fault } from './Panel';
import { People } from './People';
import { Versions } from './Versions';

export default function Journey() {
  const { id } = useParams({ strict: false }) as { id: string };
  const asked = useQuery({ queryKey: ['journey', id], queryFn: () => campaignGetJourney({ path: { journey_id: id } }), refetchOnWindowFocus: false });
  if (asked.isPending) return <Waiting />;
  if (asked.isError) return <ProblemBox problem={asked.error} again={() => void asked.refetch()} />;
  return <Whole key={id} journey={asked.data} />;
}

function Whole({ journey }: { journey: CampaignJourneyView }) {
  const texts = useTexts(journeys);
  const format = useFormat();
  const session = useSession();
  const { id } = journey;
  const [draft, setDraft] = useState(journey.definition as Definition);
  const [refused, setRefused] = useState<Fault[]>([]);
  useEffect(() => setDraft(journey.definition as Definition), [journey.draft_number]);
  useEffect(() => setRefused([]), [draft]);
  const running = journey.status === 'active';
  const versions = useQuery({ queryKey: ['journey', id, 'versions', journey.version], queryFn: () => campaignListVersions({ path: { journey_id: id } }), refetchInterval: running ? 10_000 : false });
  const figures = useQuery({ queryKey: ['journey', id, 'figures'], queryFn: () => getFigures({ path: { journey_id: id } }), refetchInterval: running ? 3_000 : false });
  const known = versions.data?.data ?? [];
  const people = session.may('customers:read', 'customers:write');
  return (
    <Stack>
      <Anchor component={Link} to="/journeys" size="sm">{texts.back}</Anchor>
      <Head title={<bdi>{journey.name}</bdi>}
        text={<Group gap="xs"><Status status={journey.status} />{journey.version > 0 && <Text span size="sm">{texts.board.live(format.number(journey.version))}</Text>}</Group>}>
        <Actions journey={journey} draft={draft} figures={figures.data} versions={known} refused={setRefused} />
      </Head>
      <Tabs defaultValue="canvas" keepMounted={false}>
        <Tabs.List mb="md">{(['canvas', ...(people ? ['people'] as const : []), 'versions', 'backtest'] as const).map((tab) => <Tabs.Tab key={tab} value={tab}>{texts.tabs[tab]}</Tabs.Tab>)}</Tabs.List>
        <Tabs.Panel value="canvas"><Board journey={journey} draft={draft} setDraft={setDraft} versions={known} figures={figures.data} refused={refused} /></Tabs.Panel>
        <Tabs.Panel value="people"><People journey={journey} figures={figures.data} /></Tabs.Panel>
        <Tabs.Panel value="versions">{versions.isError ? <ProblemBox problem={versions.error} again={() => void versions.refetch()} /> : <Versions journey={journey} draft={draft} versions={known} />}</Tabs.Panel>
        <Tabs.Panel value="backtest"><Backtest journey={journey} draft={draft} /></Tabs.Panel>
      </Tabs>
    </Stack>
  );
}
