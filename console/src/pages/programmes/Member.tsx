import { Alert, Badge, Button, Card, Group, NumberInput, SimpleGrid, Stack, Text, TextInput, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { campaignAdjust, campaignGetCode, campaignGetMember, campaignGetStatement, campaignJoin, campaignLeave, campaignListMembersApiV1ProgrammesProgrammeIdMembersGet as listMembers, campaignRefer } from '../../api';
import type { CampaignProgrammeView, CampaignStandingView } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { Figure } from '../../parts/Figure';
import { Pages } from '../../parts/Pages';
import { PickCustomer } from '../../parts/PickCustomer';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { called } from '../../texts/campaigns';
import { programmes } from '../../texts/programmes';
import { Take } from './Take';

/** How one customer stands: points with every change, tier, what may be taken. */
export function Member({ programme }: { programme: CampaignProgrammeView }) {
  const texts = useTexts(programmes).member;
  const [id, setId] = useState<string | null>(null);
  return (
    <Stack>
      <Group maw={420} grow><PickCustomer label={texts.pick} help={texts.help} chosen={setId} /></Group>
      {id === null ? <Text c="dimmed">{texts.choose}</Text> : <Standing key={id} programme={programme} customer={id} />}
    </Stack>
  );
}

function Standing({ programme, customer }: { programme: CampaignProgrammeView; customer: string }) {
  const texts = useTexts(programmes).member;
  const format = useFormat();
  const session = useSession();
  const queries = useQueryClient();
  const may = session.may('campaigns:write');
  const path = { programme_id: programme.id, customer_id: customer };
  const asked = useQuery({
    queryKey: ['programme', programme.id, 'member', customer],
    queryFn: async () => ((await listMembers({ path: { programme_id: programme.id }, query: { customer } })).data.length === 0 ? null : campaignGetMember({ path })),
  });
  const moving = useMutation({
    mutationFn: async (join: boolean) => { await (join ? campaignJoin({ path: { programme_id: programme.id }, body: { customer_id: customer } }) : campaignLeave({ path })); },
    onSuccess: (_, join) => { notifications.show({ message: join ? texts.joined : texts.left, color: 'teal' }); void queries.invalidateQueries({ queryKey: ['programme', programme.id] }); },
  });
  if (asked.isPending) return <Waiting />;
  if (asked.isError) return <ProblemBox problem={asked.error} again={() => void asked.refetch()} />;
  const standing = asked.data;
  const inside = standing !== null && standing.left_at === null;
  const points = programme.kind === 'loyalty';
  return (
    <Stack>
      {!inside && <Group><Text>{standing?.left_at ? texts.leftAt(format.date(standing.left_at)) : texts.notIn}</Text>{may && <Button loading={moving.isPending} onClick={() => moving.mutate(true)}>{texts.join}</Button>}</Group>}
      {moving.isError && <ProblemBox problem={moving.error} />}
      {standing?.arm === 'holdout' && <Alert color="yellow" variant="light">{texts.holdout}</Alert>}
      {standing && <Figures standing={standing} points={points} />}
      {inside && may && <Group><Button variant="default" size="compact-sm" loading={moving.isPending} onClick={() => moving.mutate(false)}>{texts.leave}</Button></Group>}
      {(points || programme.kind === 'rewards') && <Take programme={programme} customer={customer} may={may} balance={points ? standing?.balance ?? 0 : null} />}
      {programme.kind === 'referral' && may && <Recommending programme={programme} customer={customer} />}
      {points && inside && may && <Give programme={programme} customer={customer} />}
      {points && standing && (
        <section aria-label={texts.statement}>
          <Title order={2} size="h5" mb="xs">{texts.statement}</Title>
          <Pages queryKey={['programme', programme.id, 'points', customer]} label={texts.statement} empty={texts.empty} every={10_000}
            load={(token) => campaignGetStatement({ path, query: { limit: 25, page_token: token } })}
            id={(row) => row.id}
            columns={[
              { name: texts.what, show: (row) => <>{called(texts.entries, row.kind)} {row.order_id && <span className="ltr">{row.order_id}</span>}</> },
              { name: texts.change, number: true, show: (row) => format.number(row.change ?? row.points) },
              { name: texts.at, show: (row) => format.dateTime(row.at) },
              { name: texts.note, show: (row) => <bdi>{row.note || '–'}</bdi> },
            ]} />
        </section>
      )}
    </Stack>
  );
}

function Figures({ standing, points }: { standing: CampaignStandingView; points: boolean }) {
  const texts = useTexts(programmes).member;
  const format = useFormat();
  return (
    <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="xs">
      {points && <Figure label={texts.balance} value={format.number(standing.balance ?? 0)} />}
      {points && <Figure label={texts.tier} value={<bdi>{standing.tier ?? texts.noTier}</bdi>} more={standing.next_tier ? texts.toNext(format.number(standing.to_next ?? 0), standing.next_tier) : standing.tier ? texts.top : null} />}
      {points && (standing.owed ?? 0) > 0 && <Figure label={texts.owed} value={format.number(standing.owed ?? 0)} more={texts.owedHelp} />}
      <Figure label={texts.since} value={format.date(standing.joined_at)} />
    </SimpleGrid>
  );
}

/** The reference is made once for what is typed, so that a second click books nothing twice. */
function Give({ programme, customer }: { programme: CampaignProgrammeView; customer: string }) {
  const texts = useTexts(programmes).member;
  const queries = useQueryClient();
  const [points, setPoints] = useState<number | string>('');
  const [note, setNote] = useState('');
  const [reference, setReference] = useState(() => crypto.randomUUID());
  const giving = useMutation({
    mutationFn: () => campaignAdjust({ path: { programme_id: programme.id }, body: { customer_id: customer, points: Number(points), reference: `console ${reference}`, note } }),
    onSuccess: () => {
      notifications.show({ message: texts.booked, color: 'teal' });
      setPoints('');
      setNote('');
      setReference(crypto.randomUUID());
      void queries.invalidateQueries({ queryKey: ['programme', programme.id] });
    },
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    giving.mutate();
  }
  return (
    <Card withBorder>
      <form onSubmit={submit}>
        <Stack gap="sm">
          <Title order={2} size="h5">{texts.give}</Title>
          <Group align="end">
            <NumberInput miw={120} flex={1} label={texts.amount} required allowDecimal={false} hideControls value={points} onChange={setPoints} />
            <TextInput miw={180} flex={2} label={texts.reason} required maxLength={500} value={note} onChange={(event) => setNote(event.currentTarget.value)} />
            <Button type="submit" loading={giving.isPending} disabled={!Number(points)}>{texts.book}</Button>
          </Group>
          {giving.isError && <ProblemBox problem={giving.error} />}
        </Stack>
      </form>
    </Card>
  );
}

function Recommending({ programme, customer }: { programme: CampaignProgrammeView; customer: string }) {
  const texts = useTexts(programmes).member;
  const format = useFormat();
  const [code, setCode] = useState('');
  const asking = useMutation({ mutationFn: () => campaignGetCode({ path: { programme_id: programme.id }, body: { customer_id: customer } }) });
  const referring = useMutation({
    mutationFn: () => campaignRefer({ path: { programme_id: programme.id }, body: { code: code.trim(), customer_id: customer } }),
    onSuccess: () => { setCode(''); notifications.show({ message: texts.referDone, color: 'teal' }); },
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    referring.mutate();
  }
  return (
    <>
      {asking.data ? (
        <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="xs">
          <Figure label={texts.code} value={<span className="ltr">{asking.data.code}</span>} />
          <Figure label={texts.came} value={format.number(asking.data.came)} />
          <Figure label={texts.rewarded} value={format.number(asking.data.rewarded)} />
        </SimpleGrid>
      ) : <Group><Button variant="default" loading={asking.isPending} onClick={() => asking.mutate()}>{texts.showCode}</Button></Group>}
      {asking.isError && <ProblemBox problem={asking.error} />}
      <form onSubmit={submit}>
        <Group align="end">
          <TextInput label={<>{texts.refer}: {texts.referCode}</>} required dir="ltr" value={code} onChange={(event) => setCode(event.currentTarget.value)} />
          <Button type="submit" variant="default" loading={referring.isPending}>{texts.referSave}</Button>
          {referring.isSuccess && <Badge variant="light" color="teal" tt="none">{texts.referDone}</Badge>}
        </Group>
      </form>
      {referring.isError && <ProblemBox problem={referring.error} />}
    </>
  );
}
