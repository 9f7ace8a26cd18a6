import { Card, Code, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { campaignPreview } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { campaigns } from '../../texts/campaigns';

export type Shape = 'html' | 'text';
interface Props { title: string; template: string; version: number | null; customer: string; locale: string; shape: Shape }

/** One message in one language; the mail stands in a frame that may do nothing. */
export function Rendered({ title, template, version, customer, locale, shape }: Props) {
  const texts = useTexts(campaigns).preview;
  const format = useFormat();
  const asked = useQuery({
    queryKey: ['preview', template, version, customer, locale],
    queryFn: () => campaignPreview({ path: { template_id: template }, body: { customer_id: customer, locale, ...(version !== null && { version }) } }),
  });
  if (asked.isPending) return <Waiting what={title} />;
  if (asked.isError) return <ProblemBox problem={asked.error} again={() => void asked.refetch()} />;
  return (
    <Card withBorder component="section" aria-label={title}>
      <Stack gap="xs">
        <Text size="sm"><Text span c="dimmed" size="sm">{texts.subject}: </Text><bdi>{asked.data.subject}</bdi></Text>
        <Text size="xs" c="dimmed">{title} · {texts.version(format.number(asked.data.version))}{asked.data.locale !== locale && ` · ${texts.instead}`}</Text>
        {shape === 'html' ? <iframe title={title} sandbox="" srcDoc={quiet(asked.data.html)} style={{ border: 0, width: '100%', height: 460, background: '#fff', borderRadius: 6 }} />
          : <Code block dir="auto" tabIndex={0} style={{ whiteSpace: 'pre-wrap' }}>{asked.data.text}</Code>}
      </Stack>
    </Card>
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
