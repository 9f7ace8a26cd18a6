import { Alert, Badge, Button, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { gatewayListWebhooks, gatewayTryWebhook } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { Empty } from '../../parts/Empty';
import { Pages } from '../../parts/Pages';
import { ProblemBox } from '../../parts/Problem';
import { called } from '../../texts/campaigns';
import { settings } from '../../texts/settings';

const ADD = `curl -X POST $URL/api/v1/webhooks -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' \\
  -d '{"url": "https://shop.example/hooks", "events": ["ecrm.customer.merged.v1"]}'`;

export function Webhooks() {
  const texts = useTexts(settings);
  const format = useFormat();
  const trying = useMutation({ mutationFn: (id: string) => gatewayTryWebhook({ path: { webhook_id: id } }) });
  return (
    <Stack>
      {trying.isError && <ProblemBox problem={trying.error} />}
      {trying.isSuccess && <Alert role="status" variant="light" color={trying.data.delivered ? 'teal' : 'red'}>{trying.data.delivered ? texts.webhooks.delivered(format.number(trying.data.milliseconds)) : texts.webhooks.notDelivered(trying.data.error ?? String(trying.data.status))}</Alert>}
      <Pages queryKey={['webhooks']} label={texts.tabs.webhooks} empty={<Empty {...texts.webhooks.none} command={ADD} />}
        load={(token) => gatewayListWebhooks({ query: { limit: 50, page_token: token } })}
        id={(row) => row.id}
        columns={[
          { name: texts.webhooks.url, show: (row) => <span className="ltr">{row.url}</span> },
          { name: texts.webhooks.events, show: (row) => <span className="ltr">{row.events.join(', ')}</span> },
          { name: texts.state, show: (row) => <Badge variant="light" tt="none" color={row.state === 'active' ? 'teal' : 'red'}>{called(texts.webhooks.states, row.state)}</Badge> },
          { name: texts.webhooks.try, show: (row) => <Button size="compact-xs" variant="default" loading={trying.isPending && trying.variables === row.id} onClick={() => trying.mutate(row.id)}>{texts.webhooks.try}</Button> },
        ]} />
    </Stack>
  );
}
