import { Alert, Group, NativeSelect, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { campaignReport } from '../../api';
import type { CampaignCampaignView, CampaignReportView } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { Empty } from '../../parts/Empty';
import { Figure } from '../../parts/Figure';
import { Listing } from '../../parts/Listing';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { called, campaigns } from '../../texts/campaigns';
import { Outcome } from './Outcome';

const RESPONSES = ['order', 'click', 'open', 'reply'] as const;

export function Report({ campaign, live }: { campaign: CampaignCampaignView; live: boolean }) {
  const texts = useTexts(campaigns).report;
  const [response, setResponse] = useState<string>('order');
  const asked = useQuery({
    queryKey: ['campaign', campaign.id, 'report', response], placeholderData: keepPreviousData, refetchInterval: live ? 2_000 : 30_000,
    queryFn: () => campaignReport({ path: { campaign_id: campaign.id }, query: { response } }),
  });
  if (campaign.status === 'draft') return <Empty {...texts.draft} />;
  if (asked.isPending) return <Waiting />;
  if (asked.isError) return <ProblemBox problem={asked.error} again={() => void asked.refetch()} />;
  return (
    <Stack gap="lg">
      <Sums report={asked.data} live={live} />
      <section aria-labelledby="outcome">
        <Group justify="space-between" align="end" mb="xs">
          <Title order={2} size="h4" id="outcome">{texts.outcome}</Title>
          <NativeSelect label={texts.counting} value={response} onChange={(event) => setResponse(event.currentTarget.value)} data={RESPONSES.map((value) => ({ value, label: texts.by[value] }))} />
        </Group>
        <Outcome outcome={asked.data.outcome} />
      </section>
    </Stack>
  );
}

function Sums({ report, live }: { report: CampaignReportView; live: boolean }) {
  const all = useTexts(campaigns);
  const texts = all.report;
  const format = useFormat();
  const settled = report.accepted + report.failed + report.suppressed + report.unknown;
  const onWay = report.open.planned + report.open.permitted + report.open.handing_off;
  const share = (value: number | null) => (value === null ? '–' : format.percent(value));
  return (
    <section aria-labelledby="sums">
      <Title order={2} size="h4" id="sums" mb="xs">{texts.sums}</Title>
      <Stack gap="sm">
        {(live || onWay > 0) && report.planned > 0 && <Waiting what={texts.sending} done={settled} total={report.planned} />}
        {onWay > 0 && report.waiting_until && <Text size="sm" c="dimmed">{texts.waiting(format.dateTime(report.waiting_until))}</Text>}
        {report.delivery.code !== 'delivery.configured' && <Alert color="yellow" variant="light" title={texts.noDelivery}><bdi>{report.delivery.message}</bdi></Alert>}
        <SimpleGrid cols={{ base: 2, sm: 3, md: 4 }} spacing="sm">
          <Figure label={texts.planned} value={format.number(report.planned)} />
          <Figure label={texts.accepted} value={format.number(report.accepted)} />
          <Figure label={texts.suppressed} value={format.number(report.suppressed)} />
          <Figure label={texts.failed} value={format.number(report.failed)} />
          {onWay > 0 && <Figure label={texts.open} value={format.number(onWay)} />}
          {report.unknown > 0 && <Figure label={texts.unknown} value={format.number(report.unknown)} />}
          <Figure label={texts.opens} value={format.number(report.opens.messages)} more={<>{share(report.open_rate)} · {texts.automated(format.number(report.opens.automated_messages))}</>} />
          <Figure label={texts.clicks} value={format.number(report.clicks.messages)} more={<>{share(report.click_through_rate)} · {texts.automated(format.number(report.clicks.automated_messages))}</>} />
        </SimpleGrid>
        <Title order={3} size="h5">{texts.reasons}</Title>
        {report.reasons.length === 0 ? <Text size="sm" c="dimmed">{texts.noReasons}</Text> : (
          <Listing label={texts.reasons} rows={report.reasons} id={(row) => `${row.state}/${row.reason}`} columns={[
            { name: texts.reason, show: (row) => <span className="ltr">{row.reason}</span> },
            { name: all.messages.state, show: (row) => called(all.messages.states, row.state) },
            { name: texts.messages, number: true, show: (row) => format.number(row.messages) },
          ]} />
        )}
      </Stack>
    </section>
  );
}
