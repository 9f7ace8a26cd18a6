import { Alert, Anchor, Button, Group, NativeSelect, Radio, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { campaignCreateJourney } from '../../api';
import { useTexts } from '../../app/preferences';
import { Head } from '../../parts/Head';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { journeys } from '../../texts/journeys';
import { begunWith, type Start, STARTS, writes } from './starts';
import { useTemplates } from './words';

export default function NewJourney() {
  const all = useTexts(journeys);
  const texts = all.begin;
  const navigate = useNavigate();
  const queries = useQueryClient();
  const templates = useTemplates();
  const [name, setName] = useState('');
  const [start, setStart] = useState<Start>('basket');
  const [chosen, setChosen] = useState('');
  const [sender, setSender] = useState('');
  const template = chosen || (templates.data?.data[0]?.id ?? '');
  const creating = useMutation({
    mutationFn: () => campaignCreateJourney({ body: { name, definition: begunWith(start, template, sender, texts.call) } }),
    onSuccess: ({ id }) => { void queries.invalidateQueries({ queryKey: ['journeys'] }); void navigate({ to: '/journeys/$id', params: { id } as never }); },
  });
  if (templates.isPending) return <Waiting />;
  if (templates.isError) return <ProblemBox problem={templates.error} again={() => void templates.refetch()} />;
  const missing = writes(start) && template === '';
  function submit(event: FormEvent) {
    event.preventDefault();
    creating.mutate();
  }
  return (
    <Stack maw={720}>
      <Anchor component={Link} to="/journeys" size="sm">{all.back}</Anchor>
      <Head title={all.new} text={texts.text} />
      <form onSubmit={submit}>
        <Stack>
          <TextInput label={all.name} required maxLength={200} value={name} onChange={(event) => setName(event.currentTarget.value)} />
          <Radio.Group label={texts.pattern} value={start} onChange={(value) => setStart(value as Start)}>
            <Stack gap="xs" mt={4}>
              {STARTS.map((one) => (
                <Radio.Card key={one} value={one} p="sm" radius="md">
                  <Group wrap="nowrap" align="start"><Radio.Indicator /><div><Text fw={600}>{all.starts[one]}</Text><Text size="sm" c="dimmed">{all.startTexts[one]}</Text></div></Group>
                </Radio.Card>
              ))}
            </Stack>
          </Radio.Group>
          {writes(start) && templates.data.data.length > 0 && (
            <>
              <NativeSelect label={texts.template} description={texts.templateHelp} value={template} onChange={(event) => setChosen(event.currentTarget.value)} data={templates.data.data.map((one) => ({ value: one.id, label: one.name }))} />
              <TextInput label={texts.sender} type="email" dir="ltr" value={sender} onChange={(event) => setSender(event.currentTarget.value)} />
            </>
          )}
          {missing && <Alert color="yellow" variant="light">{texts.noTemplate}</Alert>}
          {creating.isError && <ProblemBox problem={creating.error} />}
          <Group><Button type="submit" loading={creating.isPending} disabled={missing}>{texts.create}</Button></Group>
        </Stack>
      </form>
    </Stack>
  );
}
