import { Alert, Badge, Button, Card, CloseButton, Group, List, NativeSelect, SimpleGrid, Stack, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { campaignChangeTemplate, campaignCreateTemplate } from '../../api';
import type { CampaignFindingView, CampaignTemplateView } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { ProblemBox } from '../../parts/Problem';
import { problemOf } from '../../parts/problems';
import { called, campaigns } from '../../texts/campaigns';
import { templates } from '../../texts/templates';
import { Insert } from './Insert';
import { Source } from './Source';
import { directionOf, languageName, starting } from './writing';

type Format = 'mjml' | 'text';
interface Content { subject: string; body: string }
interface Props { template?: CampaignTemplateView; findings: CampaignFindingView[]; changed?: (changed: boolean) => void; saved?: () => void }

/** Subject and body of each language beside each other, with what the service and the check say of each. */
export function Editor({ template, findings, changed, saved }: Props) {
  const texts = useTexts(templates);
  const format = useFormat();
  const session = useSession();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [name, setName] = useState(template?.name ?? '');
  const [form, setForm] = useState<Format>((template?.format as Format | undefined) ?? 'mjml');
  const [locales, setLocales] = useState<Record<string, Content>>(() => (template?.locales as unknown as Record<string, Content> | undefined) ?? { en: starting('en'), fa: starting('fa') });
  const [first, setFirst] = useState(template?.fallback[0] ?? Object.keys(locales)[0]);
  const [added, setAdded] = useState('');
  const languages = Object.keys(locales);
  const body = { name, format: form, locales, fallback: [first, ...(template?.fallback ?? []).slice(1)].filter((one, place, all) => one in locales && all.indexOf(one) === place) };
  const saving = useMutation({
    mutationFn: () => (template ? campaignChangeTemplate({ path: { template_id: template.id }, body }) : campaignCreateTemplate({ body })),
    onSuccess: (written) => {
      notifications.show({ color: 'teal', message: texts.saved(format.number(written.version)) });
      queries.setQueryData(['template', written.id], written);
      void queries.invalidateQueries({ queryKey: ['templates'] });
      if (template) saved?.();
      else void navigate({ to: '/templates/$id', params: { id: written.id } as never });
    },
  });
  const differs = template === undefined || JSON.stringify([name, form, first, plain(locales)]) !== JSON.stringify([template.name, template.format, template.fallback[0] ?? Object.keys(template.locales)[0], plain(template.locales as unknown as Record<string, Content>)]);
  useEffect(() => changed?.(differs), [differs, changed]);
  const faults = saving.isError ? problemOf(saving.error).errors ?? [] : [];
  const faultOf = (language: string, part: string) => faults.find((fault) => fault.pointer === `/locales/${language}/${part}` || fault.pointer === `/body/locales/${language}/${part}`)?.detail;
  const told = languages.some((language) => faultOf(language, 'subject') ?? faultOf(language, 'body'));
  const put = (language: string, part: Partial<Content>) => setLocales({ ...locales, [language]: { ...locales[language], ...part } });
  const general = findings.filter((one) => !(one.where in locales) && one.level !== 'ok');
  return (
    <form onSubmit={(event) => { event.preventDefault(); saving.mutate(); }}>
      <Stack>
        <SimpleGrid cols={{ base: 1, sm: 3 }}>
          <TextInput label={texts.name} required maxLength={200} value={name} onChange={(event) => setName(event.currentTarget.value)} />
          <NativeSelect label={texts.format} value={form} onChange={(event) => setForm(event.currentTarget.value as Format)} data={(['mjml', 'text'] as const).map((value) => ({ value, label: texts.formats[value] }))} />
          <NativeSelect label={texts.fallback} value={first} onChange={(event) => setFirst(event.currentTarget.value)} data={languages.map((value) => ({ value, label: languageName(value) }))} />
        </SimpleGrid>
        {general.length > 0 && <Findings title={texts.check.general} findings={general} />}
        <SimpleGrid cols={{ base: 1, md: 2 }}>
          {languages.map((language) => (
            <Card key={language} withBorder component="section" aria-label={languageName(language)}>
              <Stack gap="sm">
                <Group justify="space-between" wrap="nowrap">
                  <Text fw={600}>{languageName(language)} <span className="ltr">({language})</span></Text>
                  <Group gap={4} wrap="nowrap">
                    <Insert language={language} insert={(text) => put(language, { body: inserted(language, locales[language].body, text) })} />
                    {languages.length > 1 && <CloseButton aria-label={texts.removeLanguage(languageName(language))} onClick={() => { const { [language]: _, ...others } = locales; setLocales(others); if (first === language) setFirst(Object.keys(others)[0]); }} />}
                  </Group>
                </Group>
                <TextInput label={texts.subject(languageName(language))} required dir={directionOf(language)} maxLength={1000} value={locales[language].subject} error={faultOf(language, 'subject')} onChange={(event) => put(language, { subject: event.currentTarget.value })} />
                <Source id={`body-${language}`} label={texts.body(languageName(language))} value={locales[language].body} error={faultOf(language, 'body')} change={(text) => put(language, { body: text })} />
                <Findings title={texts.check.inline(languageName(language))} findings={findings.filter((one) => one.where === language && one.level !== 'ok')} />
              </Stack>
            </Card>
          ))}
        </SimpleGrid>
        <Group align="end">
          <TextInput label={texts.addLanguage} description={texts.languageHelp} inputWrapperOrder={['label', 'input', 'description']} dir="ltr" maxLength={35} value={added} onChange={(event) => setAdded(event.currentTarget.value)} />
          <Button variant="default" mb={22} disabled={!/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(added) || added in locales} onClick={() => { setLocales({ ...locales, [added]: starting(added) }); setAdded(''); }}>{texts.addLanguage}</Button>
        </Group>
        {saving.isError && !told && <ProblemBox problem={saving.error} />}
        {session.may('campaigns:write') && (
          <Group>
            <Button type="submit" loading={saving.isPending} disabled={!differs}>{template ? texts.save : texts.create}</Button>
            {template && differs && <Text size="sm" c="dimmed" role="status">{texts.unsaved}</Text>}
          </Group>
        )}
      </Stack>
    </form>
  );
}

const plain = (locales: Record<string, Content>) => Object.keys(locales).sort().map((language) => [language, locales[language].subject, locales[language].body]);

/** The body with a text put where somebody last was in it. */
function inserted(language: string, body: string, text: string): string {
  const field = document.getElementById(`body-${language}`) as HTMLTextAreaElement | null;
  const at = field?.selectionEnd ?? body.length;
  setTimeout(() => { field?.focus(); field?.setSelectionRange(at + text.length, at + text.length); });
  return body.slice(0, at) + text + body.slice(at);
}

const COLOURS: Record<string, string> = { error: 'red', warning: 'yellow' };

function Findings({ title, findings }: { title: string; findings: CampaignFindingView[] }) {
  const texts = useTexts(campaigns);
  if (findings.length === 0) return null;
  return (
    <Alert color={findings.some((one) => one.level === 'error') ? 'red' : 'yellow'} variant="light" title={title}>
      <List size="sm">
        {findings.map((one, place) => <List.Item key={place}><Badge size="sm" variant="filled" tt="none" color={`${COLOURS[one.level] ?? 'gray'}.9`}>{called(texts.check.levels, one.level)}</Badge> {called(texts.why.checks, one.check)}: <bdi>{one.detail}</bdi></List.Item>)}
      </List>
    </Alert>
  );
}
