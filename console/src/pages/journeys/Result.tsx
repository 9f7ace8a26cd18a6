import { Alert, Anchor, Badge, Card, Group, NativeSelect, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { campaignListMessagesApiV1JourneysJourneyIdBacktestsBacktestIdMessagesGet as listMessages } from '../../api';
import type { CampaignBacktestView } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { Figure } from '../../parts/Figure';
import { Icon } from '../../parts/Icon';
import { Listing } from '../../parts/Listing';
import { Pages } from '../../parts/Pages';
import { Waiting } from '../../parts/Waiting';
import { called } from '../../texts/campaigns';
import { journeys } from '../../texts/journeys';

interface Sums {
  entered: number; people: number; outcomes: Record<string, number>; messages: number; reached: number; people_reached: number; blocked: Record<string, number>;
  cap_collisions: number; collisions: { cap: string; messages: number; people: number }[]; by_step: Record<string, { reached: number; blocked: number }>;
  as_it_stood_then: string[]; as_it_stands_now: string[]; digest: string; cost: { total_minor: Record<string, number>; unknown: string[] };
}
type Outcome = 'reached' | 'blocked';

/** What one backtest tells. */
export function Result({ journey, test }: { journey: string; test: CampaignBacktestView }) {
  const all = useTexts(journeys);
  const texts = all.backtest;
  const format = useFormat();
  if (test.status === 'waiting' || test.status === 'running') return <Waiting what={texts.running} />;
  if (test.status === 'failed' || test.result === null) return <Alert color="red" variant="light" role="alert" icon={<Icon name="warning" />} title={texts.failed}><bdi>{test.reason}</bdi></Alert>;
  const sums = test.result as unknown as Sums;
  const costs = Object.entries(sums.cost.total_minor);
  return (
    <Stack>
      <Alert color="blue" variant="light" role="status">{texts.reach} <Text span size="sm">{texts.window(format.date(test.since), format.date(test.until))}</Text></Alert>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="sm">
        <Figure label={texts.entered} value={format.number(sums.entered)} more={Object.entries(sums.outcomes).map(([why, count]) => <div key={why}>{called(all.people.outcomes, why)}: {format.number(count)}</div>)} />
        <Figure label={texts.reached} value={format.number(sums.reached)} more={texts.peopleReached(format.number(sums.people_reached))} />
        <Figure label={texts.blocked} value={format.number(sums.messages - sums.reached)} more={<>{texts.collisions}: {format.number(sums.cap_collisions)}</>} />
        <Figure label={texts.cost} value={costs.length ? costs.map(([currency, minor]) => format.money(minor, currency)).join(' + ') : '–'} more={sums.cost.unknown.length > 0 && texts.unpriced(sums.cost.unknown.join(', '))} />
      </SimpleGrid>
      {sums.entered === 0 && <Text>{texts.nobody}</Text>}
      {Object.keys(sums.by_step).length > 0 && (
        <Listing label={texts.steps} rows={Object.entries(sums.by_step)} id={([name]) => name} columns={[
          { name: texts.steps, show: ([name]) => <span className="ltr">{name}</span> },
          { name: texts.reached, number: true, show: ([, row]) => format.number(row.reached) },
          { name: texts.blocked, number: true, show: ([, row]) => format.number(row.blocked) },
        ]} />
      )}
      {Object.keys(sums.blocked).length > 0 && (
        <Listing label={texts.why} rows={Object.entries(sums.blocked)} id={([why]) => why} columns={[{ name: texts.why, show: ([why]) => <span className="ltr">{why}</span> }, { name: texts.messages, number: true, show: ([, count]) => format.number(count) }]} />
      )}
      {sums.collisions.length > 0 && (
        <Listing label={texts.cap} rows={sums.collisions} id={(row) => row.cap} columns={[
          { name: texts.cap, show: (row) => <bdi>{row.cap}</bdi> }, { name: texts.messages, number: true, show: (row) => format.number(row.messages) }, { name: texts.people, number: true, show: (row) => format.number(row.people) },
        ]} />
      )}
      <Messages journey={journey} test={test.id} />
      <Card withBorder>
        <Text size="sm"><b>{texts.then}:</b> <bdi>{sums.as_it_stood_then.join(', ')}</bdi></Text>
        <Text size="sm"><b>{texts.now}:</b> <bdi>{sums.as_it_stands_now.join(', ')}</bdi></Text>
        <Text size="sm"><b>{texts.digest}:</b> <span className="ltr">{sums.digest.slice(0, 16)}</span> <Text span size="xs" c="dimmed">{texts.digestHelp}</Text></Text>
      </Card>
    </Stack>
  );
}

function Messages({ journey, test }: { journey: string; test: string }) {
  const all = useTexts(journeys);
  const texts = all.backtest;
  const format = useFormat();
  const session = useSession();
  const [outcome, setOutcome] = useState<Outcome | ''>('');
  const people = session.may('customers:read', 'customers:write');
  return (
    <Stack gap="xs">
      <Group justify="space-between" align="end">
        <Title order={2} size="h4">{texts.list}</Title>
        <NativeSelect label={texts.outcome} value={outcome} onChange={(event) => setOutcome(event.currentTarget.value as Outcome | '')} data={[{ value: '', label: texts.all }, { value: 'reached', label: texts.outcomesOf.reached }, { value: 'blocked', label: texts.outcomesOf.blocked }]} />
      </Group>
      <Pages queryKey={['journey', journey, 'backtest', test, outcome]} label={texts.list} empty={texts.noMessages}
        load={(token) => listMessages({ path: { journey_id: journey, backtest_id: test }, query: { limit: 50, page_token: token, ...(outcome !== '' && { outcome }) } })}
        id={(row) => String(row.number)}
        columns={[
          { name: all.people.customer, show: (row) => (people ? <Anchor className="ltr" component={Link} to="/customers/$id" params={{ id: row.customer_id } as never}>{row.customer_id}</Anchor> : <span className="ltr">{row.customer_id}</span>) },
          { name: texts.when, show: (row) => format.dateTime(row.at) },
          { name: all.people.step, show: (row) => <span className="ltr" style={{ whiteSpace: 'nowrap' }}>{row.step}</span> },
          { name: texts.outcome, show: (row) => <Badge variant="light" tt="none" color={row.outcome === 'reached' ? 'teal' : 'gray'}>{called(texts.outcomesOf, row.outcome)}</Badge> },
          { name: texts.reason, show: (row) => <span className="ltr">{row.reason ?? '–'}</span> },
        ]} />
    </Stack>
  );
}
