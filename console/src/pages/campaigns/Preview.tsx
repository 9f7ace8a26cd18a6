import { Card, Code, Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { campaignPreview } from '../../api';
import { useFormat } from '../../app/format';
import { usePreferences, useTexts } from '../../app/preferences';
import { PickCustomer } from '../../parts/PickCustomer';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { campaigns } from '../../texts/campaigns';

/** The message exactly as one customer gets it; the mail stands in a frame that may do nothing. */
export function Preview({ template, version }: { template: string; version: number | null }) {
  const texts = useTexts(campaigns).preview;
  const format = useFormat();
  const { language } = usePreferences();
  const [customer, setCustomer] = useState<string | null>(null);
  const [locale, setLocale] = useState<string>(language);
  const [shape, setShape] = useState('html');
  const asked = useQuery({
    queryKey: ['preview', template, version, customer, locale], enabled: customer !== null,
    queryFn: () => campaignPreview({ path: { template_id: template }, body: { customer_id: customer, locale, ...(version !== null && { version }) } }),
  });
  return (
    <Stack>
      <PickCustomer label={texts.person} help={texts.personHelp} chosen={setCustomer} />
      <Group>
        <SegmentedControl aria-label={texts.language} value={locale} onChange={setLocale} data={(['en', 'fa'] as const).map((value) => ({ value, label: texts.languages[value] }))} />
        <SegmentedControl aria-label={texts.title} value={shape} onChange={setShape} data={[{ value: 'html', label: texts.html }, { value: 'text', label: texts.plain }]} />
      </Group>
      {customer === null ? <Text c="dimmed">{texts.none}</Text> : asked.isPending ? <Waiting what={texts.title} />
        : asked.isError ? <ProblemBox problem={asked.error} again={() => void asked.refetch()} /> : (
          <Card withBorder>
            <Stack gap="xs">
              <Text size="sm"><Text span c="dimmed" size="sm">{texts.subject}: </Text><bdi>{asked.data.subject}</bdi></Text>
              <Text size="xs" c="dimmed">{texts.version(format.number(asked.data.version))}{asked.data.locale !== locale && ` · ${texts.instead}`}</Text>
              {shape === 'html' ? <iframe title={texts.title} sandbox="" srcDoc={quiet(asked.data.html)} style={{ border: 0, width: '100%', height: 460, background: '#fff', borderRadius: 6 }} />
                : <Code block dir="auto" tabIndex={0} style={{ whiteSpace: 'pre-wrap' }}>{asked.data.text}</Code>}
            </Stack>
          </Card>
        )}
    </Stack>
  );
}

/** The mail without what it would fetch from elsewhere: looking at it tells nobody, and needs no network. */
function quiet(html: string): string {
  const mail = new DOMParser().parseFromString(html, 'text/html');
  for (const fetched of mail.querySelectorAll('link, script')) fetched.remove();
  for (const style of mail.querySelectorAll('style')) style.textContent = (style.textContent ?? '').replace(/@import[^;]*;/g, '');
  for (const picture of mail.querySelectorAll('img')) if (!picture.src.startsWith('data:')) picture.removeAttribute('src');
  return mail.documentElement.outerHTML;
}
