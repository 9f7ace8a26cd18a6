import { Alert, Anchor, Badge, Button, Card, Group, Stack, Text, Timeline, Title } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { consentDownload, consentGetRequest } from '../../api';
import type { ConsentRequestWithReceipts } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { Head } from '../../parts/Head';
import { Listing } from '../../parts/Listing';
import { ProblemBox } from '../../parts/Problem';
import { save } from '../../parts/saving';
import { Waiting } from '../../parts/Waiting';
import { called } from '../../texts/campaigns';
import { privacy } from '../../texts/privacy';
import { Certificate } from './Certificate';
import { RequestActions } from './RequestActions';
import { RequestState } from './Requests';

export default function Request() {
  const all = useTexts(privacy);
  const texts = all.one;
  const format = useFormat();
  const { id } = useParams({ strict: false }) as { id: string };
  const asked = useQuery({
    queryKey: ['privacy', 'request', id], queryFn: () => consentGetRequest({ path: { request_id: id } }),
    refetchInterval: (query) => (moving(query.state.data) ? 1_000 : false),
  });
  if (asked.isPending) return <Waiting />;
  if (asked.isError) return <ProblemBox problem={asked.error} again={() => void asked.refetch()} />;
  const request = asked.data;
  return (
    <Stack>
      <Anchor component={Link} to="/privacy" size="sm">{all.back}</Anchor>
      <Head title={texts.title(called(all.kinds, request.kind))} text={(
        <Group gap="xs">
          <RequestState state={request.state} />
          <span>{request.closed_at ? texts.closed(format.dateTime(request.closed_at)) : texts.due(format.date(request.due_at), format.ago(request.due_at))}</span>
          {request.overdue && <Badge color="red" variant="light" tt="none">{all.requests.late}</Badge>}
          {request.verified_by && <bdi>{texts.verifiedBy(request.verified_by)}</bdi>}
        </Group>
      )}>
        <RequestActions request={request} />
      </Head>
      <Text size="sm">{texts.person}: <Anchor className="ltr" component={Link} to="/customers/$id" params={{ id: request.customer_id } as never}>{request.customer_id}</Anchor></Text>
      {request.outcome && <Alert variant="light"><bdi>{request.outcome}</bdi></Alert>}
      {request.kind === 'erasure' && (request.receipts.length > 0 || request.waiting_for.length > 0) && <Progress request={request} />}
      {(request.kind === 'access' || request.kind === 'portability') && request.state !== 'received' && <Archive request={request} />}
      {request.kind === 'erasure' && request.state === 'completed' && <Certificate id={id} />}
      <Title order={2} size="h4">{texts.steps}</Title>
      <Timeline bulletSize={14} lineWidth={2} active={-1}>
        {(request.steps ?? []).map((step) => (
          <Timeline.Item key={step.at + step.step} title={called(texts.stepNames, step.step)}><Text size="sm" c="dimmed">{format.dateTime(step.at)} · <span className="ltr">{step.actor}</span></Text></Timeline.Item>
        ))}
      </Timeline>
    </Stack>
  );
}

/** Whether it goes on by itself, so that it is looked at again. */
function moving(request: ConsentRequestWithReceipts | undefined): boolean {
  if (request === undefined || request.state === 'received' || request.state === 'refused') return false;
  const copying = (request.kind === 'access' || request.kind === 'portability') && !request.archive?.made_at;
  return request.state === 'running' || copying;
}

function Progress({ request }: { request: ConsentRequestWithReceipts }) {
  const texts = useTexts(privacy).one;
  const format = useFormat();
  const total = request.receipts.length + request.waiting_for.length;
  return (
    <Card withBorder component="section" aria-label={texts.progress}>
      <Stack gap="sm">
        <Waiting what={texts.progress} done={request.receipts.length} total={total} />
        {request.waiting_for.length > 0 && <Text size="sm" c="dimmed">{texts.waits(request.waiting_for.join(', '))}</Text>}
        {request.receipts.length > 0 && (
          <Listing label={texts.progress} rows={request.receipts} id={(row) => row.service} columns={[
            { name: texts.service, show: (row) => row.service },
            { name: texts.erased, number: true, show: (row) => format.number(Object.values(row.erased).reduce((sum, count) => sum + count, 0)) },
            { name: texts.at, show: (row) => format.dateTime(row.acknowledged_at) },
          ]} />
        )}
      </Stack>
    </Card>
  );
}

function Archive({ request }: { request: ConsentRequestWithReceipts }) {
  const texts = useTexts(privacy).one;
  const format = useFormat();
  const { archive } = request;
  const fetching = useMutation({
    mutationFn: () => consentDownload({ path: { request_id: request.id }, parseAs: 'blob' }),
    onSuccess: (file) => save(`data-${request.id}.zip`, file as Blob, 'application/zip'),
  });
  return (
    <Card withBorder component="section" aria-label={texts.archive}>
      <Stack gap="xs" align="start">
        <Title order={2} size="h4">{texts.archive}</Title>
        {archive?.made_at ? (
          <>
            {archive.expires_at && <Text size="sm" c="dimmed">{texts.archiveUntil(format.date(archive.expires_at))}</Text>}
            <Button variant="default" loading={fetching.isPending} onClick={() => fetching.mutate()}>{texts.download}</Button>
          </>
        ) : archive?.waits_for ? <Text size="sm">{texts.archiveWaits(archive.waits_for)}</Text> : <Waiting what={texts.making} />}
        {fetching.isError && <ProblemBox problem={fetching.error} />}
      </Stack>
    </Card>
  );
}
