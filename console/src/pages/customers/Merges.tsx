import { Alert, Badge, Button, Card, Group, List, Stack, Text, TextInput, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { customerListCustomers, customerListMerges, customerMergeCustomers, customerPreviewMerge, customerUndoMerge } from '../../api';
import type { CustomerMergePreviewView } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { Listing } from '../../parts/Listing';
import { Pages } from '../../parts/Pages';
import { ProblemBox } from '../../parts/Problem';
import { customers } from '../../texts/customers';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function Merges({ id }: { id: string }) {
  const texts = useTexts(customers).merging;
  const format = useFormat();
  const queries = useQueryClient();
  const undoing = useMutation({
    mutationFn: (merge: string) => customerUndoMerge({ path: { merge_id: merge } }),
    onSuccess: () => { notifications.show({ message: texts.undone, color: 'teal' }); void queries.invalidateQueries({ queryKey: ['customer'] }); },
  });
  return (
    <Stack>
      <MergeForm id={id} undo={(merge) => undoing.mutate(merge)} />
      {undoing.isError && <ProblemBox problem={undoing.error} />}
      <Title order={2} size="h5">{texts.history}</Title>
      <Pages queryKey={['customer', id, 'merges']} label={texts.history} empty={texts.none}
        load={(token) => customerListMerges({ query: { customer: id, page_token: token, limit: 50 } })}
         id={(row) => row.id}
        columns={[
          { name: texts.reason, show: (row) => <bdi>{row.reason || '–'}</bdi> },
          { name: texts.at, show: (row) => <>{format.dateTime(row.merged_at)} {row.automatic && <Badge variant="light" tt="none" size="sm">{texts.automatic}</Badge>}</> },
          { name: texts.other, show: (row) => <span className="ltr">{row.merged_id}</span> },
          { name: texts.undo, show: (row) => (row.undone_at ? format.dateTime(row.undone_at)
            : <Button size="compact-xs" variant="default" loading={undoing.isPending && undoing.variables === row.id} onClick={() => undoing.mutate(row.id)}>{texts.undo}</Button>) },
        ]} />
    </Stack>
  );
}

function MergeForm({ id, undo }: { id: string; undo: (merge: string) => void }) {
  const texts = useTexts(customers).merging;
  const queries = useQueryClient();
  const [other, setOther] = useState('');
  const [found, setFound] = useState('');
  const [reason, setReason] = useState('');
  const looking = useMutation({
    mutationFn: async () => {
      const merged = UUID.test(other.trim()) ? other.trim() : (await customerListCustomers({ query: { identity: other.trim() } })).data[0]?.id;
      if (merged === undefined) throw { status: 404, title: texts.unknown, detail: texts.unknown };
      setFound(merged);
      return customerPreviewMerge({ body: { survivor_id: id, merged_id: merged } });
    },
  });
  const merging = useMutation({
    mutationFn: () => customerMergeCustomers({ body: { survivor_id: id, merged_id: found, reason: reason || texts.defaultReason } }),
    onSuccess: ({ merge_id }) => {
      notifications.show({ color: 'teal', autoClose: 15_000, message: <Group>{texts.merged}<Button size="compact-xs" variant="default" onClick={() => undo(merge_id)}>{texts.undo}</Button></Group> });
      looking.reset();
      setOther('');
      void queries.invalidateQueries({ queryKey: ['customer'] });
    },
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    looking.mutate();
  }
  return (
    <Card withBorder>
      <Stack gap="sm">
        <Title order={2} size="h5">{texts.title}</Title>
        <Text size="sm" c="dimmed">{texts.text}</Text>
        <form onSubmit={submit}>
          <Group align="end">
            <TextInput flex={1} miw={220} label={texts.other} required value={other} onChange={(event) => { setOther(event.currentTarget.value); looking.reset(); }} />
            <Button type="submit" variant="default" loading={looking.isPending}>{texts.look}</Button>
          </Group>
        </form>
        {looking.isError && <ProblemBox problem={looking.error} />}
        {looking.isSuccess && (
          <>
            <Preview preview={looking.data} />
            <Group align="end">
              <TextInput flex={1} miw={220} label={texts.reason} value={reason} placeholder={texts.defaultReason} onChange={(event) => setReason(event.currentTarget.value)} />
              <Button loading={merging.isPending} onClick={() => merging.mutate()}>{texts.merge}</Button>
            </Group>
          </>
        )}
        {merging.isError && <ProblemBox problem={merging.error} />}
      </Stack>
    </Card>
  );
}

/** What a merge would come to. */
export function Preview({ preview }: { preview: CustomerMergePreviewView }) {
  const texts = useTexts(customers).merging;
  const told = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value));
  return (
    <Stack gap="sm">
      <Text fw={600}><bdi>{preview.customer.name ?? preview.customer.email ?? preview.customer.id}</bdi></Text>
      {preview.warnings.length > 0 && <Alert color="yellow" variant="light" title={texts.warnings}><List size="sm">{preview.warnings.map((one) => <List.Item key={one}><span className="ltr">{one}</span></List.Item>)}</List></Alert>}
      {preview.conflicts.length > 0 && (
        <Listing label={texts.conflicts} rows={preview.conflicts} id={(row) => row.trait} columns={[
          { name: texts.conflicts, show: (row) => <span className="ltr">{row.trait}</span> },
          { name: texts.stays, show: (row) => <bdi>{told((row.wins === 'survivor' ? row.survivor : row.merged).value)}</bdi> },
          { name: texts.goes, show: (row) => <bdi>{told((row.wins === 'survivor' ? row.merged : row.survivor).value)}</bdi> },
        ]} />
      )}
      {preview.moving.identities.length > 0 && <div><Text size="sm" fw={600}>{texts.moving}</Text><Group gap={4}>{preview.moving.identities.map((one) => <Badge key={one.key} variant="default" tt="none"><span className="ltr">{one.key}</span></Badge>)}</Group></div>}
    </Stack>
  );
}
