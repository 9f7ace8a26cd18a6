import { Button, Group, NumberInput, Progress, Stack, Text, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { analyticsAskFunnel } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { Listing } from '../../parts/Listing';
import { ProblemBox } from '../../parts/Problem';
import { analytics } from '../../texts/analytics';

const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);

export function Funnel() {
  const texts = useTexts(analytics).funnel;
  const format = useFormat();
  const [typed, setTyped] = useState('Product Viewed\nProduct Added\nOrder Completed');
  const [days, setDays] = useState<number | string>(90);
  const asking = useMutation({
    mutationFn: () => analyticsAskFunnel({ body: { steps: typed.split('\n').map((one) => one.trim()).filter(Boolean).map((event) => ({ event })), from: day(Number(days) || 90), to: day(-1) } }),
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    asking.mutate();
  }
  return (
    <Stack>
      <Text size="sm" c="dimmed">{texts.text}</Text>
      <form onSubmit={submit}>
        <Stack maw={480} gap="sm">
          <Textarea label={texts.steps} autosize minRows={3} required dir="ltr" value={typed} onChange={(event) => setTyped(event.currentTarget.value)} />
          <NumberInput label={texts.days} min={1} max={3650} value={days} onChange={setDays} hideControls />
          <Group><Button type="submit" loading={asking.isPending}>{texts.ask}</Button></Group>
        </Stack>
      </form>
      {asking.isError && <ProblemBox problem={asking.error} />}
      {asking.data && (asking.data.steps[0]?.count === 0 ? <Text>{texts.empty}</Text> : (
        <Listing label={texts.steps} rows={asking.data.steps.map((step, place) => ({ ...step, place }))} id={(row) => String(row.place)} columns={[
          { name: texts.step, show: (row) => <><bdi>{row.event}</bdi><Progress value={100 * (row.share ?? 0)} aria-hidden /></> },
          { name: texts.count, number: true, show: (row) => format.number(row.count) },
          { name: texts.share, number: true, show: (row) => (row.share === null ? '–' : format.percent(row.share)) },
          { name: texts.previous, number: true, show: (row) => (row.of_previous === null ? '–' : format.percent(row.of_previous)) },
          { name: texts.median, number: true, show: (row) => (row.median_s === null ? '–' : format.duration(row.median_s)) },
        ]} />
      ))}
    </Stack>
  );
}
