import { Accordion, Alert, Badge, Button, Group, MultiSelect, Stack, Text, TextInput } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { useState } from 'react';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { Empty } from '../../parts/Empty';
import { Head } from '../../parts/Head';
import { Icon } from '../../parts/Icon';
import { JsonTree } from '../../parts/JsonTree';
import { ProblemBox } from '../../parts/Problem';
import { live } from '../../texts/live';
import { shell } from '../../texts/shell';
import { asCurl, type LiveEvent, useLive } from './stream';

const KINDS = ['track', 'identify', 'page', 'screen', 'group', 'alias', 'order', 'message', 'case', 'note'];

export default function Live() {
  const texts = useTexts(live);
  const format = useFormat();
  const [kinds, setKinds] = useState<string[]>([]);
  const [paused, setPaused] = useState(false);
  const [filter, setFilter] = useState('');
  const { events, gap, open, problem, clear } = useLive(kinds, paused);
  const wanted = filter.trim().toLowerCase();
  const shown = wanted ? events.filter((event) => JSON.stringify(event).toLowerCase().includes(wanted)) : events;
  const state = paused ? 'paused' : open ? 'listening' : 'connecting';
  return (
    <Stack>
      <Head title={texts.title} text={texts.text}>
        <Badge variant="light" color={state === 'listening' ? 'teal' : 'yellow'} tt="none" role="status">{texts.state[state]}</Badge>
        <Button size="xs" variant="default" leftSection={<Icon name={paused ? 'play' : 'pause'} size={14} />} onClick={() => setPaused(!paused)}>{paused ? texts.go : texts.pause}</Button>
        <Button size="xs" variant="default" leftSection={<Icon name="trash" size={14} />} onClick={clear}>{texts.clear}</Button>
      </Head>
      <Group align="end">
        <TextInput flex={2} miw={200} type="search" aria-label={texts.filter} placeholder={texts.filter} value={filter} onChange={(event) => setFilter(event.currentTarget.value)} leftSection={<Icon name="search" />} />
        <MultiSelect flex={1} miw={160} data={KINDS} value={kinds} onChange={setKinds} placeholder={kinds.length ? '' : texts.all} aria-label={texts.kind} />
      </Group>
      {problem !== null && <ProblemBox problem={problem} />}
      {gap && <Alert color="yellow" variant="light">{texts.gap}</Alert>}
      {events.length === 0 && <Empty {...texts.empty} command={`curl ${location.origin}/v1/track -u "$SOURCE_KEY:" -H 'Content-Type: application/json' -d '{"userId": "42", "event": "Hello"}'`} />}
      {events.length > 0 && <Text size="sm" c="dimmed">{texts.shown(format.number(shown.length), format.number(events.length))}</Text>}
      {events.length > 0 && shown.length === 0 && <Text c="dimmed">{texts.nothing}</Text>}
      <Accordion variant="separated" multiple>{shown.map((event) => <Row key={event.id} event={event} />)}</Accordion>
    </Stack>
  );
}

function Row({ event }: { event: LiveEvent }) {
  const texts = useTexts(live);
  const words = useTexts(shell);
  const format = useFormat();
  const clipboard = useClipboard();
  return (
    <Accordion.Item value={event.id}>
      <Accordion.Control>
        <Group gap="xs">
          <Text fw={600}><bdi>{event.name || event.kind}</bdi></Text>
          <Badge size="sm" variant="light" tt="none">{event.kind}</Badge>
          {event.notes.length > 0 && <Badge size="sm" variant="light" color="red" tt="none">{event.notes.join(', ')}</Badge>}
          <Text size="xs" c="dimmed"><span className="ltr">{event.personal?.keys?.join(' ') ?? ''}</span> {event.channel} · {format.time(event.occurred_at)}</Text>
        </Group>
      </Accordion.Control>
      <Accordion.Panel>
        <Stack gap="xs" align="start">
          {event.notes.length > 0 && <Text size="sm">{texts.notes}: <span className="ltr">{event.notes.join(', ')}</span></Text>}
          <JsonTree value={event} />
          <Button size="compact-xs" variant="default" onClick={() => clipboard.copy(asCurl(event))}>{clipboard.copied ? words.copied : texts.curl}</Button>
        </Stack>
      </Accordion.Panel>
    </Accordion.Item>
  );
}
