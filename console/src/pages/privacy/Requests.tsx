import { Anchor, Badge, Button, Checkbox, Group, NativeSelect, Stack } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { consentListRequests } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { Empty } from '../../parts/Empty';
import { Icon } from '../../parts/Icon';
import { Pages } from '../../parts/Pages';
import { called } from '../../texts/campaigns';
import { privacy } from '../../texts/privacy';
import { Ask } from './Ask';

const STATES = ['received', 'verified', 'running', 'completed', 'refused'] as const;
const COLOURS: Record<string, string> = { received: 'yellow', verified: 'indigo', running: 'indigo', completed: 'teal' };

export function Requests() {
  const all = useTexts(privacy);
  const texts = all.requests;
  const format = useFormat();
  const [state, setState] = useState('');
  const [overdue, setOverdue] = useState(false);
  const [asking, setAsking] = useState(false);
  return (
    <Stack>
      <Group align="end" justify="space-between">
        <Group align="end">
          <NativeSelect label={texts.state} value={state} onChange={(event) => setState(event.currentTarget.value)} data={[{ value: '', label: texts.all }, ...STATES.map((value) => ({ value, label: all.states[value] }))]} />
          <Checkbox mb={8} label={texts.overdue} checked={overdue} onChange={(event) => setOverdue(event.currentTarget.checked)} />
        </Group>
        <Button leftSection={<Icon name="plus" />} onClick={() => setAsking(true)}>{texts.new}</Button>
      </Group>
      <Pages queryKey={['privacy', 'requests', state, overdue]} label={all.tabs.requests} every={10_000} empty={<Empty {...texts.none} />}
        load={(token) => consentListRequests({ query: { limit: 50, page_token: token, ...(state && { state }), ...(overdue && { overdue }) } })}
        id={(row) => row.id}
        columns={[
          { name: texts.kind, show: (row) => <Anchor component={Link} to="/privacy/requests/$id" params={{ id: row.id } as never}>{called(all.kinds, row.kind)}</Anchor> },
          { name: texts.state, show: (row) => <RequestState state={row.state} /> },
          { name: texts.asked, show: (row) => format.date(row.asked_at) },
          { name: texts.due, show: (row) => <Group gap={6} wrap="nowrap" justify="inherit"><span>{format.date(row.due_at)}</span>{row.overdue ? <Badge color="red" variant="light" tt="none">{texts.late}</Badge> : row.due_soon && <Badge color="yellow" variant="light" tt="none">{texts.soon}</Badge>}</Group> },
          { name: texts.via, show: (row) => <bdi>{row.via}</bdi> },
          { name: texts.customer, show: (row) => <span className="ltr">{row.customer_id}</span> },
        ]} />
      {asking && <Ask close={() => setAsking(false)} />}
    </Stack>
  );
}

export function RequestState({ state }: { state: string }) {
  const texts = useTexts(privacy).states;
  return <Badge variant="light" tt="none" color={COLOURS[state] ?? 'gray'}>{called(texts, state)}</Badge>;
}
