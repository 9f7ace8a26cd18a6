import { Badge, Card, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { analyticsListModels } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { JsonTree } from '../../parts/JsonTree';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { analytics } from '../../texts/analytics';
import { called } from '../../texts/campaigns';

export function Models() {
  const all = useTexts(analytics);
  const texts = all.models;
  const format = useFormat();
  const asked = useQuery({ queryKey: ['models'], queryFn: () => analyticsListModels(), refetchInterval: 15_000 });
  if (asked.isPending) return <Waiting />;
  if (asked.isError) return <ProblemBox problem={asked.error} again={() => void asked.refetch()} />;
  return (
    <Stack>
      <Text size="sm" c="dimmed">{texts.text}</Text>
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
        {asked.data.data.map((model) => (
          <Card key={model.kind} withBorder>
            <Group justify="space-between"><Title order={2} size="h5"><bdi>{called(all.kinds, model.kind)}</bdi></Title>{model.in_use.length === 0 && <Badge variant="light" color="gray" tt="none">{texts.none}</Badge>}</Group>
            <Text size="sm" dir="auto">{model.question}</Text>
            {model.needs.length > 0 && <Text size="xs" c="dimmed">{texts.needs(model.needs.join(', '))}</Text>}
            {model.in_use.map((fit) => (
              <Stack key={fit.fit_id} gap={2} mt="xs">
                <Text size="sm">{texts.version(format.number(fit.version ?? 0), fit.method)} · {texts.scored(format.number(fit.scored))}</Text>
                <JsonTree value={fit.quality} />
              </Stack>
            ))}
          </Card>
        ))}
      </SimpleGrid>
    </Stack>
  );
}
