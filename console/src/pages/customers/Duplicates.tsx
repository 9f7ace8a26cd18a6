import { Anchor, Button, Group, NativeSelect, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { customerAskScan, customerListDuplicates, customerListScans } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { Empty } from '../../parts/Empty';
import { Head } from '../../parts/Head';
import { Icon } from '../../parts/Icon';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { customers } from '../../texts/customers';
import { duplicates } from '../../texts/duplicates';
import { Pair } from './Pair';

const STATES = ['open', 'later', 'not_same', 'merged'] as const;

/** One pair after the other; `?customer=` shows those of one customer. */
export default function Duplicates() {
  const texts = useTexts(duplicates);
  const back = useTexts(customers).back;
  const format = useFormat();
  const { customer } = useSearch({ strict: false }) as { customer?: string };
  const [state, setState] = useState<(typeof STATES)[number]>('open');
  const [place, setPlace] = useState(0);
  const asked = useInfiniteQuery({
    queryKey: ['duplicates', state, customer], initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => customerListDuplicates({ query: { state, limit: 50, page_token: pageParam, ...(customer && { customer, min_score: 0 }) } }),
    getNextPageParam: (page) => page.next_page_token ?? undefined,
  });
  const rows = asked.data?.pages.flatMap((page) => page.data) ?? [];
  const here = Math.min(place, Math.max(0, rows.length - 1));
  const go = (to: number) => {
    setPlace(Math.max(0, Math.min(to, rows.length - 1)));
    if (to >= rows.length - 2 && asked.hasNextPage && !asked.isFetchingNextPage) void asked.fetchNextPage();
  };
  return (
    <Stack>
      <Anchor component={Link} to="/customers" size="sm">{back}</Anchor>
      <Head title={texts.title} text={texts.text} />
      <Scan />
      <Group align="end" justify="space-between">
        <NativeSelect label={texts.shown} value={state} onChange={(event) => { setState(event.currentTarget.value as 'open'); setPlace(0); }} data={STATES.map((value) => ({ value, label: texts.states[value] }))} />
        {rows.length > 0 && (
          <Group gap="xs">
            <Text size="sm" role="status">{texts.place(format.number(here + 1), format.number(rows.length))} {asked.hasNextPage && texts.more}</Text>
            <Button variant="default" disabled={here === 0} onClick={() => go(here - 1)}>{texts.previous}</Button>
            <Button variant="default" disabled={here >= rows.length - 1} onClick={() => go(here + 1)}>{texts.next}</Button>
          </Group>
        )}
      </Group>
      {asked.isPending ? <Waiting /> : asked.isError ? <ProblemBox problem={asked.error} again={() => void asked.refetch()} />
        : rows.length === 0 ? (state === 'open' ? <Empty {...texts.empty} /> : <Text c="dimmed">{texts.emptyOther}</Text>)
        : <Pair key={`${rows[here].low_id}/${rows[here].high_id}/${rows[here].state}`} pair={rows[here]} go={(by) => go(here + by)} />}
    </Stack>
  );
}

function Scan() {
  const texts = useTexts(duplicates).scan;
  const format = useFormat();
  const session = useSession();
  const queries = useQueryClient();
  const asked = useQuery({
    queryKey: ['duplicate-scans'], queryFn: () => customerListScans({ query: { limit: 1 } }),
    refetchInterval: ({ state }) => (['queued', 'running'].includes(state.data?.data[0]?.state ?? '') ? 1_000 : false),
  });
  const ran = useRef(false);
  const asking = useMutation({ mutationFn: () => customerAskScan(), onSuccess: () => { ran.current = true; }, onSettled: () => void queries.invalidateQueries({ queryKey: ['duplicate-scans'] }) });
  const last = asked.data?.data[0];
  const runs = last?.state === 'queued' || last?.state === 'running';
  useEffect(() => {
    if (ran.current && last?.state === 'done') {
      notifications.show({ message: texts.done, color: 'teal' });
      void queries.invalidateQueries({ queryKey: ['duplicates'] });
    }
    ran.current = runs;
  }, [runs, last?.id, last?.state, queries, texts.done]);
  if (asked.isPending) return <Waiting />;
  if (asked.isError) return <ProblemBox problem={asked.error} again={() => void asked.refetch()} />;
  return (
    <Stack gap="xs">
      {runs ? <Waiting what={texts.running} done={Math.round(last.progress * 100)} total={100} /> : (
        <Group>
          {session.may('customers:write') && <Button leftSection={<Icon name="search" />} loading={asking.isPending} onClick={() => asking.mutate()}>{texts.ask}</Button>}
          <Text size="sm" c="dimmed">{!last ? texts.never : last.state === 'failed' ? texts.failed : texts.last(format.ago(last.finished_at ?? last.created_at), format.number(last.profiles), format.number(last.likely))}</Text>
        </Group>
      )}
      {asking.isError && <ProblemBox problem={asking.error} />}
    </Stack>
  );
}
