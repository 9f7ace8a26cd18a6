import '@mantine/charts/styles.css';
import { BarChart } from '@mantine/charts';
import { Box, Button, Card, NativeSelect, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { analyticsGetMetric, analyticsListMetrics, analyticsListRows, analyticsListSegments } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { Listing } from '../../parts/Listing';
import { metricText } from '../../parts/metrics';
import { Pages } from '../../parts/Pages';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { analytics } from '../../texts/analytics';
import { called } from '../../texts/campaigns';
import { useMonths } from './months';

/** One metric: its value, its formula, how it moved, its groups, and the rows it is made of. */
export function Metrics() {
  const texts = useTexts(analytics);
  const format = useFormat();
  const { calendar, month } = useMonths();
  const [name, setName] = useState('revenue');
  const [by, setBy] = useState('');
  const [segment, setSegment] = useState('');
  const [rows, setRows] = useState(false);
  const known = useQuery({ queryKey: ['metrics'], queryFn: () => analyticsListMetrics() });
  const segments = useQuery({ queryKey: ['segments', 'choice'], queryFn: () => analyticsListSegments({ query: { limit: 200 } }) });
  const query = { calendar, ...(by && { by }), ...(segment && { segment }) };
  const asked = useQuery({ queryKey: ['metric', name, query], placeholderData: keepPreviousData, queryFn: () => analyticsGetMetric({ path: { name }, query: { ...query, trend: 12 } }) });
  if (known.isPending) return <Waiting />;
  if (known.isError) return <ProblemBox problem={known.error} again={() => void known.refetch()} />;
  const splits = known.data.data.find((one) => one.name === name)?.by ?? [];
  const told = asked.data;
  const shown = (value: number | null | undefined) => metricText(format, told?.unit ?? '', value, told?.currency);
  const groups = by === 'month' ? null : told?.groups ?? null;
  const bars = groups ? groups.slice(0, 20).map((one) => ({ label: one.label, value: one.value })) : (told?.trend?.months ?? []).map((key, place) => ({ label: month(key), value: told?.trend?.values[place] ?? null }));
  return (
    <Stack>
      <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="sm">
        <NativeSelect label={texts.metric} value={name} onChange={(event) => { setName(event.currentTarget.value); setBy(''); setRows(false); }} data={known.data.data.map((one) => ({ value: one.name, label: called(texts.metrics, one.name) }))} />
        <NativeSelect label={texts.by} value={by} onChange={(event) => setBy(event.currentTarget.value)} data={[{ value: '', label: texts.nothing }, ...splits.map((value) => ({ value, label: called(texts.splits, value) }))]} />
        <NativeSelect label={texts.segment} value={segment} onChange={(event) => setSegment(event.currentTarget.value)} data={[{ value: '', label: texts.everybody }, ...(segments.data?.data ?? []).map((one) => ({ value: one.id, label: one.name }))]} />
      </SimpleGrid>
      {asked.isError ? <ProblemBox problem={asked.error} again={() => void asked.refetch()} /> : !told ? <Waiting /> : (
        <>
          <Card withBorder>
            <Text fz={28} fw={700} className="number" role="status"><bdi>{shown(told.value)}</bdi></Text>
            {told.value === null && <Text size="sm">{texts.noValue(called({}, told.reason))}</Text>}
            <Text size="sm" c="dimmed">{texts.window(format.date(told.window.from), format.date(told.window.to))} · {texts.made(told.numerator === null ? '–' : format.number(told.numerator), format.number(told.denominator))}</Text>
            <details><summary style={{ lineHeight: '32px' }}>{texts.definition(format.number(told.definition_version))}</summary><Text size="sm" dir="ltr" ta="left">{told.formula}</Text></details>
          </Card>
          {bars.some((bar) => bar.value !== null) && (
            <section aria-label={groups ? called(texts.splits, by) : texts.trend}>
              <Title order={2} size="h5" mb="xs">{groups ? called(texts.splits, by) : texts.trend}</Title>
              <Box dir="ltr" aria-hidden>
                <BarChart h={240} data={bars} dataKey="label" series={[{ name: 'value', label: texts.value, color: 'indigo.6' }]} valueFormatter={shown} yAxisProps={{ width: 84 }} barChartProps={{ accessibilityLayer: false }} />
              </Box>
              <Listing label={groups ? texts.group : texts.trend} rows={bars} id={(row) => row.label} columns={[{ name: texts.group, show: (row) => <bdi>{row.label}</bdi> }, { name: texts.value, number: true, show: (row) => <bdi>{shown(row.value)}</bdi> }]} />
            </section>
          )}
          {!rows ? <Box><Button variant="default" onClick={() => setRows(true)}>{texts.showRows}</Button></Box> : (
            <section aria-label={texts.rows}>
              <Title order={2} size="h5" mb="xs">{texts.rows}</Title>
              <Pages queryKey={['metric-rows', name, query]} label={texts.rows} empty={texts.noRows} load={(token) => analyticsListRows({ path: { name }, query: { ...query, limit: 25, page_token: token } })} id={(row) => `${row.kind}/${row.id}/${row.part}`} columns={[
                { name: texts.row, show: (row) => <span className="ltr">{row.kind} {row.id}</span> },
                { name: texts.at, show: (row) => (row.at ? format.dateTime(row.at) : '–') },
                { name: texts.numerator, number: true, show: (row) => (row.numerator === null ? '–' : format.number(row.numerator)) },
                { name: texts.denominator, number: true, show: (row) => format.number(row.denominator) },
                { name: texts.note, show: (row) => <bdi>{row.note ?? row.part}</bdi> },
              ]} />
            </section>
          )}
        </>
      )}
    </Stack>
  );
}
