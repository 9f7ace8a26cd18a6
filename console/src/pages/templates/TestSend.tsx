import { Badge, Button, Group, NativeSelect, SimpleGrid, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { campaignSendTest } from '../../api';
import type { CampaignTemplateView } from '../../api';
import { useTexts } from '../../app/preferences';
import { Listing } from '../../parts/Listing';
import { PickCustomer } from '../../parts/PickCustomer';
import { ProblemBox } from '../../parts/Problem';
import { called, campaigns } from '../../texts/campaigns';
import { templates } from '../../texts/templates';
import { languageName } from './writing';

/** The mail as one customer would get it, sent to oneself. */
export function TestSend({ template }: { template: CampaignTemplateView }) {
  const texts = useTexts(templates).test;
  const words = useTexts(campaigns).preview;
  const [customer, setCustomer] = useState<string | null>(null);
  const [given, setGiven] = useState({ to: '', from: '', fromName: '', locale: template.fallback[0] ?? Object.keys(template.locales)[0] });
  const put = (part: Partial<typeof given>) => setGiven({ ...given, ...part });
  const to = given.to.split(/[,،\s]+/).filter(Boolean);
  const sending = useMutation({
    mutationFn: () => campaignSendTest({ path: { template_id: template.id }, body: {
      to, locale: given.locale, from_address: given.from, from_name: given.fromName, ...(customer !== null ? { customer_id: customer } : { data: { name: 'Ann', email: to[0] } }),
    } }),
  });
  return (
    <form onSubmit={(event) => { event.preventDefault(); sending.mutate(); }}>
      <Stack maw={720}>
        <Text size="sm" c="dimmed">{texts.text}</Text>
        <PickCustomer label={words.person} help={words.personHelp} chosen={setCustomer} />
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput label={texts.to} description={texts.toHelp} inputWrapperOrder={['label', 'input', 'description']} required dir="ltr" value={given.to} onChange={(event) => put({ to: event.currentTarget.value })} />
          <NativeSelect label={texts.language} value={given.locale} onChange={(event) => put({ locale: event.currentTarget.value })} data={Object.keys(template.locales).map((value) => ({ value, label: languageName(value) }))} />
          <TextInput label={texts.from} type="email" dir="ltr" value={given.from} onChange={(event) => put({ from: event.currentTarget.value })} />
          <TextInput label={texts.fromName} value={given.fromName} onChange={(event) => put({ fromName: event.currentTarget.value })} />
        </SimpleGrid>
        <Group><Button type="submit" loading={sending.isPending} disabled={to.length === 0 || to.length > 5}>{texts.send}</Button></Group>
        {sending.isError && <ProblemBox problem={sending.error} />}
        {sending.data && (
          <Listing label={texts.result} rows={sending.data} id={(row) => row.to} columns={[
            { name: texts.to, show: (row) => <span className="ltr">{row.to}</span> },
            { name: texts.result, show: (row) => <Badge variant="light" tt="none" color={row.state === 'accepted' ? 'teal' : 'red'}>{called(texts.states, row.state)}</Badge> },
            { name: texts.reason, show: (row) => <span className="ltr">{row.reason || '–'}</span> },
          ]} />
        )}
      </Stack>
    </form>
  );
}
