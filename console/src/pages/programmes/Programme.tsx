import { Anchor, Badge, Button, Group, Stack, Tabs } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { campaignMoveProgramme } from '../../api';
import type { CampaignProgrammeView } from '../../api';
import { useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { Head } from '../../parts/Head';
import { Icon } from '../../parts/Icon';
import { ProblemBox } from '../../parts/Problem';
import { Sure } from '../../parts/Sure';
import { Waiting } from '../../parts/Waiting';
import { called } from '../../texts/campaigns';
import { programmes } from '../../texts/programmes';
import { COLOURS, useProgramme } from './asking';
import { Editor } from './Editor';
import { Member } from './Member';
import { Members } from './Members';
import { Report } from './Report';
import { Rewards } from './Rewards';

export default function Programme() {
  const { id } = useParams({ strict: false }) as { id: string };
  const asked = useProgramme(id);
  if (asked.isPending) return <Waiting />;
  if (asked.isError) return <ProblemBox problem={asked.error} again={() => void asked.refetch()} />;
  return <Shown programme={asked.data} />;
}

function Shown({ programme }: { programme: CampaignProgrammeView }) {
  const texts = useTexts(programmes);
  const session = useSession();
  const { id, kind, status } = programme;
  const tabs = (['report', 'member', 'members', 'rewards', 'rules'] as const).filter((tab) => tab !== 'rewards' || kind === 'loyalty' || kind === 'rewards');
  return (
    <Stack>
      <Anchor component={Link} to="/programmes" size="sm">{texts.back}</Anchor>
      <Head title={<bdi>{programme.name}</bdi>} text={<Group gap="xs"><Badge variant="light" tt="none" color={COLOURS[status]}>{texts.statuses[status]}</Badge>{called(texts.kinds, kind)}</Group>}><Actions programme={programme} /></Head>
      <Tabs defaultValue={status === 'draft' ? 'rules' : 'report'} keepMounted={false}>
        <Tabs.List mb="md">{tabs.map((tab) => <Tabs.Tab key={tab} value={tab}>{texts.tabs[tab]}</Tabs.Tab>)}</Tabs.List>
        <Tabs.Panel value="report"><Report programme={programme} /></Tabs.Panel>
        <Tabs.Panel value="member"><Member programme={programme} /></Tabs.Panel>
        <Tabs.Panel value="members"><Members id={id} /></Tabs.Panel>
        <Tabs.Panel value="rewards"><Rewards programme={programme} /></Tabs.Panel>
        <Tabs.Panel value="rules"><Editor key={programme.updated_at} kind={kind} begun={programme.settings} programme={programme} may={session.may('campaigns:write')} /></Tabs.Panel>
      </Tabs>
    </Stack>
  );
}

function Actions({ programme }: { programme: CampaignProgrammeView }) {
  const texts = useTexts(programmes).act;
  const session = useSession();
  const queries = useQueryClient();
  const [ending, setEnding] = useState(false);
  const acting = useMutation({
    mutationFn: (action: 'start' | 'pause' | 'end') => campaignMoveProgramme({ path: { programme_id: programme.id, action } }),
    onSuccess: () => {
      setEnding(false);
      notifications.show({ message: texts.done, color: 'teal' });
      void queries.invalidateQueries({ queryKey: ['programme', programme.id] });
      void queries.invalidateQueries({ queryKey: ['programmes'] });
    },
  });
  if (!session.may('campaigns:send')) return null;
  const { status } = programme;
  return (
    <>
      {(status === 'draft' || status === 'paused') && <Button leftSection={<Icon name="play" />} loading={acting.isPending && acting.variables === 'start'} onClick={() => acting.mutate('start')}>{texts.start}</Button>}
      {status === 'running' && <Button variant="default" leftSection={<Icon name="pause" />} loading={acting.isPending && acting.variables === 'pause'} onClick={() => acting.mutate('pause')}>{texts.pause}</Button>}
      {(status === 'running' || status === 'paused') && <Button variant="default" onClick={() => { acting.reset(); setEnding(true); }}>{texts.end}</Button>}
      {acting.isError && !ending && <ProblemBox problem={acting.error} />}
      {ending && <Sure title={texts.sure} text={texts.sureText} yes={texts.end} no={texts.keep} danger waiting={acting.isPending} problem={acting.error} confirm={() => acting.mutate('end')} close={() => setEnding(false)} />}
    </>
  );
}
