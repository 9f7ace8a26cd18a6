import { SegmentedControl, SimpleGrid, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { CampaignTemplateView } from '../../api';
import { useTexts } from '../../app/preferences';
import { PickCustomer } from '../../parts/PickCustomer';
import { campaigns } from '../../texts/campaigns';
import { templates } from '../../texts/templates';
import { Rendered, type Shape } from '../campaigns/Rendered';
import { languageName } from './writing';

/** What one customer gets, in every language of the template. */
export function SideBySide({ template }: { template: CampaignTemplateView }) {
  const texts = useTexts(templates).preview;
  const words = useTexts(campaigns).preview;
  const [customer, setCustomer] = useState<string | null>(null);
  const [shape, setShape] = useState<Shape>('html');
  return (
    <Stack>
      <Text size="sm" c="dimmed">{texts.text}</Text>
      <PickCustomer label={words.person} help={words.personHelp} chosen={setCustomer} />
      <SegmentedControl style={{ alignSelf: 'start' }} aria-label={words.title} value={shape} onChange={(value) => setShape(value as Shape)} data={[{ value: 'html', label: words.html }, { value: 'text', label: words.plain }]} />
      {customer === null ? <Text c="dimmed">{words.none}</Text> : (
        <SimpleGrid cols={{ base: 1, md: 2 }}>
          {Object.keys(template.locales).map((locale) => <Rendered key={locale} title={`${words.title}: ${languageName(locale)}`} template={template.id} version={template.version} customer={customer} locale={locale} shape={shape} />)}
        </SimpleGrid>
      )}
    </Stack>
  );
}
