import { Alert, Button, Code, Group, List, Modal, Stack, Text, Textarea, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { ProblemBox } from '../../parts/Problem';
import { Sure } from '../../parts/Sure';
import { Waiting } from '../../parts/Waiting';
import { called } from '../../texts/campaigns';
import { letters } from '../../texts/letters';
import { act, correct, type Letter, show } from './asking';

/** One dead letter: why it failed, what is in it (looking is noted), another content, replay, giving up. */
export function One({ letter, close }: { letter: Letter; close: () => void }) {
  const texts = useTexts(letters);
  const format = useFormat();
  const queries = useQueryClient();
  const [content, setContent] = useState(false);
  const [draft, setDraft] = useState<string | null>(null);
  const [giving, setGiving] = useState(false);
  const asked = useQuery({ queryKey: ['letter', letter.service, letter.id, content], queryFn: () => show(letter, content) });
  const again = () => { void queries.invalidateQueries({ queryKey: ['letter'] }); void queries.invalidateQueries({ queryKey: ['letters'] }); };
  const told = (message: string) => notifications.show({ color: 'teal', message });
  const correcting = useMutation({ mutationFn: (text: string) => correct(letter, text), onSuccess: () => { told(texts.corrected); again(); } });
  const acting = useMutation({
    mutationFn: (what: 'replay' | 'discard') => act(letter, what),
    onSuccess: (_, what) => { told(what === 'replay' ? texts.replayed : texts.discarded); again(); close(); },
    onError: again,
  });
  if (giving) {
    return <Sure title={texts.discardSure} text={texts.discardText} yes={texts.discard} danger waiting={acting.isPending} problem={acting.error} confirm={() => acting.mutate('discard')} close={() => setGiving(false)} />;
  }
  const full = asked.data;
  const text = draft ?? full?.correction ?? full?.payload ?? '';
  return (
    <Modal opened onClose={close} size="lg" title={`${texts.letter} · ${called(texts.services, letter.service)}`} closeButtonProps={{ 'aria-label': texts.close }}>
      {asked.isPending ? <Waiting /> : asked.isError ? <ProblemBox problem={asked.error} again={() => void asked.refetch()} /> : (
        <Stack gap="sm">
          <Alert color="red" variant="light" title={<span className="ltr">{asked.data.cause}</span>} />
          <Title order={2} size="h5">{texts.headers}</Title>
          <Code block dir="ltr" tabIndex={0}>{JSON.stringify(asked.data.headers, null, 1)}</Code>
          {content ? (
            <>
              <Title order={2} size="h5">{texts.payload}</Title>
              <Code block dir="ltr" tabIndex={0}>{asked.data.payload}</Code>
              {asked.data.state === 'open' && (
                <>
                  <Textarea label={texts.correction} dir="ltr" autosize minRows={3} maxRows={14} value={text} onChange={(event) => setDraft(event.currentTarget.value)} />
                  <Group><Button variant="default" loading={correcting.isPending} onClick={() => correcting.mutate(text)}>{texts.correct}</Button></Group>
                  {correcting.isError && <ProblemBox problem={correcting.error} />}
                </>
              )}
            </>
          ) : <Group gap="sm"><Button variant="default" onClick={() => setContent(true)}>{texts.content}</Button><Text size="sm" c="dimmed">{texts.noted}</Text></Group>}
          {asked.data.acts.length > 0 && (
            <>
              <Title order={2} size="h5">{texts.acts}</Title>
              <List size="sm">{asked.data.acts.map((one) => <List.Item key={one.at + one.act}>{called(texts.actNames, one.act)} · {format.dateTime(one.at)} · <span className="ltr">{one.actor}</span>{one.cause && <> · <span className="ltr">{one.cause}</span></>}</List.Item>)}</List>
            </>
          )}
          {acting.isError && <ProblemBox problem={acting.error} />}
          {asked.data.state === 'open' && (
            <Group justify="end">
              <Button variant="default" onClick={() => setGiving(true)}>{texts.discard}</Button>
              <Button loading={acting.isPending} onClick={() => acting.mutate('replay')}>{texts.replay}</Button>
            </Group>
          )}
        </Stack>
      )}
    </Modal>
  );
}
