import { Alert, Badge, Button, Card, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { customerCancelImport, customerGetImport, customerListImportErrors, customerUndoImport } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { Figure } from '../../parts/Figure';
import { Pages } from '../../parts/Pages';
import { ProblemBox } from '../../parts/Problem';
import { Sure } from '../../parts/Sure';
import { Waiting } from '../../parts/Waiting';
import { called } from '../../texts/campaigns';
import { imports } from '../../texts/imports';

interface Refused { line: number; code: string; reason: string }
const MOVING = ['queued', 'running', 'undoing'];

/** How far one import is, what it brought, what it refused, and the way back. */
export function Progressing({ id }: { id: string }) {
  const texts = useTexts(imports);
  const format = useFormat();
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const told = () => { setAsking(false); void queries.invalidateQueries({ queryKey: ['imports'] }); };
  const asked = useQuery({ queryKey: ['imports', 'one', id], queryFn: () => customerGetImport({ path: { import_id: id } }), refetchInterval: (query) => (MOVING.includes(query.state.data?.state ?? 'queued') ? 700 : false) });
  const undoing = useMutation({ mutationFn: () => customerUndoImport({ path: { import_id: id } }), onSuccess: told });
  const cancelling = useMutation({ mutationFn: () => customerCancelImport({ path: { import_id: id } }), onSuccess: told });
  if (asked.isPending) return <Waiting />;
  if (asked.isError) return <ProblemBox problem={asked.error} again={() => void asked.refetch()} />;
  const one = asked.data;
  const moving = MOVING.includes(one.state);
  return (
    <Card withBorder component="section" aria-label={one.name}>
      <Stack gap="sm">
        <Group justify="space-between"><Title order={2} size="h5"><bdi>{one.name}</bdi></Title><Badge variant="light" tt="none" color={one.state === 'done' ? 'teal' : one.state === 'failed' ? 'red' : 'gray'}>{called(texts.states, one.state)}</Badge></Group>
        {one.dry_run && <Text size="sm" c="dimmed">{texts.dryRun}</Text>}
        {moving && (one.state === 'undoing' ? <Text size="sm" role="status">{texts.takenBack(format.number(one.undone))}</Text> : one.total ? <Waiting what={texts.rows} done={one.done} total={one.total} /> : <Text size="sm" role="status">{called(texts.states, one.state)}</Text>)}
        {one.error && <Alert color="red" variant="light"><bdi>{one.error}</bdi></Alert>}
        <SimpleGrid cols={{ base: 2, md: 4 }} spacing="sm">
          {(['created', 'updated', 'unchanged', 'refused'] as const).map((count) => <Figure key={count} label={texts[count]} value={format.number(one[count])} />)}
        </SimpleGrid>
        {one.refused > 0 && !moving && (
          <Pages queryKey={['imports', 'errors', id]} label={texts.errors} empty="" load={async (token) => await customerListImportErrors({ path: { import_id: id }, query: { limit: 25, page_token: token } }) as { data: Refused[]; next_page_token?: string | null }} id={(row) => `${row.line}/${row.code}`} columns={[
            { name: texts.line, show: (row) => format.number(row.line) }, { name: texts.code, show: (row) => <span className="ltr">{row.code}</span> }, { name: texts.reason, show: (row) => <bdi>{row.reason}</bdi> },
          ]} />
        )}
        {cancelling.isError && <ProblemBox problem={cancelling.error} />}
        <Group>
          {(one.state === 'running' || one.state === 'queued') && <Button variant="default" loading={cancelling.isPending} onClick={() => cancelling.mutate()}>{texts.cancel}</Button>}
          {!one.dry_run && ['done', 'cancelled', 'failed'].includes(one.state) && <Button variant="default" onClick={() => setAsking(true)}>{texts.undo}</Button>}
        </Group>
      </Stack>
      {asking && <Sure title={texts.sure} text={texts.sureText} yes={texts.undo} no={texts.keep} danger waiting={undoing.isPending} problem={undoing.error} confirm={() => undoing.mutate()} close={() => setAsking(false)} />}
    </Card>
  );
}
