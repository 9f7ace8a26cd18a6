import { Button, Card, Group, Paper, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { interactionAddNote, interactionListNotes } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { cases } from '../../texts/cases';

/** What employees tell each other. */
export function Notes({ id }: { id: string }) {
  const texts = useTexts(cases).notes;
  const format = useFormat();
  const session = useSession();
  const queries = useQueryClient();
  const [text, setText] = useState('');
  const asked = useQuery({ queryKey: ['case', id, 'notes'], queryFn: () => interactionListNotes({ path: { case_id: id } }) });
  const adding = useMutation({
    mutationFn: () => interactionAddNote({ path: { case_id: id }, body: { content: text } }),
    onSuccess: () => { setText(''); void queries.invalidateQueries({ queryKey: ['case', id, 'notes'] }); },
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    adding.mutate();
  }
  return (
    <Card withBorder component="section" aria-labelledby="notes">
      <Stack gap="sm">
        <Title order={2} size="h4" id="notes">{texts.title}</Title>
        {asked.isPending ? <Waiting what={texts.title} /> : asked.isError ? <ProblemBox problem={asked.error} again={() => void asked.refetch()} />
          : asked.data.data.length === 0 ? <Text size="sm" c="dimmed">{texts.empty}</Text>
          : asked.data.data.map((note) => <Paper key={note.id} p="xs" withBorder><Text size="sm" dir="auto">{note.content}</Text><Text size="xs" c="dimmed"><bdi>{note.author}</bdi> · {format.dateTime(note.written_at)}</Text></Paper>)}
        {session.may('interactions:write') && (
          <form onSubmit={submit}>
            <Group align="end">
              <TextInput flex={1} label={texts.label} value={text} onChange={(event) => setText(event.currentTarget.value)} />
              <Button type="submit" variant="default" loading={adding.isPending} disabled={!text.trim()}>{texts.add}</Button>
            </Group>
          </form>
        )}
        {adding.isError && <ProblemBox problem={adding.error} />}
      </Stack>
    </Card>
  );
}
