import { Button, Card, Group, NativeSelect, Stack, Text, Textarea, TextInput, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { interactionListReplies, interactionRenderReply, interactionReply } from '../../api';
import type { InteractionFullCaseView } from '../../api';
import { usePreferences, useTexts } from '../../app/preferences';
import { ProblemBox } from '../../parts/Problem';
import { problemOf } from '../../parts/problems';
import { cases } from '../../texts/cases';

type After = 'open' | 'waiting' | 'resolved';

/** Answers on the customer's channel; a canned reply is filled in for this case and may be changed. */
export function Reply({ one }: { one: InteractionFullCaseView }) {
  const texts = useTexts(cases).reply;
  const { language } = usePreferences();
  const queries = useQueryClient();
  const [text, setText] = useState('');
  const [called, setCalled] = useState('');
  const [after, setAfter] = useState<After>('waiting');
  const canned = useQuery({ queryKey: ['canned'], queryFn: () => interactionListReplies(), staleTime: 60_000 });
  const filling = useMutation({
    mutationFn: (name: string) => interactionRenderReply({ path: { name }, body: { case_id: one.id, customer_id: one.customer_id, employee_id: one.employee_id, language: one.language ?? language } }),
    onSuccess: (filled) => setText((before) => (before.trim() ? `${before.trimEnd()}\n\n${filled.text}` : filled.text)),
  });
  const sending = useMutation({
    mutationFn: () => interactionReply({ path: { case_id: one.id }, body: { text, status: after, ...(called.trim() && { kind: 'call', fields: { customer: called.trim() } }), ...(one.employee_id && { employee_id: one.employee_id }) } }),
    onSuccess: () => {
      setText('');
      setCalled('');
      notifications.show({ color: 'teal', message: texts.sent });
      setTimeout(() => { void queries.invalidateQueries({ queryKey: ['case', one.id] }); void queries.invalidateQueries({ queryKey: ['cases'] }); }, 700);
    },
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    sending.mutate();
  }
  const names = (canned.data?.data ?? []).map((each) => each.name);
  return (
    <Card withBorder component="section" aria-labelledby="reply">
      <form onSubmit={submit}>
        <Stack gap="sm">
          <Title order={2} size="h4" id="reply">{texts.title}</Title>
          {names.length > 0 ? <NativeSelect maw={360} label={texts.canned} value="" disabled={filling.isPending} onChange={(event) => event.currentTarget.value && filling.mutate(event.currentTarget.value)} data={[{ value: '', label: texts.pick }, ...names]} />
            : canned.isSuccess && <Text size="sm" c="dimmed">{texts.noCanned}</Text>}
          {filling.isError && <ProblemBox problem={filling.error} />}
          <Textarea label={texts.text} required autosize minRows={4} dir="auto" value={text} onChange={(event) => setText(event.currentTarget.value)} />
          {(called || problemOf(sending.error).code === 'case.no_address') && <TextInput label={texts.called} description={texts.calledHelp} dir="ltr" value={called} onChange={(event) => setCalled(event.currentTarget.value)} />}
          {sending.isError && <ProblemBox problem={sending.error} />}
          <Group align="end" justify="space-between">
            <NativeSelect label={texts.then} value={after} onChange={(event) => setAfter(event.currentTarget.value as After)} data={(['waiting', 'resolved', 'open'] as const).map((value) => ({ value, label: texts[value] }))} />
            <Button type="submit" loading={sending.isPending} disabled={!text.trim()}>{texts.send}</Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}
