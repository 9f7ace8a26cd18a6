import { Badge, Box, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import type { CampaignOutcomeView } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { Figure } from '../../parts/Figure';
import { Listing } from '../../parts/Listing';
import { campaigns } from '../../texts/campaigns';

/** What it brought: revenue, versions with their intervals, and the lift against those who got nothing. */
export function Outcome({ outcome }: { outcome: CampaignOutcomeView }) {
  const texts = useTexts(campaigns).report;
  const format = useFormat();
  const effect = outcome.incremental;
  return (
    <Stack gap="sm">
      <SimpleGrid cols={{ base: 2, sm: 3, md: 4 }} spacing="sm">
        <Figure label={texts.effective} value={format.number(outcome.effective)} />
        {outcome.revenue.map((money) => (
          <Figure key={money.currency} label={texts.revenue} value={<bdi>{format.money(money.revenue_minor, money.currency)}</bdi>}
            more={`${texts.orders}: ${format.number(money.orders)} · ${texts.customers}: ${format.number(money.customers)}`} />
        ))}
      </SimpleGrid>
      <Title order={3} size="h5">{texts.lift}</Title>
      {effect === null ? <Text size="sm" c="dimmed">{texts.noControl}</Text> : (
        <>
          <SimpleGrid cols={{ base: 2, md: 4 }} spacing="sm">
            <Figure label={texts.treated} value={format.percent(effect.treated_rate, 2)} />
            <Figure label={texts.control} value={format.percent(effect.control_rate, 2)} />
            <Figure label={texts.difference} value={<bdi>{format.percent(effect.difference, 2)}</bdi>} more={texts.interval(format.percent(effect.low, 2), format.percent(effect.high, 2))} />
            <Figure label={texts.extra} value={format.number(effect.extra_responses, 1)} />
          </SimpleGrid>
          <Group gap="xs"><Badge variant="light" tt="none" color={effect.beyond_chance ? 'teal' : 'yellow'}>{effect.beyond_chance ? texts.beyond : texts.within}</Badge></Group>
          <Range low={effect.low} high={effect.high} middle={effect.difference} label={texts.interval(format.percent(effect.low, 2), format.percent(effect.high, 2))} />
        </>
      )}
      {outcome.arms.length > 0 && (
        <>
          <Title order={3} size="h5">{texts.arms}</Title>
          <Listing label={texts.arms} rows={outcome.arms} id={(row) => row.name} columns={[
            { name: texts.arm, show: (row) => <bdi>{row.name}</bdi> },
            { name: texts.people, number: true, show: (row) => format.number(row.people) },
            { name: texts.responses, number: true, show: (row) => format.number(row.responses) },
            { name: texts.rate, number: true, show: (row) => (row.rate === null ? '–' : format.percent(row.rate, 2)) },
            { name: texts.range, show: (row) => texts.interval(format.percent(row.low, 2), format.percent(row.high, 2)) },
            { name: texts.p, number: true, show: (row) => (row.p_value === null ? '–' : format.number(row.p_value, 3)) },
          ]} />
        </>
      )}
    </Stack>
  );
}

/** The interval on a line with zero marked: whether it crosses zero is seen at once. */
function Range({ low, high, middle, label }: { low: number; high: number; middle: number; label: string }) {
  const reach = Math.max(Math.abs(low), Math.abs(high), 1e-9) * 1.15;
  const place = (value: number) => `${50 + (50 * value) / reach}%`;
  return (
    <Box role="img" aria-label={label} dir="ltr" pos="relative" h={26} maw={520}>
      <Box pos="absolute" top={12} left={0} right={0} h={2} bg="var(--mantine-color-default-border)" />
      <Box pos="absolute" top={2} left="50%" w={2} h={22} bg="var(--mantine-color-dimmed)" />
      <Box pos="absolute" top={9} h={8} style={{ left: place(low), right: `calc(100% - ${place(high)})`, borderRadius: 4 }} bg="var(--mantine-primary-color-filled)" />
      <Box pos="absolute" top={5} w={4} h={16} style={{ left: `calc(${place(middle)} - 2px)` }} bg="var(--mantine-color-text)" />
    </Box>
  );
}
