import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueries, useQueryClient } from '@tanstack/react-query';
import { campaignCancelApiV1ProgrammesRedemptionsRedemptionIdCancelPost as giveBack, campaignCheckApiV1ProgrammesRewardsRewardIdEligibilityCustomerIdGet as mayTake, campaignRedeem } from '../../api';
import type { CampaignProgrammeView, CampaignRewardView } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { Listing } from '../../parts/Listing';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { called } from '../../texts/campaigns';
import { programmes } from '../../texts/programmes';
import { shell } from '../../texts/shell';
import { useRewards } from './asking';

/** Rewards with why they may or may not be taken now; what was taken can be given back. */
export function Take({ programme, customer, may, balance }: { programme: CampaignProgrammeView; customer: string; may: boolean; balance: number | null }) {
  const all = useTexts(programmes);
  const texts = all.member;
  const words = useTexts(shell);
  const format = useFormat();
  const queries = useQueryClient();
  const rewards = useRewards(programme.id);
  const active = (rewards.data?.data ?? []).filter((one) => one.active);
  const asked = useQueries({ queries: active.map((one) => ({
    queryKey: ['programme', programme.id, 'eligibility', one.id, customer], queryFn: () => mayTake({ path: { reward_id: one.id, customer_id: customer } }),
  })) });
  const again = () => void queries.invalidateQueries({ queryKey: ['programme', programme.id] });
  const returning = useMutation({
    mutationFn: (redemption: string) => giveBack({ path: { redemption_id: redemption } }),
    onSuccess: (_, redemption) => { notifications.hide(redemption); notifications.show({ message: texts.undone, color: 'teal' }); again(); },
  });
  const taking = useMutation({
    mutationFn: (reward: CampaignRewardView) => campaignRedeem({ path: { reward_id: reward.id }, body: { customer_id: customer }, headers: { 'Idempotency-Key': crypto.randomUUID() } }),
    onSuccess: (done, reward) => {
      notifications.show({ id: done.id, color: 'teal', autoClose: 20_000, message: <Group>{texts.taken(reward.name)}<Button size="compact-xs" variant="default" onClick={() => returning.mutate(done.id)}>{words.undo}</Button></Group> });
      again();
    },
  });
  const short = (reward: CampaignRewardView) => balance !== null && reward.points > balance;
  if (rewards.isPending) return <Waiting />;
  if (rewards.isError) return <ProblemBox problem={rewards.error} again={() => void rewards.refetch()} />;
  return (
    <section aria-label={texts.rewards}>
      <Stack gap="xs">
        <Title order={2} size="h5">{texts.rewards}</Title>
        {taking.isError && <ProblemBox problem={taking.error} />}
        {returning.isError && <ProblemBox problem={returning.error} />}
        {active.length === 0 ? <Text c="dimmed">{all.reward.none}</Text> : (
          <Listing label={texts.rewards} rows={active.map((one, place) => ({ ...one, asked: asked[place] }))} id={(row) => row.id} columns={[
            { name: all.reward.name, show: (row) => <bdi>{row.name}</bdi> },
            { name: all.reward.points, number: true, show: (row) => (row.points ? format.number(row.points) : all.reward.free) },
            { name: texts.may, show: (row) => (row.asked?.data === undefined ? '…' : row.asked.data.allowed ? short(row) ? texts.short(format.number(row.points - (balance ?? 0))) : words.yes : called(texts.reasons, row.asked.data.reason)) },
            ...(may ? [{ name: texts.take, show: (row: (typeof active)[number] & { asked?: (typeof asked)[number] }) => (
              <Button size="compact-xs" variant="default" disabled={!row.asked?.data?.allowed || short(row)} loading={taking.isPending && taking.variables.id === row.id} onClick={() => taking.mutate(row)} aria-label={`${texts.take}: ${row.name}`}>{texts.take}</Button>) }] : []),
          ]} />
        )}
      </Stack>
    </section>
  );
}
