import { Anchor, Badge, Checkbox, Group, NativeSelect, Stack, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { interactionListCases, interactionListEmployees } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { Empty } from '../../parts/Empty';
import { Head } from '../../parts/Head';
import { Icon } from '../../parts/Icon';
import { Pages } from '../../parts/Pages';
import { Waiting } from '../../parts/Waiting';
import { called } from '../../texts/campaigns';
import { cases } from '../../texts/cases';
import { Clock } from './Clocks';

const STATUSES = ['open', 'waiting', 'resolved', 'closed'] as const;
const OPEN = `curl -X POST $URL/api/v1/cases -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' \\
  -d '{"subject": "Lamp arrived broken", "customer": "user:42"}'`;

export default function Cases() {
  const texts = useTexts(cases);
  const format = useFormat();
  const session = useSession();
  const employees = useQuery({ queryKey: ['employees'], queryFn: () => interactionListEmployees({ query: { limit: 200, active: true } }), staleTime: 60_000 });
  const [chosen, setWhose] = useState<string | null>(null);
  const [status, setStatus] = useState<string>('open');
  const [overdue, setOverdue] = useState(false);
  const [typed, setTyped] = useState('');
  const [q] = useDebouncedValue(typed.trim(), 250);
  if (employees.isPending) return <Waiting />;
  const people = employees.data?.data ?? [];
  const whose = chosen ?? people.find((one) => one.email === session.name || one.name === session.name)?.id ?? '';
  return (
    <Stack>
      <Head title={texts.title} text={texts.text} />
      <Group align="end">
        <NativeSelect label={texts.whose} value={whose} onChange={(event) => setWhose(event.currentTarget.value)}
          data={[{ value: '', label: texts.all }, { value: '-', label: texts.nobody }, ...people.map((one) => ({ value: one.id, label: `${one.name} (${format.number(one.open_cases)})` }))]} />
        <NativeSelect label={texts.state} value={status} onChange={(event) => setStatus(event.currentTarget.value)} data={[{ value: '', label: texts.every }, ...STATUSES.map((value) => ({ value, label: texts.statuses[value] }))]} />
        <TextInput flex={1} miw={180} type="search" label={texts.search} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} leftSection={<Icon name="search" />} />
        <Checkbox mb={8} label={texts.overdue} checked={overdue} onChange={(event) => setOverdue(event.currentTarget.checked)} />
      </Group>
      <Pages queryKey={['cases', whose, status, overdue, q]} label={texts.title} every={15_000} empty={<Empty {...texts.none} command={OPEN} />}
        load={(token) => interactionListCases({ query: {
          limit: 50, page_token: token, ...(whose === '-' ? { unassigned: true } : whose && { employee_id: whose }),
          ...(status && { status: [status as (typeof STATUSES)[number]] }), ...(overdue && { overdue }), ...(q && { q }),
        } })}
        id={(row) => row.id}
        columns={[
          { name: texts.number, show: (row) => <Anchor component={Link} to="/cases/$id" params={{ id: row.id } as never}><bdi>{format.number(row.number)} · {row.subject}</bdi></Anchor> },
          { name: texts.status, show: (row) => <Badge variant="light" tt="none" color={row.status === 'open' ? 'indigo' : row.status === 'resolved' ? 'teal' : 'gray'}>{called(texts.statuses, row.status)}</Badge> },
          { name: texts.priority, show: (row) => <Badge variant="light" tt="none" color={row.priority === 'urgent' ? 'red' : row.priority === 'high' ? 'yellow' : 'gray'}>{called(texts.priorities, row.priority)}</Badge> },
          { name: texts.due, show: (row) => <Clock due={row.answer_due} met={row.answered_at} /> },
          { name: texts.who, show: (row) => <bdi>{row.employee ?? row.team}</bdi> },
          { name: texts.opened, show: (row) => format.ago(row.opened_at) },
        ]} />
    </Stack>
  );
}
