import { Badge, Box, Code, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { interactionListContacts } from '../../api';
import type { InteractionContactView } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { called, campaigns } from '../../texts/campaigns';
import { cases } from '../../texts/cases';

const SAID = ['text', 'content', 'body', 'remark', 'message', 'summary'];

/** What was said on all channels, the oldest first. */
export function Talk({ id }: { id: string }) {
  const texts = useTexts(cases).talk;
  const asked = useQuery({ queryKey: ['case', id, 'contacts'], queryFn: () => interactionListContacts({ path: { case_id: id } }), refetchInterval: 5_000 });
  if (asked.isPending) return <Waiting what={texts.title} />;
  if (asked.isError) return <ProblemBox problem={asked.error} again={() => void asked.refetch()} />;
  const contacts = [...asked.data.data].sort((one, other) => one.occurred_at.localeCompare(other.occurred_at));
  return (
    <section aria-labelledby="talk">
      <Title order={2} size="h4" id="talk" mb="xs">{texts.title}</Title>
      {contacts.length === 0 ? <Text c="dimmed" size="sm">{texts.empty}</Text> : <Stack gap="sm">{contacts.map((contact) => <Contact key={contact.interaction_id} contact={contact} />)}</Stack>}
    </section>
  );
}

function Contact({ contact }: { contact: InteractionContactView }) {
  const texts = useTexts(cases).talk;
  const { channels } = useTexts(campaigns);
  const format = useFormat();
  const ours = contact.initiator !== 'customer';
  const said = SAID.map((key) => contact.data[key]).find((value): value is string => typeof value === 'string' && value !== '');
  return (
    <Box style={{ alignSelf: ours ? 'flex-end' : 'flex-start', width: 'min(100%, 640px)' }}>
      <Paper withBorder p="sm" bg={ours ? 'var(--mantine-primary-color-light)' : undefined}>
        <Group gap={6} mb={4}>
          <Text size="xs" fw={600}>{ours ? texts.us : texts.them}</Text>
          <Text size="xs">{called(channels, contact.channel)} · {format.dateTime(contact.occurred_at)}</Text>
          {contact.delivery && <Badge size="sm" variant="light" tt="none" color={contact.delivery === 'failed' ? 'red' : 'teal'}>{called(texts.delivery, contact.delivery)}{contact.delivery_reason ? ` (${contact.delivery_reason})` : ''}</Badge>}
        </Group>
        {contact.subject && <Text size="sm" fw={600} dir="auto">{contact.subject}</Text>}
        {said !== undefined ? <Text size="sm" dir="auto" style={{ whiteSpace: 'pre-wrap' }}>{said}</Text> : <Code block dir="ltr" tabIndex={0} fz="xs">{JSON.stringify(contact.data, null, 1)}</Code>}
      </Paper>
    </Box>
  );
}
