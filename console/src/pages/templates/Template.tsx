import { Alert, Anchor, Badge, Stack, Tabs } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { campaignCheck, campaignGetTemplate } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { Head } from '../../parts/Head';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { templates } from '../../texts/templates';
import { Check } from '../campaigns/Check';
import { Editor } from './Editor';
import { SideBySide } from './SideBySide';
import { TestSend } from './TestSend';

export default function Template() {
  const texts = useTexts(templates);
  const format = useFormat();
  const session = useSession();
  const { id } = useParams({ strict: false }) as { id: string };
  const [changed, setChanged] = useState(false);
  const asked = useQuery({ queryKey: ['template', id], queryFn: () => campaignGetTemplate({ path: { template_id: id } }), refetchOnWindowFocus: false });
  const checking = useMutation({ mutationFn: () => campaignCheck({ path: { template_id: id } }) });
  if (asked.isPending) return <Waiting />;
  if (asked.isError) return <ProblemBox problem={asked.error} again={() => void asked.refetch()} />;
  const template = asked.data;
  return (
    <Stack>
      <Anchor component={Link} to="/templates" size="sm">{texts.back}</Anchor>
      <Head title={<bdi>{template.name}</bdi>} text={texts.help}><Badge size="lg" variant="light" tt="none">{texts.version} {format.number(template.version)}</Badge></Head>
      <Tabs defaultValue="write">
        <Tabs.List mb="md">{(['write', 'check', 'preview', ...(session.may('campaigns:send') ? ['test'] as const : [])] as const).map((tab) => <Tabs.Tab key={tab} value={tab}>{texts.tabs[tab]}</Tabs.Tab>)}</Tabs.List>
        <Tabs.Panel value="write"><Editor template={template} findings={checking.data?.findings ?? []} changed={setChanged} saved={() => checking.mutate()} /></Tabs.Panel>
        <Tabs.Panel value="check">
          <Stack>
            {changed && <Alert color="yellow" variant="light">{texts.check.saveFirst}</Alert>}
            <Check told={checking.data} waiting={checking.isPending} problem={checking.error} ask={() => checking.mutate()} />
          </Stack>
        </Tabs.Panel>
        <Tabs.Panel value="preview">
          <Stack>
            {changed && <Alert color="yellow" variant="light">{texts.preview.saveFirst}</Alert>}
            <SideBySide template={template} />
          </Stack>
        </Tabs.Panel>
        <Tabs.Panel value="test"><TestSend template={template} /></Tabs.Panel>
      </Tabs>
    </Stack>
  );
}
