import { Alert, Anchor, Group, Stack, Tabs, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { campaignGetCampaign } from '../../api';
import { useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { Head } from '../../parts/Head';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { called, campaigns } from '../../texts/campaigns';
import { Actions } from './Actions';
import { Status } from './Campaigns';
import { Messages } from './Messages';
import { Prepare } from './Prepare';
import { Preview } from './Preview';
import { Report } from './Report';
import { Why } from './Why';

const UNDER_WAY = ['scheduled', 'planning', 'sending'];

export default function Campaign() {
  const texts = useTexts(campaigns);
  const session = useSession();
  const { id } = useParams({ strict: false }) as { id: string };
  const asked = useQuery({
    queryKey: ['campaign', id], queryFn: () => campaignGetCampaign({ path: { campaign_id: id } }),
    refetchInterval: (query) => (UNDER_WAY.includes(query.state.data?.status ?? '') ? 2_000 : false),
  });
  if (asked.isPending) return <Waiting />;
  if (asked.isError) return <ProblemBox problem={asked.error} again={() => void asked.refetch()} />;
  const campaign = asked.data;
  const live = UNDER_WAY.includes(campaign.status);
  const people = session.may('customers:read', 'customers:write');
  return (
    <Stack>
      <Anchor component={Link} to="/campaigns" size="sm">{texts.back}</Anchor>
      <Head title={<bdi>{campaign.name}</bdi>}
        text={<Group gap="xs"><Status status={campaign.status} /><span>{called(texts.channels, campaign.channel)}</span><bdi>{campaign.purpose}</bdi>{campaign.approved_by && <Text span size="sm">{texts.act.approvedBy(campaign.approved_by)}</Text>}</Group>}>
        <Actions campaign={campaign} />
      </Head>
      {campaign.status_reason && <Alert color="yellow" variant="light"><bdi>{campaign.status_reason}</bdi></Alert>}
      {campaign.status === 'draft' && campaign.needs_approval && !campaign.approved_by && <Alert color="yellow" variant="light">{texts.act.needsApproval}</Alert>}
      <Tabs defaultValue={campaign.status === 'draft' ? 'prepare' : 'report'} keepMounted={false}>
        <Tabs.List mb="md">
          {(['report', 'prepare', 'preview'] as const).map((tab) => <Tabs.Tab key={tab} value={tab}>{texts.tabs[tab]}</Tabs.Tab>)}
          {people && <Tabs.Tab value="why">{texts.tabs.why}</Tabs.Tab>}
          <Tabs.Tab value="messages">{texts.tabs.messages}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="report"><Report campaign={campaign} live={live} /></Tabs.Panel>
        <Tabs.Panel value="prepare"><Prepare id={id} /></Tabs.Panel>
        <Tabs.Panel value="preview"><Preview template={campaign.template_id} version={campaign.template_version} /></Tabs.Panel>
        <Tabs.Panel value="why"><Why id={id} /></Tabs.Panel>
        <Tabs.Panel value="messages"><Messages id={id} live={live} /></Tabs.Panel>
      </Tabs>
    </Stack>
  );
}
