import { Alert, Badge, Button, Code, Group, Stack, Text, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { gatewayListAudit, gatewayVerifyAudit } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { Icon } from '../../parts/Icon';
import { Pages } from '../../parts/Pages';
import { ProblemBox } from '../../parts/Problem';
import { called } from '../../texts/campaigns';
import { privacy } from '../../texts/privacy';

export function Audit() {
  const texts = useTexts(privacy).audit;
  const format = useFormat();
  const verifying = useMutation({ mutationFn: () => gatewayVerifyAudit() });
  const told = verifying.data;
  return (
    <Stack>
      <Group justify="space-between"><Text size="sm" c="dimmed" maw={640}>{texts.text}</Text><Button loading={verifying.isPending} onClick={() => verifying.mutate()}>{texts.verify}</Button></Group>
      {verifying.isError && <ProblemBox problem={verifying.error} again={() => verifying.mutate()} />}
      {told && (
        <Alert role="status" color={told.intact ? 'teal' : 'red'} variant="light" icon={<Icon name={told.intact ? 'check' : 'warning'} />} title={told.intact ? texts.intact : texts.broken}>
          <Text size="sm">{texts.entries}: {format.number(told.entries)} · {texts.anchors}: {format.number(told.anchors)}</Text>
          <Text size="xs">{texts.head}: <span className="ltr">{told.head}</span></Text>
          {!told.intact && <Text size="sm">{texts.notIntact} <span className="ltr">{told.fault}</span></Text>}
        </Alert>
      )}
      <Text size="sm">{texts.outside}:</Text>
      <Code block dir="ltr" tabIndex={0}>{'ecrm audit export FOLDER\necrm audit verify FOLDER'}</Code>
      <Title order={2} size="h4">{texts.newest}</Title>
      <Pages queryKey={['audit']} label={texts.newest} empty={texts.empty}
        load={(token) => gatewayListAudit({ query: { limit: 30, page_token: token } })}
        id={(row) => String(row.seq)}
        columns={[
          { name: texts.at, show: (row) => format.dateTime(row.at) },
          { name: texts.actor, show: (row) => <span className="ltr">{row.actor}</span> },
          { name: texts.action, show: (row) => <Badge variant="light" tt="none" color={row.action === 'refused' ? 'red' : row.action === 'change' ? 'indigo' : 'gray'}>{called(texts.actions, row.action)}</Badge> },
          { name: texts.object, show: (row) => <span className="ltr">{row.method} {row.object}</span> },
          { name: texts.status, number: true, show: (row) => format.number(row.status) },
        ]} />
    </Stack>
  );
}
