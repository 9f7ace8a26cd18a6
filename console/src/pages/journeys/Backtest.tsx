import { Button, Card, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { campaignListBacktests, campaignStartBacktest } from '../../api';
import type { CampaignJourneyView } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { Empty } from '../../parts/Empty';
import { PickCustomer } from '../../parts/PickCustomer';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { journeys } from '../../texts/journeys';
import { Amount } from './fields';
import type { Definition } from './graph';
import { Result } from './Result';

const DAYS = [7, 30, 90, 180, 365] as const;

/** The draft over the recorded past: what would have happened. */
export function Backtest({ journey, draft }: { journey: CampaignJourneyView; draft: Definition }) {
  const all = useTexts(journeys);
  const texts = all.backtest;
  const title = all.tabs.backtest;
  const format = useFormat();
  const session = useSession();
  const queries = useQueryClient();
  const [given, setGiven] = useState({ days: '90', currency: 'EUR', price: undefined as number | undefined, customer: null as string | null });
  const [shown, setShown] = useState('');
  const put = (part: Partial<typeof given>) => setGiven({ ...given, ...part });
  const listed = useQuery({
    queryKey: ['journey', journey.id, 'backtests'], queryFn: () => campaignListBacktests({ path: { journey_id: journey.id }, query: { limit: 50 } }),
    refetchInterval: (query) => (query.state.data?.data.some((one) => one.status === 'waiting' || one.status === 'running') ? 1_000 : false),
  });
  const starting = useMutation({
    mutationFn: () => {
      const until = Date.now();
      const since = new Date(until - Number(given.days) * 86_400_000);
      return campaignStartBacktest({ path: { journey_id: journey.id }, body: {
        definition: draft, since: since.toISOString(), until: new Date(until).toISOString(),
        ...(given.customer !== null && { people: [{ customer_id: given.customer, at: since.toISOString() }] }),
        ...(given.price !== undefined && { costs: { currency: given.currency, per_1000_minor: { email: given.price } } }),
      } });
    },
    onSuccess: () => { setShown(''); void queries.invalidateQueries({ queryKey: ['journey', journey.id, 'backtests'] }); },
  });
  if (listed.isPending) return <Waiting />;
  if (listed.isError) return <ProblemBox problem={listed.error} again={() => void listed.refetch()} />;
  const known = listed.data.data;
  const one = known.find((each) => each.id === shown) ?? known[0];
  return (
    <Stack>
      <Text size="sm" c="dimmed">{texts.text}</Text>
      {session.may('campaigns:write') && (
        <Card withBorder>
          <Stack gap="sm">
            <Group align="start">
              <NativeSelect label={texts.days} value={given.days} onChange={(event) => put({ days: event.currentTarget.value })} data={DAYS.map((days) => ({ value: String(days), label: texts.daysOf(format.number(days)) }))} />
              <Amount label={texts.price} help={texts.priceHelp} value={given.price} change={(price) => put({ price })} />
              <TextInput label={texts.currency} dir="ltr" maxLength={3} w={90} value={given.currency} onChange={(event) => put({ currency: event.currentTarget.value.toUpperCase() })} />
            </Group>
            {draft.entry.api !== undefined && <PickCustomer label={texts.api} help={texts.apiHelp} chosen={(customer) => put({ customer })} />}
            <Group><Button loading={starting.isPending} onClick={() => starting.mutate()}>{texts.run}</Button></Group>
            {starting.isError && <ProblemBox problem={starting.error} />}
          </Stack>
        </Card>
      )}
      {known.length > 1 && <NativeSelect label={texts.earlier} maw={360} value={one.id} onChange={(event) => setShown(event.currentTarget.value)}
        data={known.map((each) => ({ value: each.id, label: `${format.dateTime(each.created_at)}: ${texts.window(format.date(each.since), format.date(each.until))}` }))} />}
      {one === undefined ? <Empty title={title} text={texts.none} /> : <Result journey={journey.id} test={one} />}
    </Stack>
  );
}
