import { Button, Card, Group, SimpleGrid, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { campaignWritePlaybook } from '../../api';
import type { CampaignMail, CampaignPlaybookView } from '../../api';
import { useTexts } from '../../app/preferences';
import { ProblemBox } from '../../parts/Problem';
import { programmes } from '../../texts/programmes';
import { unreadable } from './Editor';

/** Words and mails in fields; what it makes as it is kept, with its references. */
export function Change({ playbook }: { playbook: CampaignPlaybookView }) {
  const all = useTexts(programmes);
  const texts = all.playbooks;
  const queries = useQueryClient();
  const { version, ...kept } = playbook;
  const [title, setTitle] = useState(playbook.title);
  const [about, setAbout] = useState(playbook.about);
  const [mails, setMails] = useState((playbook.mails ?? {}) as Record<string, CampaignMail>);
  const [parts, setParts] = useState(() => JSON.stringify({ programmes: playbook.programmes, rewards: playbook.rewards, site: playbook.site }, null, 2));
  const saving = useMutation({
    mutationFn: () => campaignWritePlaybook({ path: { key: playbook.key }, body: { ...kept, title, about, mails, ...(JSON.parse(parts) as object) } }),
    onSuccess: () => { notifications.show({ message: texts.saved, color: 'teal' }); void queries.invalidateQueries({ queryKey: ['playbooks'] }); },
  });
  const wrong = unreadable(parts);
  const write = (ref: string, locale: string, part: object) => setMails({ ...mails, [ref]: { ...mails[ref], locales: { ...mails[ref].locales, [locale]: { ...mails[ref].locales[locale], ...part } } } });
  function submit(event: FormEvent) {
    event.preventDefault();
    saving.mutate();
  }
  return (
    <form onSubmit={submit} data-version={version}>
      <Stack maw={900}>
        <Text size="sm" c="dimmed">{texts.changeText}</Text>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput label={texts.titleEn} required dir="ltr" value={title.en ?? ''} onChange={(event) => setTitle({ ...title, en: event.currentTarget.value })} />
          <TextInput label={texts.titleFa} dir="rtl" value={title.fa ?? ''} onChange={(event) => setTitle({ ...title, fa: event.currentTarget.value })} />
        </SimpleGrid>
        <Textarea label={texts.about} required autosize minRows={2} dir="auto" value={about} onChange={(event) => setAbout(event.currentTarget.value)} />
        {Object.entries(mails).map(([ref, mail]) => (
          <Card withBorder key={ref} p="sm" component="section" aria-label={`${texts.mails}: ${ref}`}>
            <Text fw={600} mb="xs"><span className="ltr">{ref}</span></Text>
            <SimpleGrid cols={{ base: 1, sm: 2 }}>
              {Object.entries(mail.locales).map(([locale, words]) => {
                const language = texts.languages[locale as 'en'] ?? locale;
                return (
                  <Stack key={locale} gap="xs">
                    <TextInput label={`${texts.subject} (${language})`} required dir={locale === 'fa' ? 'rtl' : 'ltr'} value={words.subject ?? ''} onChange={(event) => write(ref, locale, { subject: event.currentTarget.value })} />
                    <Textarea label={`${texts.body} (${language})`} required autosize minRows={3} maxRows={12} dir="ltr" styles={{ input: { fontFamily: 'monospace' } }} value={words.body ?? ''} onChange={(event) => write(ref, locale, { body: event.currentTarget.value })} />
                  </Stack>
                );
              })}
            </SimpleGrid>
          </Card>
        ))}
        <Textarea label={texts.parts} description={texts.partsHelp} autosize minRows={6} maxRows={24} dir="ltr" styles={{ input: { fontFamily: 'monospace' } }} value={parts} onChange={(event) => setParts(event.currentTarget.value)} error={wrong ? all.form.badJson : null} />
        {saving.isError && <ProblemBox problem={saving.error} />}
        <Group><Button type="submit" loading={saving.isPending} disabled={wrong}>{texts.save}</Button></Group>
      </Stack>
    </form>
  );
}
