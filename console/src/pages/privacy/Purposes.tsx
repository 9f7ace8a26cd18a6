import { Badge, Card, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { consentListPurposes } from '../../api';
import { useFormat } from '../../app/format';
import { usePreferences, useTexts } from '../../app/preferences';
import { Empty } from '../../parts/Empty';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { called, campaigns } from '../../texts/campaigns';
import { privacy } from '../../texts/privacy';

const DEFINE = `curl -X POST $URL/api/v1/purposes -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' \\
  -d '{"purpose": "marketing", "basis": "opt_in", "legal_basis": "consent", "channels": ["email"], "title": {"en": "News"}, "wording": {"en": "I want news."}}'`;

/** What people are asked for, in which words. */
export function Purposes() {
  const texts = useTexts(privacy).purposes;
  const { channels } = useTexts(campaigns);
  const { language } = usePreferences();
  const format = useFormat();
  const asked = useQuery({ queryKey: ['purposes'], queryFn: () => consentListPurposes() });
  if (asked.isPending) return <Waiting />;
  if (asked.isError) return <ProblemBox problem={asked.error} again={() => void asked.refetch()} />;
  if (asked.data.data.length === 0) return <Empty {...texts.none} command={DEFINE} />;
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }}>
      {asked.data.data.map((one) => (
        <Card key={one.purpose} withBorder component="section" aria-label={one.title[language] ?? one.purpose}>
          <Stack gap={6}>
            <Group justify="space-between"><Title order={2} size="h4"><bdi>{one.title[language] ?? one.title.en ?? one.purpose}</bdi></Title><span className="ltr">{one.purpose}</span></Group>
            <Text size="sm" dir="auto">{one.wording[language] ?? Object.values(one.wording)[0]}</Text>
            <Group gap={6}>{one.channels.map((channel) => <Badge key={channel} variant="default" tt="none">{called(channels, channel)}</Badge>)}</Group>
            <Text size="sm" c="dimmed">{texts.basis}: {called(texts.bases, one.basis)} · {texts.legal}: {called(texts.legals, one.legal_basis)}</Text>
            <Text size="sm" c="dimmed">{texts.version} {format.number(one.version)} · {texts.since} {format.date(one.defined_at)} · {texts.expires}: {one.expires_after_days === null ? texts.never : texts.days(format.number(one.expires_after_days))}</Text>
          </Stack>
        </Card>
      ))}
    </SimpleGrid>
  );
}
