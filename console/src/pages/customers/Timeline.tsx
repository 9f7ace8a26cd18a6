import { Badge, Button, Code, Group, Stack, Text, Timeline as Line } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { interactionListTimeline } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { customers } from '../../texts/customers';
import { shell } from '../../texts/shell';

export function Timeline({ id }: { id: string }) {
  const texts = useTexts(customers).timeline;
  const words = useTexts(shell);
  const format = useFormat();
  const asked = useInfiniteQuery({
    queryKey: ['customer', id, 'timeline'], initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => interactionListTimeline({ path: { customer_id: id }, query: { limit: 30, page_token: pageParam } }),
    getNextPageParam: (page) => page.next_page_token ?? undefined,
  });
  if (asked.isPending) return <Waiting />;
  if (asked.isError) return <ProblemBox problem={asked.error} again={() => void asked.refetch()} />;
  const entries = asked.data.pages.flatMap((page) => page.data);
  if (entries.length === 0) return <Text c="dimmed">{texts.empty}</Text>;
  return (
    <Stack>
      <Line bulletSize={14} lineWidth={2} active={-1}>
        {entries.map((entry) => (
          <Line.Item key={entry.id} title={<Group gap="xs"><bdi>{entry.name || entry.kind}</bdi><Badge variant="light" tt="none" size="sm">{entry.kind}</Badge></Group>}>
            <Text size="sm" c="dimmed">{format.dateTime(entry.occurred_at)} · {entry.channel} · {texts.by[entry.initiator as keyof typeof texts.by] ?? entry.initiator}</Text>
            <Details data={entry.data} />
          </Line.Item>
        ))}
      </Line>
      {asked.hasNextPage && <Group justify="center"><Button variant="default" loading={asked.isFetchingNextPage} onClick={() => void asked.fetchNextPage()}>{words.more}</Button></Group>}
    </Stack>
  );
}

/** What an entry says: its plain values in a line, all of it on demand. */
function Details({ data }: { data: Record<string, unknown> }) {
  const texts = useTexts(shell);
  const [open, setOpen] = useState(false);
  const whole = told(data);
  const plain = Object.entries(whole).filter(([, value]) => value !== null && typeof value !== 'object').slice(0, 6);
  if (Object.keys(whole).length === 0) return null;
  return (
    <>
      <Group gap="xs">{plain.map(([name, value]) => <Text key={name} size="xs" className="ltr">{name}: {String(value)}</Text>)}</Group>
      <Button variant="subtle" size="compact-xs" px={0} aria-expanded={open} onClick={() => setOpen(!open)}>{open ? texts.close : texts.more}</Button>
      {open && <Code block dir="ltr" fz="xs" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{JSON.stringify(whole, null, 1)}</Code>}
    </>
  );
}

/** An entry without its empty parts. */
function told(data: Record<string, unknown>): Record<string, unknown> {
  const full = Object.entries(data).filter(([, value]) => value !== null && value !== '' && !(typeof value === 'object' && Object.keys(value as object).length === 0));
  return full.length === 1 && full[0][0] === 'properties' ? full[0][1] as Record<string, unknown> : Object.fromEntries(full);
}
