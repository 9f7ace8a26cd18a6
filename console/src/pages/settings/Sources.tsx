import { Alert, Badge, Button, Group, Modal, NativeSelect, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { gatewayAddSourceKey, gatewayCreateSource, gatewayListSources } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { Empty } from '../../parts/Empty';
import { Icon } from '../../parts/Icon';
import { Pages } from '../../parts/Pages';
import { ProblemBox } from '../../parts/Problem';
import { Snippet } from '../../parts/Snippet';
import { called } from '../../texts/campaigns';
import { settings } from '../../texts/settings';
import { shell } from '../../texts/shell';

type Kind = 'browser' | 'server' | 'external';

export function Sources() {
  const texts = useTexts(settings);
  const format = useFormat();
  const queries = useQueryClient();
  const [making, setMaking] = useState(false);
  const [shown, setShown] = useState<{ name: string; secret: string } | null>(null);
  const adding = useMutation({
    mutationFn: (source: { id: string; name: string }) => gatewayAddSourceKey({ path: { source_id: source.id } }),
    onSuccess: ({ key }, { name }) => { setShown({ name, secret: key }); void queries.invalidateQueries({ queryKey: ['sources'] }); },
  });
  return (
    <Stack>
      <Group justify="end"><Button leftSection={<Icon name="plus" />} onClick={() => setMaking(true)}>{texts.sources.new}</Button></Group>
      {adding.isError && <ProblemBox problem={adding.error} />}
      <Pages queryKey={['sources']} label={texts.tabs.sources} empty={<Empty {...texts.sources.none} />}
        load={(token) => gatewayListSources({ query: { limit: 50, page_token: token } })}
        id={(row) => row.id}
        columns={[
          { name: texts.name, show: (row) => <bdi>{row.name}</bdi> },
          { name: texts.kind, show: (row) => called(texts.sources.kinds, row.kind) },
          { name: texts.state, show: (row) => <Badge variant="light" tt="none" color={row.enabled ? 'teal' : 'gray'}>{row.enabled ? texts.on : texts.off}</Badge> },
          { name: texts.created, show: (row) => format.date(row.created_at) },
          { name: texts.tabs.keys, show: (row) => <Group gap={6}><span>{format.number(row.keys.filter((key) => !key.revoked).length)}</span><Button size="compact-xs" variant="default" loading={adding.isPending && adding.variables.id === row.id} onClick={() => adding.mutate(row)}>{texts.sources.addKey}</Button></Group> },
        ]} />
      {making && <NewSource close={() => setMaking(false)} made={(name, key) => { setMaking(false); setShown({ name, secret: key }); void queries.invalidateQueries({ queryKey: ['sources'] }); }} />}
      {shown && <Sending {...shown} close={() => setShown(null)} />}
    </Stack>
  );
}

function NewSource({ close, made }: { close: () => void; made: (name: string, key: string) => void }) {
  const texts = useTexts(settings);
  const words = useTexts(shell);
  const [name, setName] = useState('');
  const [kind, setKind] = useState<Kind>('browser');
  const [origins, setOrigins] = useState('');
  const making = useMutation({
    mutationFn: () => gatewayCreateSource({ body: { name, kind, ...(kind === 'browser' && origins.trim() && { origins: origins.split(/[\s,]+/).filter(Boolean) }) } }),
    onSuccess: (source) => made(source.name, source.key),
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    making.mutate();
  }
  return (
    <Modal opened onClose={close} title={texts.sources.new} closeButtonProps={{ 'aria-label': words.close }}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput data-autofocus label={texts.name} required value={name} onChange={(event) => setName(event.currentTarget.value)} />
          <NativeSelect label={texts.kind} value={kind} onChange={(event) => setKind(event.currentTarget.value as Kind)} data={(['browser', 'server', 'external'] as const).map((value) => ({ value, label: texts.sources.kinds[value] }))} />
          {kind === 'browser' && <TextInput label={texts.sources.origins} description={texts.sources.originsHelp} dir="ltr" value={origins} onChange={(event) => setOrigins(event.currentTarget.value)} />}
          {making.isError && <ProblemBox problem={making.error} />}
          <Group justify="end"><Button type="submit" loading={making.isPending}>{texts.sources.send}</Button></Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** The key once, and what to paste with it. */
function Sending({ name, secret, close }: { name: string; secret: string; close: () => void }) {
  const texts = useTexts(settings);
  const words = useTexts(shell);
  const url = window.location.origin;
  const node = `import { Analytics } from '@segment/analytics-node';\n\nconst analytics = new Analytics({ writeKey: '${secret}', host: '${url}' });\nanalytics.track({ userId: 'user-42', event: 'Order Completed', properties: { order_id: 'o-1', total: 42, currency: 'EUR' } });`;
  const curl = `curl -u ${secret}: ${url}/v1/batch -H 'Content-Type: application/json' \\\n  -d '{"batch": [{"type": "track", "userId": "user-42", "event": "Tried"}]}'`;
  return (
    <Modal opened onClose={close} size="lg" title={<bdi>{name}</bdi>} closeButtonProps={{ 'aria-label': words.close }}>
      <Stack>
        <Alert color="yellow" variant="light" title={texts.keyOnce.title}>{texts.keyOnce.text}</Alert>
        <Snippet code={secret} />
        <Snippet label={texts.sources.serverSnippet} code={node} />
        <Snippet label={texts.sources.curl} code={curl} />
      </Stack>
    </Modal>
  );
}
