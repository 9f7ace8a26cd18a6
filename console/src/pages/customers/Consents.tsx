import { Badge, Button, Code, Modal, Stack, Text, Title } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { consentGetConsent, consentGetReceipt } from '../../api';
import { useFormat } from '../../app/format';
import { usePreferences, useTexts } from '../../app/preferences';
import { Listing } from '../../parts/Listing';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { customers } from '../../texts/customers';
import { shell } from '../../texts/shell';

interface Standing { state: string; allowed: boolean; reason: string | null; since: string | null }

/** What is allowed now, and everything that was ever said, each with its proof. */
export function Consents({ id }: { id: string }) {
  const texts = useTexts(customers).consents;
  const { language } = usePreferences();
  const format = useFormat();
  const words = useTexts(shell);
  const [shown, setShown] = useState<string | null>(null);
  const asked = useInfiniteQuery({
    queryKey: ['customer', id, 'consent'], initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => consentGetConsent({ path: { customer_id: id }, query: { limit: 50, page_token: pageParam } }),
    getNextPageParam: (page) => page.next_page_token ?? undefined,
  });
  if (asked.isPending) return <Waiting />;
  if (asked.isError) return <ProblemBox problem={asked.error} again={() => void asked.refetch()} />;
  const entries = asked.data.pages.flatMap((page) => page.data);
  const now = asked.data.pages[0].purposes.flatMap((purpose) => Object.entries(purpose.channels).map(([channel, standing]) => ({
    title: (purpose.title as Record<string, string>)[language] ?? purpose.purpose, channel, ...(standing as unknown as Standing), id: `${purpose.purpose}/${channel}`,
  })));
  const named = (state: string) => texts.states[state as keyof typeof texts.states] ?? state;
  return (
    <Stack>
      <Title order={2} size="h5">{texts.now}</Title>
      <Listing label={texts.now} rows={now} id={(row) => row.id} columns={[
        { name: texts.purpose, show: (row) => row.title },
        { name: texts.channel, show: (row) => row.channel },
        { name: texts.state, show: (row) => named(row.state) },
        { name: texts.allowed, show: (row) => <Badge variant="light" tt="none" color={row.allowed ? 'teal' : 'red'}>{row.allowed ? words.yes : words.no}</Badge> },
        { name: texts.since, show: (row) => (row.since ? format.date(row.since) : '–') },
      ]} />
      <Title order={2} size="h5">{texts.history}</Title>
      {entries.length === 0 ? <Text c="dimmed">{texts.empty}</Text> : (
        <Listing label={texts.history} rows={entries} id={(row) => row.entry_id} more={asked.hasNextPage ? () => void asked.fetchNextPage() : null} columns={[
          { name: texts.purpose, show: (row) => `${row.purpose} · ${row.channel}` },
          { name: texts.state, show: (row) => named(row.state) },
          { name: texts.said, show: (row) => format.dateTime(row.said_at) },
          { name: texts.source, show: (row) => <bdi>{row.source}</bdi> },
          { name: texts.wording, number: true, show: (row) => format.number(row.wording_version) },
          { name: texts.proof, show: (row) => <Button size="compact-xs" variant="default" onClick={() => setShown(row.entry_id)}>{texts.receipt}</Button> },
        ]} />
      )}
      {shown !== null && <Receipt customer={id} entry={shown} close={() => setShown(null)} />}
    </Stack>
  );
}

function Receipt({ customer, entry, close }: { customer: string; entry: string; close: () => void }) {
  const texts = useTexts(customers).consents;
  const words = useTexts(shell);
  const asked = useQuery({ queryKey: ['receipt', entry], queryFn: () => consentGetReceipt({ path: { customer_id: customer, entry_id: entry } }) });
  return (
    <Modal opened onClose={close} title={texts.receipt} size="lg" closeButtonProps={{ 'aria-label': words.close }}>
      {asked.isPending ? <Waiting /> : asked.isError ? <ProblemBox problem={asked.error} /> : <Code block dir="ltr" tabIndex={0}>{JSON.stringify(asked.data, null, 2)}</Code>}
    </Modal>
  );
}
