import { Alert, Badge, Button, Card, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { campaignCheckApiV1CampaignsCampaignIdCheckPost as checkCampaign, campaignEstimate } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { Figure } from '../../parts/Figure';
import { Icon } from '../../parts/Icon';
import { Listing } from '../../parts/Listing';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { called, campaigns } from '../../texts/campaigns';

/** How many it would reach, and what is wrong with it. */
export function Prepare({ id }: { id: string }) {
  const session = useSession();
  return <Stack><Audience id={id} />{session.may('campaigns:read', 'campaigns:write') && <Checking id={id} />}</Stack>;
}

function Audience({ id }: { id: string }) {
  const texts = useTexts(campaigns).estimate;
  const format = useFormat();
  const asked = useQuery({ queryKey: ['campaign', id, 'estimate'], queryFn: () => campaignEstimate({ path: { campaign_id: id } }), enabled: false });
  const told = asked.data;
  return (
    <Card withBorder component="section" aria-labelledby="audience">
      <Stack gap="sm">
        <Group justify="space-between">
          <Title order={2} size="h4" id="audience">{texts.title}</Title>
          <Button variant="default" loading={asked.isFetching} onClick={() => void asked.refetch()}>{texts.ask}</Button>
        </Group>
        <Text size="sm" c="dimmed">{texts.help}</Text>
        {asked.isFetching && !told && <Waiting what={texts.title} />}
        {asked.isError && <ProblemBox problem={asked.error} again={() => void asked.refetch()} />}
        {told && (
          <>
            <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
              <Figure label={texts.audience} value={format.number(told.audience)} />
              <Figure label={texts.reachable} value={format.number(told.reachable)} more={told.exact ? texts.exact : texts.sampled(format.number(told.looked_at))} />
            </SimpleGrid>
            {Object.keys(told.left_out).length > 0 && (
              <Listing label={texts.leftOut} rows={Object.entries(told.left_out)} id={([why]) => why} columns={[
                { name: texts.leftOut, show: ([why]) => <span className="ltr">{why}</span> },
                { name: texts.people, number: true, show: ([, count]) => format.number(count) },
              ]} />
            )}
          </>
        )}
      </Stack>
    </Card>
  );
}

const ORDER = ['error', 'warning', 'info', 'ok'];
const COLOURS: Record<string, string> = { error: 'red', warning: 'yellow', ok: 'teal' };

function Checking({ id }: { id: string }) {
  const all = useTexts(campaigns);
  const texts = all.check;
  const checking = useMutation({ mutationFn: () => checkCampaign({ path: { campaign_id: id } }) });
  const told = checking.data;
  return (
    <Card withBorder component="section" aria-labelledby="check">
      <Stack gap="sm">
        <Group justify="space-between">
          <Title order={2} size="h4" id="check">{texts.title}</Title>
          <Button variant="default" loading={checking.isPending} onClick={() => checking.mutate()}>{texts.ask}</Button>
        </Group>
        <Text size="sm" c="dimmed">{texts.help}</Text>
        {checking.isError && <ProblemBox problem={checking.error} again={() => checking.mutate()} />}
        {told && <Alert role="status" color={told.ok ? 'teal' : 'red'} variant="light" icon={<Icon name={told.ok ? 'check' : 'warning'} />}>{told.ok ? texts.well : texts.bad}</Alert>}
        {told && told.findings.length > 0 && (
          <Listing label={texts.title} rows={told.findings.map((finding, place) => ({ ...finding, place })).sort((one, other) => ORDER.indexOf(one.level) - ORDER.indexOf(other.level))} id={(row) => String(row.place)} columns={[
            { name: texts.finding, show: (row) => called(all.why.checks, row.check) },
            { name: texts.level, show: (row) => <Badge variant="light" tt="none" color={COLOURS[row.level] ?? 'gray'}>{called(texts.levels, row.level)}</Badge> },
            { name: all.why.detail, show: (row) => <bdi>{row.detail}</bdi> },
            { name: texts.where, show: (row) => <span className="ltr">{row.where || '–'}</span> },
          ]} />
        )}
      </Stack>
    </Card>
  );
}
