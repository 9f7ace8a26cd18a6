import { Alert, Badge, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { campaignAudit, campaignReportApiV1ProgrammesProgrammeIdReportGet as getReport } from '../../api';
import type { CampaignIntervalView, CampaignProgrammeView } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { Figure } from '../../parts/Figure';
import { Listing } from '../../parts/Listing';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { called } from '../../texts/campaigns';
import { programmes } from '../../texts/programmes';
import type { Loyalty } from './asking';

/** Who takes part and who was held out, side by side; with points, their books. */
export function Report({ programme }: { programme: CampaignProgrammeView }) {
  const all = useTexts(programmes);
  const texts = all.report;
  const format = useFormat();
  const asked = useQuery({ queryKey: ['programme', programme.id, 'report'], refetchInterval: 15_000, queryFn: () => getReport({ path: { programme_id: programme.id } }) });
  if (asked.isPending) return <Waiting />;
  if (asked.isError) return <ProblemBox problem={asked.error} again={() => void asked.refetch()} />;
  const report = asked.data;
  const currency = report.arms.find((one) => one.currency)?.currency ?? (programme.settings as unknown as Loyalty).earn?.[0]?.currency ?? 'EUR';
  const arm = (name: string) => called(all.members.arms, name);
  const said = report.satisfaction;
  const answers = (['treated', 'holdout'] as const).filter((name) => (said.before[name]?.answers ?? 0) + (said.after[name]?.answers ?? 0) > 0);
  const mean = (value: number | null | undefined) => (value === null || value === undefined ? '–' : format.number(value, 2));
  return (
    <Stack>
      {report.arms.length === 0 ? <Text c="dimmed">{texts.none}</Text> : (
        <Listing label={texts.members} rows={report.arms} id={(row) => row.arm} columns={[
          { name: all.members.arm, show: (row) => arm(row.arm) },
          { name: texts.members, number: true, show: (row) => format.number(row.members) },
          { name: texts.present, number: true, show: (row) => format.number(row.present) },
          { name: texts.buyers, number: true, show: (row) => format.number(row.buyers) },
          { name: texts.orders, number: true, show: (row) => format.number(row.orders) },
          { name: texts.sales, number: true, show: (row) => <bdi>{row.currency ? format.money(row.net_minor, row.currency) : '–'}</bdi> },
        ]} />
      )}
      <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="xs">
        <Figure label={texts.redemptions} value={format.number(report.redemptions)} />
        <Figure label={texts.pointsTaken} value={format.number(report.points_redeemed)} />
        <Figure label={texts.cost} value={<bdi>{format.money(report.reward_cost_minor, currency)}</bdi>} />
      </SimpleGrid>
      {report.arms.length > 0 && (
        <section aria-label={texts.effect}>
          <Title order={2} size="h5" mb="xs">{texts.effect}</Title>
          {programme.holdout === 0 && !report.buyers ? <Text size="sm" c="dimmed">{texts.noHoldout}</Text> : (
            <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="xs">
              {report.buyers && <Difference label={texts.more} of={report.buyers} shown={(value) => format.percent(value)} />}
              {report.sales_minor && <Difference label={texts.salesEach} of={report.sales_minor} shown={(value) => <bdi>{format.money(value, currency)}</bdi>} text={(value) => format.money(value, currency)} />}
              {said.change && <Difference label={texts.happier} of={said.change} shown={(value) => format.number(value, 2)} />}
            </SimpleGrid>
          )}
        </section>
      )}
      {answers.length > 0 && (
        <section aria-label={texts.satisfaction}>
          <Group mb="xs"><Title order={2} size="h5">{texts.satisfaction}</Title>{said.goal !== null && <Badge variant="light" tt="none" color={said.reached ? 'teal' : 'yellow'}>{texts.goal(format.number(said.goal, 1))}: {said.reached ? texts.reached : texts.notReached}</Badge>}</Group>
          <Listing label={texts.satisfaction} rows={answers} id={(row) => row} columns={[
            { name: all.members.arm, show: arm }, { name: texts.before, number: true, show: (row) => mean(said.before[row]?.mean) }, { name: texts.after, number: true, show: (row) => mean(said.after[row]?.mean) },
            { name: texts.answers, number: true, show: (row) => format.number((said.before[row]?.answers ?? 0) + (said.after[row]?.answers ?? 0)) },
          ]} />
        </section>
      )}
      {report.dealings.length > 0 && (
        <section aria-label={texts.dealings}>
          <Title order={2} size="h5" mb="xs">{texts.dealings}</Title>
          <Listing label={texts.dealings} rows={report.dealings} id={(row) => row.arm} columns={[
            { name: all.members.arm, show: (row) => arm(row.arm) },
            { name: `${texts.ordersEach}, ${texts.before}`, number: true, show: (row) => format.number(row.orders_before, 2) }, { name: `${texts.ordersEach}, ${texts.after}`, number: true, show: (row) => format.number(row.orders_after, 2) },
            { name: `${texts.productsEach}, ${texts.before}`, number: true, show: (row) => format.number(row.products_before, 2) }, { name: `${texts.productsEach}, ${texts.after}`, number: true, show: (row) => format.number(row.products_after, 2) },
          ]} />
        </section>
      )}
      {programme.kind === 'loyalty' && <Books id={programme.id} />}
    </Stack>
  );
}

function Difference({ label, of, shown, text }: { label: string; of: CampaignIntervalView; shown: (value: number) => ReactNode; text?: (value: number) => string }) {
  const texts = useTexts(programmes).report;
  const told = text ?? ((value: number) => String(shown(value)));
  return <Figure label={label} value={shown(of.difference)} more={<bdi>{texts.interval(told(of.low), told(of.high))}</bdi>} />;
}

function Books({ id }: { id: string }) {
  const texts = useTexts(programmes).report;
  const format = useFormat();
  const asked = useQuery({ queryKey: ['programme', id, 'books'], queryFn: () => campaignAudit({ path: { programme_id: id } }) });
  if (asked.isPending) return <Waiting />;
  if (asked.isError) return <ProblemBox problem={asked.error} again={() => void asked.refetch()} />;
  const books = asked.data;
  return (
    <section aria-label={texts.books}>
      <Title order={2} size="h5" mb="xs">{texts.books}</Title>
      <SimpleGrid cols={{ base: 2, sm: 5 }} spacing="xs" mb="xs">
        {(['issued', 'member', 'redeemed', 'expired', 'owed'] as const).map((one) => <Figure key={one} label={texts.accounts[one]} value={format.number(Math.abs(books[one]))} />)}
      </SimpleGrid>
      {books.wrong_accounts > 0 ? <Alert color="red" variant="light">{texts.wrong(format.number(books.wrong_accounts))}</Alert> : <Text size="sm" c="dimmed">{texts.right}</Text>}
    </section>
  );
}
