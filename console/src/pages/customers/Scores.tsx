import { Badge, Card, Group, List, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { analyticsGetScores } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { customers } from '../../texts/customers';

/** Each score with what it is made of. */
export function Scores({ id }: { id: string }) {
  const texts = useTexts(customers).scores;
  const format = useFormat();
  const asked = useQuery({ queryKey: ['customer', id, 'scores'], queryFn: () => analyticsGetScores({ path: { customer_id: id } }) });
  if (asked.isPending) return <Waiting />;
  if (asked.isError) return <ProblemBox problem={asked.error} again={() => void asked.refetch()} />;
  const { data, segments } = asked.data;
  if (data.length === 0) return <Text c="dimmed">{texts.empty}</Text>;
  return (
    <Stack>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }}>
        {data.map((score) => {
          const { reasons = [], ...parts } = score.parts as { reasons?: string[] } & Record<string, unknown>;
          return (
            <Card withBorder key={score.score} p="sm">
              <Text size="sm" c="dimmed">{score.score}</Text>
              <Text fz={22} fw={700} className="number">{score.value}</Text>
              {score.previous !== null && score.previous !== undefined && <Text size="sm">{texts.before(score.previous)}</Text>}
              <Text size="xs" c="dimmed">{texts.changed} {format.ago(score.changed_at)}</Text>
              {reasons.length > 0 && <><Text size="sm" mt="xs">{texts.reasons}</Text><List size="sm" dir="ltr">{reasons.map((reason) => <List.Item key={reason}>{reason}</List.Item>)}</List></>}
              {Object.keys(parts).length > 0 && <Group gap={4} mt="xs">{Object.entries(parts).map(([name, value]) => (
                <Badge key={name} variant="default" tt="none" fw={400} maw="100%"><span className="ltr">{name}: {typeof value === 'object' ? JSON.stringify(value) : String(value)}</span></Badge>
              ))}</Group>}
            </Card>
          );
        })}
      </SimpleGrid>
      {segments.length > 0 && <><Title order={2} size="h5">{texts.segments}</Title><Group gap="xs">{segments.map((one) => <Badge key={one.segment_id} variant="light" tt="none"><bdi>{one.name}</bdi></Badge>)}</Group></>}
    </Stack>
  );
}
