import { Badge, Button, Checkbox, Group, Modal, NativeSelect, NumberInput, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { campaignCreateReward, campaignEndReward, campaignListRewards } from '../../api';
import type { CampaignProgrammeView, CampaignRewardView } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { Amount } from '../../parts/Amount';
import { DayField, isDay } from '../../parts/Day';
import { Icon } from '../../parts/Icon';
import { Pages } from '../../parts/Pages';
import { ProblemBox } from '../../parts/Problem';
import { Sure } from '../../parts/Sure';
import { called } from '../../texts/campaigns';
import { programmes } from '../../texts/programmes';
import { shell } from '../../texts/shell';
import type { Loyalty } from './asking';

const STAGES = ['acquire', 'enhance', 'retain'] as const;

/** What can be had, how much of it is left, and for whom. */
export function Rewards({ programme }: { programme: CampaignProgrammeView }) {
  const all = useTexts(programmes);
  const texts = all.reward;
  const format = useFormat();
  const session = useSession();
  const queries = useQueryClient();
  const [making, setMaking] = useState(false);
  const [ending, setEnding] = useState<CampaignRewardView | null>(null);
  const again = () => void queries.invalidateQueries({ queryKey: ['programme', programme.id, 'rewards'] });
  const stopping = useMutation({
    mutationFn: (reward: string) => campaignEndReward({ path: { reward_id: reward } }),
    onSuccess: () => { setEnding(null); notifications.show({ message: texts.off, color: 'teal' }); again(); },
  });
  const may = session.may('campaigns:write');
  return (
    <Stack>
      {may && <Group><Button leftSection={<Icon name="plus" />} onClick={() => setMaking(true)}>{texts.new}</Button></Group>}
      <Pages queryKey={['programme', programme.id, 'rewards', 'pages']} label={all.tabs.rewards} empty={texts.none}
        load={(token) => campaignListRewards({ path: { programme_id: programme.id }, query: { limit: 50, page_token: token } })}
        id={(row) => row.id}
        columns={[
          { name: texts.name, show: (row) => <bdi>{row.name}</bdi> },
          { name: texts.kind, show: (row) => called(texts.kinds, row.kind) },
          { name: texts.points, number: true, show: (row) => (row.points ? format.number(row.points) : texts.free) },
          { name: texts.redeemed, number: true, show: (row) => format.number(row.redeemed) },
          { name: texts.left, number: true, show: (row) => (row.stock === null ? texts.noLimit : format.number(row.stock - row.redeemed)) },
          { name: texts.budget, number: true, show: (row) => (row.budget_minor === null ? texts.noLimit : <bdi>{format.money(row.spent_minor, row.currency)} / {format.money(row.budget_minor, row.currency)}</bdi>) },
          { name: texts.limits, show: (row) => [...row.tiers, ...row.stages.map((stage) => called(all.playbooks.stages, stage))].join(', ') || '–' },
          { name: all.status, show: (row) => (!row.active ? <Badge variant="light" color="gray" tt="none">{texts.ended}</Badge> : may ? <Button size="compact-xs" variant="default" onClick={() => { stopping.reset(); setEnding(row); }}>{texts.end}</Button> : '–') },
        ]} />
      {making && <NewReward programme={programme} close={(made) => { setMaking(false); if (made) again(); }} />}
      {ending && <Sure title={texts.endSure} text={<><bdi>{ending.name}</bdi>: {texts.endText}</>} yes={texts.end} danger waiting={stopping.isPending} problem={stopping.error} confirm={() => stopping.mutate(ending.id)} close={() => setEnding(null)} />}
    </Stack>
  );
}

function NewReward({ programme, close }: { programme: CampaignProgrammeView; close: (made: boolean) => void }) {
  const all = useTexts(programmes);
  const texts = all.reward;
  const words = useTexts(shell);
  const currency = (programme.settings as unknown as Loyalty).earn?.[0]?.currency ?? 'EUR';
  const [given, setGiven] = useState({ name: '', kind: 'gift' as const, points: programme.kind === 'loyalty' ? 100 : 0, cost: 0 as number | null, currency, stock: '' as number | string, budget: null as number | null, per: '' as number | string, tiers: '', stages: [] as string[], starts: '', ends: '' });
  const put = (part: object) => setGiven({ ...given, ...part });
  const making = useMutation({
    mutationFn: () => campaignCreateReward({ path: { programme_id: programme.id }, body: {
      name: given.name, kind: given.kind, points: given.points, cost_minor: given.cost ?? 0, currency: given.currency, stock: given.stock === '' ? null : Number(given.stock), budget_minor: given.budget,
      per_customer: given.per === '' ? null : Number(given.per), tiers: given.tiers.split(',').map((one) => one.trim()).filter(Boolean), stages: given.stages as (typeof STAGES)[number][],
      starts_at: isDay(given.starts) ? new Date(`${given.starts}T00:00`).toISOString() : null, ends_at: isDay(given.ends) ? new Date(`${given.ends}T00:00`).toISOString() : null,
    } }),
    onSuccess: () => { notifications.show({ message: texts.added, color: 'teal' }); close(true); },
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    making.mutate();
  }
  return (
    <Modal opened onClose={() => close(false)} title={texts.new} size="lg" closeButtonProps={{ 'aria-label': words.close }}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput label={texts.name} required data-autofocus value={given.name} onChange={(event) => put({ name: event.currentTarget.value })} />
          <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
            <NativeSelect label={texts.kind} value={given.kind} onChange={(event) => put({ kind: event.currentTarget.value })} data={(['gift', 'discount', 'offer', 'service'] as const).map((value) => ({ value, label: texts.kinds[value] }))} />
            {programme.kind === 'loyalty' && <NumberInput label={texts.points} min={0} hideControls value={given.points} onChange={(points) => put({ points: Number(points) || 0 })} />}
            <TextInput label={all.loyalty.currency} required maxLength={3} pattern="[A-Z]{3}" dir="ltr" value={given.currency} onChange={(event) => put({ currency: event.currentTarget.value.toUpperCase() })} />
            <Amount label={texts.cost} minor={given.cost} currency={given.currency} change={(cost) => put({ cost })} />
            <Amount label={texts.budget} help={texts.noLimit} minor={given.budget} currency={given.currency} change={(budget) => put({ budget })} />
            <NumberInput label={texts.stock} description={texts.noLimit} min={0} hideControls value={given.stock} onChange={(stock) => put({ stock })} />
            <NumberInput label={texts.per} description={texts.noLimit} min={1} hideControls value={given.per} onChange={(per) => put({ per })} />
            <TextInput label={texts.tiers} description={texts.tiersHelp} dir="ltr" value={given.tiers} onChange={(event) => put({ tiers: event.currentTarget.value })} />
            <DayField label={texts.starts} value={given.starts} change={(starts) => put({ starts })} />
            <DayField label={texts.ends} value={given.ends} change={(ends) => put({ ends })} />
          </SimpleGrid>
          <Checkbox.Group label={texts.stages} value={given.stages} onChange={(stages) => put({ stages })}><Group gap="sm" mt={4}>{STAGES.map((one) => <Checkbox key={one} value={one} label={all.playbooks.stages[one]} />)}</Group></Checkbox.Group>
          {making.isError && <ProblemBox problem={making.error} />}
          <Group justify="end"><Button variant="default" onClick={() => close(false)}>{words.cancel}</Button><Button type="submit" loading={making.isPending} disabled={[given.starts, given.ends].some((one) => one !== '' && !isDay(one))}>{texts.create}</Button></Group>
        </Stack>
      </form>
    </Modal>
  );
}
