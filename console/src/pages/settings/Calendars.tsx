import { Badge, Card, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { interactionListCalendars } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { Empty } from '../../parts/Empty';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { called } from '../../texts/campaigns';
import { settings } from '../../texts/settings';

const ADD = `curl -X POST $URL/api/v1/calendars -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' \\
  -d '{"name": "Tehran", "time_zone": "Asia/Tehran", "hours": {"saturday": [["08:00", "16:00"]]}, "holidays": [{"jalali": "01-01", "name": "Nowruz"}]}'`;

/** When people work: the clocks of promises count only these hours. */
export function Calendars() {
  const texts = useTexts(settings).calendars;
  const format = useFormat();
  const asked = useQuery({ queryKey: ['calendars'], queryFn: () => interactionListCalendars() });
  if (asked.isPending) return <Waiting />;
  if (asked.isError) return <ProblemBox problem={asked.error} again={() => void asked.refetch()} />;
  if (asked.data.data.length === 0) return <Empty {...texts.none} command={ADD} />;
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }}>
      {asked.data.data.map((one) => (
        <Card key={one.id} withBorder component="section" aria-label={one.name}>
          <Stack gap={6}>
            <Group justify="space-between"><Title order={2} size="h4"><bdi>{one.name}</bdi></Title><span className="ltr">{one.time_zone}</span></Group>
            {Object.entries(one.hours).map(([day, spans]) => <Text key={day} size="sm">{called(texts.days, day)}: <span className="ltr">{spans.map(([from, to]) => `${from}–${to}`).join(', ')}</span></Text>)}
            <Group gap={6}><Text size="sm" c="dimmed">{texts.holidays}: {format.number(one.holidays.length)}</Text>{one.holidays.slice(0, 8).map((day, place) => <Badge key={place} variant="default" tt="none"><bdi>{String(day.name ?? day.jalali ?? day.date)}</bdi></Badge>)}</Group>
          </Stack>
        </Card>
      ))}
    </SimpleGrid>
  );
}
