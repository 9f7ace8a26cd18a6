import { Anchor, Badge, Card, Group, List, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useQueries, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { analyticsGetFreshness, analyticsGetMetric, customerListDuplicates, gatewayGetDeployment, interactionListCases } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { Empty } from '../../parts/Empty';
import { Head } from '../../parts/Head';
import { metricText } from '../../parts/metrics';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { start } from '../../texts/start';

const SHOWN = ['revenue', 'conversion', 'repeat_rate', 'retention', 'csat', 'time_to_responsible'] as const;

export default function Start() {
  const texts = useTexts(start);
  const session = useSession();
  return (
    <Stack gap="lg">
      <Head title={texts.title} text={texts.text} />
      <Health />
      {session.may('analytics:read', 'analytics:write') && <Figures />}
      <Attention />
    </Stack>
  );
}

function Health() {
  const texts = useTexts(start);
  const asked = useQuery({
    queryKey: ['readyz'], refetchInterval: 15_000,
    queryFn: async () => await (await fetch('/readyz')).json() as { status: string; parts?: Record<string, string[]> },
  });
  if (asked.isPending) return <Waiting what={texts.health} />;
  if (asked.isError) return <ProblemBox problem={asked.error} again={() => void asked.refetch()} />;
  const faulty = Object.entries(asked.data.parts ?? {}).filter(([, missing]) => missing.length > 0).map(([part]) => part);
  const well = asked.data.status === 'ready' && faulty.length === 0;
  return <Group><Badge size="lg" color={well ? 'teal' : 'red'} variant="light" tt="none">{well ? texts.ready : texts.notReady(faulty.join(', '))}</Badge></Group>;
}

function Figures() {
  const texts = useTexts(start);
  const format = useFormat();
  const fresh = useQuery({ queryKey: ['freshness'], queryFn: () => analyticsGetFreshness(), refetchInterval: 30_000 });
  const metrics = useQueries({ queries: SHOWN.map((name) => ({ queryKey: ['metric', name], queryFn: () => analyticsGetMetric({ path: { name } }), staleTime: 60_000 })) });
  if (fresh.isPending) return <Waiting what={texts.figures} />;
  if (fresh.isError) return <ProblemBox problem={fresh.error} again={() => void fresh.refetch()} />;
  if (fresh.data.profiles.customers === 0) return <Empty title={texts.empty.title} text={texts.empty.text} command="make demo" />;
  return (
    <section aria-labelledby="figures">
      <Title order={2} size="h4" id="figures" mb="xs">{texts.figures}</Title>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="sm">
        <Figure label={texts.customers} value={format.number(fresh.data.profiles.customers)} />
        {SHOWN.map((name, place) => {
          const { data, isPending, isError } = metrics[place];
          return <Figure key={name} label={texts.metrics[name]} value={isPending ? '…' : isError ? '–' : metricText(format, data.unit, data.value, data.currency)} />;
        })}
      </SimpleGrid>
      {fresh.data.data_age_s !== null && fresh.data.data_age_s !== undefined
        && <Text size="xs" c="dimmed" mt="xs">{texts.fresh(format.ago(new Date(Date.now() - fresh.data.data_age_s * 1000)))}</Text>}
    </section>
  );
}

function Figure({ label, value }: { label: string; value: string }) {
  return <Card withBorder p="sm"><Text size="sm" c="dimmed">{label}</Text><Text fz={24} fw={700} className="number">{value}</Text></Card>;
}

function Attention() {
  const texts = useTexts(start);
  const format = useFormat();
  const session = useSession();
  const admin = session.may('admin');
  const deployment = useQuery({ queryKey: ['deployment'], queryFn: () => gatewayGetDeployment(), enabled: admin, refetchInterval: 30_000 });
  const doubles = useQuery({ queryKey: ['duplicates', 'open'], queryFn: () => customerListDuplicates({ query: { state: 'open', limit: 100 } }), enabled: session.may('customers:write') });
  const cases = useQuery({ queryKey: ['cases', 'open'], queryFn: () => interactionListCases({ query: { status: ['open'], limit: 100 } }), enabled: session.may('interactions:read', 'interactions:write') });
  const many = (count: number) => format.number(count) + (count >= 100 ? '+' : '');
  const told: { text: string; to?: string }[] = [];
  for (const [part, state] of Object.entries(deployment.data?.parts ?? {})) {
    const { dead_letters: letters, readers = [] } = state as { dead_letters?: { open: number; parked: number }; readers?: { reader: string; stopped_by: string | null }[] };
    const count = (letters?.open ?? 0) + (letters?.parked ?? 0);
    if (count > 0) told.push({ text: texts.deadLetters(format.number(count), part), to: '/dead-letters' });
    for (const reader of readers) if (reader.stopped_by) told.push({ text: texts.stopped(reader.reader), to: '/dead-letters' });
  }
  if (doubles.data?.data.length) told.push({ text: texts.duplicates(many(doubles.data.data.length)), to: '/customers/duplicates' });
  if (cases.data?.data.length) told.push({ text: texts.cases(many(cases.data.data.length)), to: '/cases' });
  return (
    <section aria-labelledby="attention">
      <Title order={2} size="h4" id="attention" mb="xs">{texts.attention}</Title>
      {told.length === 0 ? <Text c="dimmed">{texts.calm}</Text>
        : <List spacing="xs">{told.map(({ text, to }) => <List.Item key={text}>{to ? <Anchor component={Link} to={to}>{text}</Anchor> : text}</List.Item>)}</List>}
    </section>
  );
}
