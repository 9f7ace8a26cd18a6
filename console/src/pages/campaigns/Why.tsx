import { Alert, Badge, Card, List, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { campaignDecision } from '../../api';
import type { CampaignDecisionView } from '../../api';
import { useTexts } from '../../app/preferences';
import { Icon } from '../../parts/Icon';
import { Listing } from '../../parts/Listing';
import { PickCustomer } from '../../parts/PickCustomer';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { called, campaigns } from '../../texts/campaigns';
import { shell } from '../../texts/shell';

export function Why({ id }: { id: string }) {
  const all = useTexts(campaigns);
  const texts = all.why;
  const [customer, setCustomer] = useState<string | null>(null);
  const asked = useQuery({
    queryKey: ['campaign', id, 'why', customer], enabled: customer !== null,
    queryFn: () => campaignDecision({ path: { campaign_id: id, customer_id: customer ?? '' } }),
  });
  return (
    <Stack>
      <Title order={2} size="h4">{texts.title}</Title>
      <Text size="sm" c="dimmed">{texts.text}</Text>
      <PickCustomer label={all.messages.customer} help={all.preview.personHelp} chosen={setCustomer} />
      {customer !== null && (asked.isPending ? <Waiting /> : asked.isError ? <ProblemBox problem={asked.error} again={() => void asked.refetch()} /> : <Decision told={asked.data} />)}
    </Stack>
  );
}

function Decision({ told }: { told: CampaignDecisionView }) {
  const texts = useTexts(campaigns).why;
  const words = useTexts(shell);
  const colour = told.receives === null ? 'gray' : told.receives ? 'teal' : 'red';
  return (
    <Stack role="status">
      <Alert color={colour} variant="light" icon={<Icon name={told.receives ? 'check' : 'warning'} />} title={told.receives === null ? texts.open : told.receives ? texts.yes : texts.no} />
      <Listing label={texts.check} rows={told.checks} id={(row) => row.check} columns={[
        { name: texts.check, show: (row) => called(texts.checks, row.check) },
        { name: texts.holds, show: (row) => <Badge variant="light" tt="none" color={row.holds === null ? 'gray' : row.holds ? 'teal' : 'red'}>{row.holds === null ? texts.unknown : row.holds ? words.yes : words.no}</Badge> },
        { name: texts.detail, show: (row) => <bdi>{row.detail}</bdi> },
      ]} />
      <Card withBorder>
        <Title order={3} size="h5" mb="xs">{texts.change}</Title>
        {(told.would_change ?? []).length === 0 ? <Text size="sm" c="dimmed">{texts.nothing}</Text>
          : <List size="sm">{told.would_change?.flatMap((each) => each.changes.map((change) => <List.Item key={each.check + change}>{called(texts.checks, each.check)}: <bdi>{change}</bdi></List.Item>))}</List>}
      </Card>
    </Stack>
  );
}
