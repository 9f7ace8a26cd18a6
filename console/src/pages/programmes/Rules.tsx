import { ActionIcon, Button, Card, Group, NativeSelect, NumberInput, SimpleGrid, Stack, Text, TextInput, Title } from '@mantine/core';
import { useTexts } from '../../app/preferences';
import { Amount } from '../../parts/Amount';
import { Icon } from '../../parts/Icon';
import { programmes } from '../../texts/programmes';
import { type Loyalty, type Referral, useLoyalties } from './asking';

const whole = (value: number | string) => Math.round(Number(value)) || 0;
const maybe = (value: number | string) => (value === '' ? null : whole(value));

/** How a points programme gives points, and its tiers. */
export function LoyaltyRules({ rules, change }: { rules: Loyalty; change: (rules: Loyalty) => void }) {
  const texts = useTexts(programmes).loyalty;
  const tiers = rules.tiers ?? [];
  const put = (part: Partial<Loyalty>) => change({ ...rules, ...part });
  const earn = (place: number, part: object) => put({ earn: rules.earn.map((one, at) => (at === place ? { ...one, ...part } : one)) });
  const tier = (place: number, part: object) => put({ tiers: tiers.map((one, at) => (at === place ? { ...one, ...part } : one)) });
  return (
    <Stack>
      <Title order={2} size="h5">{texts.earn}</Title>
      {rules.earn.map((one, place) => (
        <Card withBorder key={place} p="sm">
          <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="xs">
            <NumberInput label={texts.points} min={1} required hideControls value={one.points} onChange={(points) => earn(place, { points: whole(points) })} />
            <Amount label={texts.per} required minor={one.per_minor} currency={one.currency} change={(minor) => earn(place, { per_minor: minor ?? 1 })} />
            <TextInput label={texts.currency} required maxLength={3} pattern="[A-Z]{3}" dir="ltr" value={one.currency} onChange={(event) => earn(place, { currency: event.currentTarget.value.toUpperCase() })} />
            <TextInput label={texts.category} placeholder={texts.any} value={one.category ?? ''} onChange={(event) => earn(place, { category: event.currentTarget.value || null })} />
            <TextInput label={texts.product} placeholder={texts.any} value={one.product_id ?? ''} onChange={(event) => earn(place, { product_id: event.currentTarget.value || null })} />
            <Amount label={texts.least} minor={one.least_minor ?? 0} currency={one.currency} change={(minor) => earn(place, { least_minor: minor ?? 0 })} />
          </SimpleGrid>
          {rules.earn.length > 1 && <Group justify="end" mt="xs"><Button size="compact-sm" variant="default" onClick={() => put({ earn: rules.earn.filter((_, at) => at !== place) })}>{texts.remove}</Button></Group>}
        </Card>
      ))}
      <Group><Button variant="default" leftSection={<Icon name="plus" size={14} />} onClick={() => put({ earn: [...rules.earn, { ...rules.earn[0], category: null, product_id: null }] })}>{texts.addEarn}</Button></Group>
      <Title order={2} size="h5">{texts.tiers}</Title>
      {tiers.length === 0 && <Text size="sm" c="dimmed">{texts.noTiers}</Text>}
      {tiers.map((one, place) => (
        <Group key={place} align="end" gap="xs">
          <TextInput flex={1} miw={110} label={texts.tier} placeholder={texts.tierHelp} required pattern="[a-z][a-z0-9_.\-]*" dir="ltr" value={one.name} onChange={(event) => tier(place, { name: event.currentTarget.value })} />
          <NumberInput flex={1} miw={80} label={texts.from} min={0} required hideControls value={one.from_points} onChange={(points) => tier(place, { from_points: whole(points) })} />
          <NumberInput flex={1} miw={80} label={texts.factor} min={1} max={100} step={0.1} hideControls value={one.factor ?? 1} onChange={(factor) => tier(place, { factor: Number(factor) || 1 })} />
          <ActionIcon variant="default" size={36} aria-label={`${texts.remove}: ${one.name}`} onClick={() => put({ tiers: tiers.filter((_, at) => at !== place) })}><Icon name="trash" /></ActionIcon>
        </Group>
      ))}
      <Group><Button variant="default" leftSection={<Icon name="plus" size={14} />} onClick={() => put({ tiers: [...tiers, { name: '', from_points: 100 * (tiers.length + 1), factor: 1 }] })}>{texts.addTier}</Button></Group>
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <NumberInput label={texts.tierDays} min={1} max={3650} hideControls value={rules.tier_days ?? 365} onChange={(days) => put({ tier_days: whole(days) || 365 })} />
        <NumberInput label={texts.expire} description={texts.expireHelp} min={1} max={3650} hideControls value={rules.expire_days ?? ''} onChange={(days) => put({ expire_days: maybe(days) })} />
        <NativeSelect label={texts.enrol} value={rules.enrol ?? 'automatic'} onChange={(event) => put({ enrol: event.currentTarget.value as 'automatic' })} data={(['automatic', 'on_request'] as const).map((value) => ({ value, label: texts.enrols[value] }))} />
        <NumberInput label={texts.welcome} min={0} hideControls value={rules.welcome_points ?? 0} onChange={(points) => put({ welcome_points: whole(points) })} />
      </SimpleGrid>
    </Stack>
  );
}

/** Points for who recommends and who comes. */
export function ReferralRules({ rules, change }: { rules: Referral; change: (rules: Referral) => void }) {
  const texts = useTexts(programmes).referral;
  const loyalties = useLoyalties();
  const known = loyalties.data?.data ?? [];
  const inside = known.find((one) => one.id === rules.loyalty_id) ?? known[0];
  const currency = (inside?.settings as Loyalty | undefined)?.earn[0]?.currency ?? 'EUR';
  const put = (part: Partial<Referral>) => change({ ...rules, ...part });
  if (loyalties.isSuccess && known.length === 0) return <Text role="alert">{texts.noLoyalty}</Text>;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }}>
      <NativeSelect label={texts.loyalty} required value={rules.loyalty_id} onChange={(event) => put({ loyalty_id: event.currentTarget.value })} data={[...(rules.loyalty_id ? [] : [{ value: '', label: '–' }]), ...known.map((one) => ({ value: one.id, label: one.name }))]} />
      <NumberInput label={texts.referrer} min={0} hideControls value={rules.referrer_points} onChange={(points) => put({ referrer_points: whole(points) })} />
      <NumberInput label={texts.newcomer} min={0} hideControls value={rules.newcomer_points ?? 0} onChange={(points) => put({ newcomer_points: whole(points) })} />
      <Amount label={texts.least} minor={rules.least_minor ?? 0} currency={currency} change={(minor) => put({ least_minor: minor ?? 0 })} />
      <NumberInput label={texts.most} min={1} hideControls value={rules.most_per_referrer ?? 100} onChange={(most) => put({ most_per_referrer: whole(most) || 1 })} />
    </SimpleGrid>
  );
}
