import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { consentGetConsent, consentGetReceipt, consentGetRestriction } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { PickCustomer } from '../../parts/PickCustomer';
import { ProblemBox } from '../../parts/Problem';
import { saveJson } from '../../parts/saving';
import { privacy } from '../../texts/privacy';
import { Consents } from '../customers/Consents';

export function Person() {
  const texts = useTexts(privacy).person;
  const [customer, setCustomer] = useState<string | null>(null);
  return (
    <Stack>
      <PickCustomer label={texts.pick} help={texts.help} chosen={setCustomer} />
      {customer === null ? <Text c="dimmed">{texts.none}</Text> : <Said key={customer} id={customer} />}
    </Stack>
  );
}

function Said({ id }: { id: string }) {
  const texts = useTexts(privacy).person;
  const format = useFormat();
  const session = useSession();
  const restriction = useQuery({ queryKey: ['restriction', id], queryFn: () => consentGetRestriction({ path: { customer_id: id } }), enabled: session.may('privacy:manage') });
  const saving = useMutation({
    mutationFn: async () => {
      const { data } = await consentGetConsent({ path: { customer_id: id }, query: { limit: 100 } });
      return Promise.all(data.map((entry) => consentGetReceipt({ path: { customer_id: id, entry_id: entry.entry_id } })));
    },
    onSuccess: (receipts) => saveJson(`receipts-${id}.json`, receipts),
  });
  return (
    <Stack>
      {restriction.data?.restricted && <Alert color="yellow" variant="light">{texts.restricted(restriction.data.since ? format.date(restriction.data.since) : '–')}</Alert>}
      <Group><Button variant="default" loading={saving.isPending} onClick={() => saving.mutate()}>{texts.save}</Button></Group>
      {saving.isError && <ProblemBox problem={saving.error} />}
      <Consents id={id} />
    </Stack>
  );
}
