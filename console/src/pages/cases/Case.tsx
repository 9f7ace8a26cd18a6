import { Anchor, Badge, Button, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { interactionAssignCase, interactionChangeCase, interactionGetCase, interactionListEmployees } from '../../api';
import type { InteractionFullCaseView } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { Head } from '../../parts/Head';
import { ProblemBox } from '../../parts/Problem';
import { Sure } from '../../parts/Sure';
import { Waiting } from '../../parts/Waiting';
import { called, campaigns } from '../../texts/campaigns';
import { cases } from '../../texts/cases';
import { Clock } from './Clocks';
import { Notes } from './Notes';
import { Reply } from './Reply';
import { Talk } from './Talk';

export default function Case() {
  const texts = useTexts(cases);
  const { channels } = useTexts(campaigns);
  const format = useFormat();
  const session = useSession();
  const { id } = useParams({ strict: false }) as { id: string };
  const asked = useQuery({ queryKey: ['case', id], queryFn: () => interactionGetCase({ path: { case_id: id } }), refetchInterval: 10_000 });
  if (asked.isPending) return <Waiting />;
  if (asked.isError) return <ProblemBox problem={asked.error} again={() => void asked.refetch()} />;
  const one = asked.data;
  const works = session.may('interactions:write');
  const score = one.surveys.find((survey) => survey.score !== null)?.score;
  return (
    <Stack>
      <Anchor component={Link} to="/cases" size="sm">{texts.back}</Anchor>
      <Head title={<bdi>{format.number(one.number)} · {one.subject}</bdi>} text={(
        <Group gap="xs">
          <Badge variant="light" tt="none" color={one.status === 'open' ? 'indigo' : one.status === 'resolved' ? 'teal' : 'gray'}>{called(texts.statuses, one.status)}</Badge>
          <Badge variant="light" tt="none" color={one.priority === 'urgent' ? 'red' : one.priority === 'high' ? 'yellow' : 'gray'}>{called(texts.priorities, one.priority)}</Badge>
          <span>{called(channels, one.channel)}</span>
          <span>{texts.clocks.answer}: <Clock due={one.answer_due} met={one.answered_at} /></span>
          <span>{texts.clocks.resolve}: <Clock due={one.resolve_due} met={one.resolved_at} /></span>
        </Group>
      )}>
        {works && <Resolve one={one} />}
      </Head>
      {one.paused_at && <Text size="sm" c="dimmed">{texts.clocks.paused}</Text>}
      <Text size="sm">{texts.customer}: {one.customer_id ? <Anchor className="ltr" component={Link} to="/customers/$id" params={{ id: one.customer_id } as never}>{one.identity ?? one.customer_id}</Anchor> : <span className="ltr">{one.identity ?? texts.unknownCustomer}</span>}</Text>
      {one.outcome && <Text size="sm">{texts.resolve.outcome}: <bdi>{one.outcome}</bdi></Text>}
      {score !== undefined && score !== null && <Text size="sm">{texts.score(format.number(score))}</Text>}
      {works && <Assign one={one} />}
      <Talk id={id} />
      {works && !['merged', 'closed'].includes(one.status) && <Reply one={one} />}
      <Notes id={id} />
    </Stack>
  );
}

/** What is changed, shown at once and read again. */
function useChanging(id: string, told: string, ask: (body: never) => Promise<InteractionFullCaseView>, done?: () => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ask,
    onSuccess: (changed) => {
      notifications.show({ color: 'teal', message: told });
      queries.setQueryData(['case', id], changed);
      void queries.invalidateQueries({ queryKey: ['cases'] });
      done?.();
    },
  });
}

function Resolve({ one }: { one: InteractionFullCaseView }) {
  const texts = useTexts(cases).resolve;
  const [asking, setAsking] = useState(false);
  const [outcome, setOutcome] = useState('');
  const changing = useChanging(one.id, texts.done, (body) => interactionChangeCase({ path: { case_id: one.id }, body }), () => setAsking(false));
  if (one.status === 'resolved') return <Button variant="default" loading={changing.isPending} onClick={() => changing.mutate({ status: 'open' } as never)}>{texts.again}</Button>;
  if (one.status === 'closed' || one.status === 'merged') return null;
  return (
    <>
      <Button onClick={() => setAsking(true)}>{texts.button}</Button>
      {asking && (
        <Sure title={texts.title} text={texts.text} yes={texts.button} waiting={changing.isPending} problem={changing.error} close={() => setAsking(false)}
          confirm={() => changing.mutate({ status: 'resolved', ...(outcome.trim() && { outcome: outcome.trim() }) } as never)}>
          <TextInput data-autofocus label={texts.outcome} value={outcome} onChange={(event) => setOutcome(event.currentTarget.value)} />
        </Sure>
      )}
    </>
  );
}

function Assign({ one }: { one: InteractionFullCaseView }) {
  const texts = useTexts(cases);
  const employees = useQuery({ queryKey: ['employees'], queryFn: () => interactionListEmployees({ query: { limit: 200, active: true } }), staleTime: 60_000 });
  const assigning = useChanging(one.id, texts.assign.done, (body) => interactionAssignCase({ path: { case_id: one.id }, body }));
  return (
    <Stack gap="xs">
      <NativeSelect maw={360} label={texts.assign.label} value={one.employee_id ?? ''} disabled={assigning.isPending || ['merged', 'closed'].includes(one.status)}
        onChange={(event) => assigning.mutate((event.currentTarget.value ? { employee_id: event.currentTarget.value } : { team_id: one.team_id }) as never)}
        data={[{ value: '', label: one.team }, ...(employees.data?.data ?? []).map((each) => ({ value: each.id, label: each.name }))]} />
      {assigning.isError && <ProblemBox problem={assigning.error} />}
    </Stack>
  );
}
