import { Anchor, Card, List, Text, Title } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { analyticsPreviewSegment, customerGetCustomer } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { segments } from '../../texts/segments';
import { type Rule, whole } from './rule';

/** How many fit now, and ten of them; asked again a moment after each change. */
export function Preview({ rule }: { rule: Rule }) {
  const all = useTexts(segments);
  const texts = all.preview;
  const format = useFormat();
  const [wanted] = useDebouncedValue(JSON.stringify(rule), 350);
  const asked = useQuery({
    queryKey: ['segment-preview', wanted], enabled: whole(JSON.parse(wanted) as Rule), placeholderData: keepPreviousData, retry: false,
    queryFn: () => analyticsPreviewSegment({ body: { rule: JSON.parse(wanted) as Rule } }),
  });
  return (
    <Card withBorder component="section" aria-label={texts.title}>
      <Title order={2} size="h5">{texts.title}</Title>
      {asked.isError ? <ProblemBox problem={asked.error} /> : !asked.data ? (asked.isFetching ? <Waiting /> : <Text size="sm" c="dimmed">{all.group.empty}</Text>) : (
        <div style={{ opacity: asked.isPlaceholderData ? 0.7 : 1 }}>
          <Text fz={28} fw={700} className="number" role="status">{format.number(asked.data.count)}</Text>
          <Text size="sm" c="dimmed">{texts.of(format.number(asked.data.customers))}</Text>
          <Text size="xs" c="dimmed" mb="xs">{texts.cost(format.number(asked.data.cost), format.number(asked.data.cost_limit))} · {texts.at(format.dateTime(asked.data.as_of))}</Text>
          {asked.data.count === 0 ? <Text size="sm">{texts.nobody}</Text> : <><Text size="sm" fw={600}>{texts.examples}</Text><Named ids={asked.data.examples.slice(0, 10)} /></>}
        </div>
      )}
    </Card>
  );
}

/** Customers by name where the role may see them. */
function Named({ ids }: { ids: string[] }) {
  const session = useSession();
  const may = session.may('customers:read', 'customers:write');
  const asked = useQueries({ queries: ids.map((id) => ({ queryKey: ['customer', id, 'name'], enabled: may, staleTime: 60_000, queryFn: () => customerGetCustomer({ path: { customer_id: id } }) })) });
  return (
    <List size="sm">
      {ids.map((id, place) => <List.Item key={id}>{may ? <Anchor component={Link} to="/customers/$id" params={{ id } as never} size="sm"><bdi>{asked[place].data?.name || id.slice(0, 13)}</bdi></Anchor> : <span className="ltr">{id}</span>}</List.Item>)}
    </List>
  );
}
