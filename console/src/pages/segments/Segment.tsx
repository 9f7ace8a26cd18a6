import { Alert, Anchor, Badge, Stack, Tabs, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { analyticsExplain, analyticsGetSegment, analyticsListMembers } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { Head } from '../../parts/Head';
import { Icon } from '../../parts/Icon';
import { Listing } from '../../parts/Listing';
import { Pages } from '../../parts/Pages';
import { PickCustomer } from '../../parts/PickCustomer';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { called } from '../../texts/campaigns';
import { segments } from '../../texts/segments';
import { shell } from '../../texts/shell';
import { Editor } from './Editor';

export default function Segment() {
  const texts = useTexts(segments);
  const format = useFormat();
  const { id } = useParams({ strict: false }) as { id: string };
  const asked = useQuery({ queryKey: ['segments', id], queryFn: () => analyticsGetSegment({ path: { segment_id: id } }), refetchInterval: (query) => (query.state.data?.members === null ? 1000 : 10_000) });
  if (asked.isPending) return <Waiting />;
  if (asked.isError) return <ProblemBox problem={asked.error} again={() => void asked.refetch()} />;
  const segment = asked.data;
  return (
    <Stack>
      <Anchor component={Link} to="/segments" size="sm">{texts.back}</Anchor>
      <Head title={<bdi>{segment.name}</bdi>} text={<bdi>{segment.description}</bdi>}>
        <Badge size="lg" variant="light" tt="none">{texts.members}: {segment.members === null ? texts.counting : format.number(segment.members)}</Badge>
      </Head>
      <Tabs defaultValue="rule" keepMounted={false}>
        <Tabs.List mb="md">{(['rule', 'members', 'why'] as const).map((tab) => <Tabs.Tab key={tab} value={tab}>{texts.tabs[tab]}</Tabs.Tab>)}</Tabs.List>
        <Tabs.Panel value="rule">{segment.kind === 'list' ? <Text>{texts.listText}</Text> : <Editor key={segment.version} segment={segment} />}</Tabs.Panel>
        <Tabs.Panel value="members">
          <Pages queryKey={['segments', id, 'members']} label={texts.members} empty={texts.noMembers} load={(token) => analyticsListMembers({ path: { segment_id: id }, query: { limit: 50, page_token: token } })} id={(row) => row.customer_id} columns={[
            { name: texts.why.person, show: (row) => <Anchor component={Link} to="/customers/$id" params={{ id: row.customer_id } as never}><span className="ltr">{row.customer_id}</span></Anchor> },
            { name: texts.entered, show: (row) => (row.entered_at ? format.dateTime(row.entered_at) : '–') },
          ]} />
        </Tabs.Panel>
        <Tabs.Panel value="why"><Why id={id} /></Tabs.Panel>
      </Tabs>
    </Stack>
  );
}

function Why({ id }: { id: string }) {
  const all = useTexts(segments);
  const texts = all.why;
  const words = useTexts(shell);
  const [customer, setCustomer] = useState<string | null>(null);
  const asked = useQuery({ queryKey: ['segments', id, 'why', customer], enabled: customer !== null, queryFn: () => analyticsExplain({ path: { segment_id: id, customer_id: customer ?? '' } }) });
  return (
    <Stack>
      <Text size="sm" c="dimmed">{texts.text}</Text>
      <PickCustomer label={texts.person} help={texts.help} chosen={setCustomer} />
      {customer !== null && (asked.isPending ? <Waiting /> : asked.isError ? <ProblemBox problem={asked.error} again={() => void asked.refetch()} /> : (
        <>
          <Alert color={asked.data.holds ? 'teal' : 'red'} variant="light" icon={<Icon name={asked.data.holds ? 'check' : 'warning'} />} title={asked.data.holds ? texts.in : texts.out} />
          <Listing label={texts.clause} rows={asked.data.clauses} id={(row) => row.pointer} columns={[
            { name: texts.clause, show: (row) => <>{called(all.leaves, row.kind)} <Text span size="xs" c="dimmed" className="ltr">{row.pointer}</Text></> },
            { name: texts.holds, show: (row) => <Badge variant="light" tt="none" color={row.holds ? 'teal' : 'red'}>{row.holds ? words.yes : words.no}</Badge> },
            { name: texts.seen, show: (row) => <bdi>{row.seen ?? '–'}</bdi> },
          ]} />
        </>
      ))}
    </Stack>
  );
}
