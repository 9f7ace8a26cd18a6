import { Alert, Badge, Button, Card, Group, Progress, Radio, Stack, Switch, Table, Text, TextInput, Title } from '@mantine/core';
import { useHotkeys, useLocalStorage } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { customerDecide, customerGetCustomer, customerPreviewMerge, customerUndoMerge } from '../../api';
import type { CustomerCustomerView, CustomerDuplicateView } from '../../api';
import { useFormat } from '../../app/format';
import { usePreferences, useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { CustomerName } from '../../parts/CustomerName';
import { Listing } from '../../parts/Listing';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { called } from '../../texts/campaigns';
import { duplicates } from '../../texts/duplicates';
import { Preview } from './Merges';

type Decision = 'merge' | 'not_same' | 'later';

/** Two customers side by side, what a merge comes to, and the decision; every button has a key, which can be turned off. */
export function Pair({ pair, go }: { pair: CustomerDuplicateView; go: (by: number) => void }) {
  const texts = useTexts(duplicates);
  const format = useFormat();
  const { direction } = usePreferences();
  const session = useSession();
  const queries = useQueryClient();
  const [keys, setKeys] = useLocalStorage({ key: 'peyvand-keys', defaultValue: true });
  const [chosen, setChosen] = useState('');
  const [reason, setReason] = useState('');
  const sides = useQueries({ queries: [pair.low_id, pair.high_id].map((id) => ({ queryKey: ['customer', id, 'pair'], queryFn: () => customerGetCustomer({ path: { customer_id: id } }) })) });
  const both = sides.every((side) => side.data) ? sides.map((side) => side.data!) : null;
  const older = both ? (both[0].registered_at <= both[1].registered_at ? both[0].id : both[1].id) : '';
  const survivor = chosen || older;
  const other = both?.find((one) => one.id !== survivor)?.id ?? '';
  const undoing = useMutation({
    mutationFn: (merge: string) => customerUndoMerge({ path: { merge_id: merge } }),
    onSuccess: (_, merge) => { notifications.hide(merge); notifications.show({ message: texts.undone, color: 'teal' }); again(); },
  });
  const deciding = useMutation({
    mutationFn: (decision: Decision) => customerDecide({ path: { low_id: pair.low_id, high_id: pair.high_id }, body: { decision, reason: reason || (decision === 'merge' ? texts.defaultReason : texts.notReason), ...(decision === 'merge' && { survivor_id: survivor }) } }),
    onSuccess: ({ merge_id }, decision) => {
      if (merge_id) notifications.show({ id: merge_id, color: 'teal', autoClose: 20_000, message: <Group>{texts.merged}<Button size="compact-xs" variant="default" onClick={() => undoing.mutate(merge_id)}>{texts.undo}</Button></Group> });
      else notifications.show({ color: 'teal', message: decision === 'later' ? texts.postponed : texts.kept });
      if (merge_id) queries.setQueryData(['duplicate-undo'], merge_id);
      again();
    },
  });
  function again() {
    for (const key of ['duplicates', 'customer', 'customers']) void queries.invalidateQueries({ queryKey: [key] });
  }
  const may = session.may('customers:write') && pair.state !== 'merged';
  const busy = deciding.isPending || undoing.isPending;
  const act = (decision: Decision) => { if (may && both && other && !busy) deciding.mutate(decision); };
  const last = pair.merge_id ?? queries.getQueryData<string>(['duplicate-undo']);
  const [next, before] = direction === 'rtl' ? ['ArrowLeft', 'ArrowRight'] : ['ArrowRight', 'ArrowLeft'];
  useHotkeys(keys ? [
    ['m', () => act('merge')], ['n', () => act('not_same')], ['l', () => act('later')], ['u', () => { if (last && !busy) undoing.mutate(last); }], [next, () => go(1)], [before, () => go(-1)],
  ] : []);
  return (
    <Stack>
      <Group gap="xs">
        <Badge size="lg" variant="light" tt="none" color={pair.score >= 0.9 ? 'teal' : 'yellow'}>{texts.score(format.percent(Math.min(pair.score, 0.9999), 2))}</Badge>
        {pair.household >= 0.3 && <Badge size="lg" variant="light" tt="none" color="gray">{texts.household(format.percent(pair.household))}</Badge>}
        {pair.decided_at && <Text size="sm" c="dimmed">{texts.decided(format.dateTime(pair.decided_at))} {pair.decision_reason && <bdi>({pair.decision_reason})</bdi>}</Text>}
      </Group>
      {sides.some((side) => side.isPending) ? <Waiting /> : both ? <Sides both={both} /> : <Alert color="yellow" variant="light">{texts.gone}</Alert>}
      <section aria-label={texts.reasons}>
        <Title order={2} size="h5" mb="xs">{texts.reasons}</Title>
        <Listing label={texts.reasons} rows={pair.reasons} id={(row) => row.field} columns={[
          { name: texts.field, show: (row) => called(texts.fields, row.field.replace('address.', '')) },
          { name: texts.found, show: (row) => called(texts.levels, row.level) },
          { name: `${texts.for} / ${texts.against}`, show: (row) => <><Text size="sm" span c={row.bits >= 0 ? undefined : 'dimmed'}>{row.bits >= 0 ? texts.for : texts.against}, {texts.bits(format.number(Math.abs(row.bits), 1))}</Text><Progress value={Math.min(100, Math.abs(row.bits) * 8)} color={row.bits >= 0 ? 'teal' : 'red'} aria-hidden /></> },
        ]} />
      </section>
      {may && both && other && <Merging survivor={survivor} other={other} both={both} choose={setChosen} older={older} />}
      {deciding.isError && <ProblemBox problem={deciding.error} />}
      {undoing.isError && <ProblemBox problem={undoing.error} />}
      {may && (
        <Card withBorder component="section" aria-label={texts.merge}>
          <Stack gap="sm">
            <TextInput label={texts.reason} placeholder={texts.defaultReason} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
            <Group>
              <Button disabled={!other} loading={busy && deciding.variables === 'merge'} onClick={() => act('merge')} aria-keyshortcuts={keys ? 'M' : undefined}>{texts.merge}</Button>
              <Button disabled={!other} variant="default" loading={busy && deciding.variables === 'not_same'} onClick={() => act('not_same')} aria-keyshortcuts={keys ? 'N' : undefined}>{texts.notSame}</Button>
              <Button disabled={!other} variant="default" loading={busy && deciding.variables === 'later'} onClick={() => act('later')} aria-keyshortcuts={keys ? 'L' : undefined}>{texts.later}</Button>
            </Group>
          </Stack>
        </Card>
      )}
      {pair.merge_id && session.may('customers:write') && <Group><Button variant="default" loading={undoing.isPending} onClick={() => undoing.mutate(pair.merge_id!)}>{texts.undo}</Button></Group>}
      <Switch label={texts.keysOn} description={texts.keys} checked={keys} onChange={(event) => setKeys(event.currentTarget.checked)} />
    </Stack>
  );
}

function Sides({ both }: { both: CustomerCustomerView[] }) {
  const texts = useTexts(duplicates);
  const format = useFormat();
  const told = (value: unknown): string => (value === null || value === undefined || value === '' ? texts.none : typeof value === 'object' ? Object.values(value).map(told).join(', ') : String(value));
  const flat = both.map((one) => ({ ...(one.name && { name: one.name }), ...one.traits }) as Record<string, unknown>);
  const names = [...new Set(flat.flatMap((one) => Object.keys(one)))].sort((one, other) => Number(told(flat[0][one]) === told(flat[1][one])) - Number(told(flat[0][other]) === told(flat[1][other])));
  return (
    <section aria-label={texts.side}>
      <Title order={2} size="h5" mb="xs">{texts.side}</Title>
      <Table.ScrollContainer minWidth={320} scrollAreaProps={{ viewportProps: { tabIndex: 0, 'aria-label': texts.side, role: 'region' } }}>
        <Table layout="fixed" aria-label={texts.side} verticalSpacing="xs">
          <Table.Thead><Table.Tr><Table.Th scope="col" w="26%">{texts.field}</Table.Th>{both.map((one) => <Table.Th key={one.id} scope="col" style={{ overflowWrap: 'anywhere' }}><CustomerName id={one.id} /></Table.Th>)}</Table.Tr></Table.Thead>
          <Table.Tbody>
            {names.map((name) => {
              const differs = told(flat[0][name]) !== told(flat[1][name]);
              return (
                <Table.Tr key={name} bg={differs ? 'var(--mantine-color-yellow-light)' : undefined}>
                  <Table.Th scope="row" fw={500} style={{ overflowWrap: 'anywhere' }}>{called(texts.fields, name)}{differs && <Text size="xs" span> · {texts.differs}</Text>}</Table.Th>
                  {flat.map((one, side) => <Table.Td key={both[side].id} style={{ overflowWrap: 'anywhere' }}><bdi>{told(one[name])}</bdi></Table.Td>)}
                </Table.Tr>
              );
            })}
            <Table.Tr><Table.Th scope="row" fw={500}>{texts.fields.registered_at}</Table.Th>{both.map((one) => <Table.Td key={one.id}>{format.dateTime(one.registered_at)}</Table.Td>)}</Table.Tr>
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </section>
  );
}

function Merging({ survivor, other, both, choose, older }: { survivor: string; other: string; both: CustomerCustomerView[]; choose: (id: string) => void; older: string }) {
  const texts = useTexts(duplicates);
  const asked = useQuery({ queryKey: ['merge-preview', survivor, other], queryFn: () => customerPreviewMerge({ body: { survivor_id: survivor, merged_id: other } }) });
  return (
    <section aria-label={texts.preview}>
      <Stack gap="sm">
        <Title order={2} size="h5">{texts.preview}</Title>
        <Radio.Group label={texts.stays} description={texts.staysHelp} value={survivor} onChange={choose}>
          <Group mt="xs">{both.map((one) => <Radio key={one.id} value={one.id} label={<><bdi>{one.name || one.email || one.id.slice(-8)}</bdi>{one.id === older && ` (${texts.older})`}</>} />)}</Group>
        </Radio.Group>
        {asked.isPending ? <Waiting /> : asked.isError ? <ProblemBox problem={asked.error} /> : <Preview preview={asked.data} />}
      </Stack>
    </section>
  );
}
