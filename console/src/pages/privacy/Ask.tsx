import { Button, Group, Modal, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { consentAsk, consentListPurposes } from '../../api';
import type { ConsentAskRequest } from '../../api';
import { usePreferences, useTexts } from '../../app/preferences';
import { PickCustomer } from '../../parts/PickCustomer';
import { ProblemBox } from '../../parts/Problem';
import { campaigns } from '../../texts/campaigns';
import { privacy } from '../../texts/privacy';
import { shell } from '../../texts/shell';

type Kind = ConsentAskRequest['kind'];
const KINDS: Kind[] = ['access', 'portability', 'rectification', 'erasure', 'restriction', 'objection'];

/** Enters what somebody has asked for. */
export function Ask({ close }: { close: () => void }) {
  const all = useTexts(privacy);
  const texts = all.ask;
  const words = useTexts(shell);
  const languages = useTexts(campaigns).preview.languages;
  const { language } = usePreferences();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [customer, setCustomer] = useState<string | null>(null);
  const [given, setGiven] = useState({ kind: 'access' as Kind, verified: '', language: language as string, purpose: '', reason: '', trait: '', value: '' });
  const put = (part: Partial<typeof given>) => setGiven({ ...given, ...part });
  const purposes = useQuery({ queryKey: ['purposes'], queryFn: () => consentListPurposes(), enabled: given.kind === 'objection' });
  const purpose = given.purpose || purposes.data?.data[0]?.purpose || '';
  const asking = useMutation({
    mutationFn: () => consentAsk({ body: {
      customer_id: customer ?? '', kind: given.kind, via: 'employee', language: given.language, ...(given.verified && { verified_by: given.verified }),
      ...(given.kind === 'objection' && { purpose }), ...(given.kind === 'restriction' && { reason: given.reason }), ...(given.kind === 'rectification' && { traits: { [given.trait]: given.value } }),
    } }),
    onSuccess: ({ id }) => { void queries.invalidateQueries({ queryKey: ['privacy'] }); void navigate({ to: '/privacy/requests/$id', params: { id } as never }); },
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    asking.mutate();
  }
  return (
    <Modal opened onClose={close} title={texts.title} closeButtonProps={{ 'aria-label': words.close }}>
      <form onSubmit={submit}>
        <Stack>
          <Text size="sm" c="dimmed">{texts.text}</Text>
          <PickCustomer label={texts.person} help={texts.personHelp} chosen={setCustomer} />
          <NativeSelect label={all.requests.kind} value={given.kind} onChange={(event) => put({ kind: event.currentTarget.value as Kind })} data={KINDS.map((value) => ({ value, label: all.kinds[value] }))} />
          {given.kind === 'objection' && <NativeSelect label={texts.purpose} value={purpose} onChange={(event) => put({ purpose: event.currentTarget.value })} data={(purposes.data?.data ?? []).map((one) => ({ value: one.purpose, label: one.title[language] ?? one.purpose }))} />}
          {given.kind === 'restriction' && <TextInput label={texts.reason} required value={given.reason} onChange={(event) => put({ reason: event.currentTarget.value })} />}
          {given.kind === 'rectification' && (
            <Group grow>
              <TextInput label={texts.trait} required dir="ltr" value={given.trait} onChange={(event) => put({ trait: event.currentTarget.value })} />
              <TextInput label={texts.value} required value={given.value} onChange={(event) => put({ value: event.currentTarget.value })} />
            </Group>
          )}
          <NativeSelect label={texts.language} value={given.language} onChange={(event) => put({ language: event.currentTarget.value })} data={(['en', 'fa'] as const).map((value) => ({ value, label: languages[value] }))} />
          <TextInput label={texts.verified} description={texts.verifiedHelp} value={given.verified} onChange={(event) => put({ verified: event.currentTarget.value })} />
          {asking.isError && <ProblemBox problem={asking.error} />}
          <Group justify="end"><Button type="submit" disabled={customer === null} loading={asking.isPending}>{texts.send}</Button></Group>
        </Stack>
      </form>
    </Modal>
  );
}
