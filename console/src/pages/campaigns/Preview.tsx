import { Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { usePreferences, useTexts } from '../../app/preferences';
import { PickCustomer } from '../../parts/PickCustomer';
import { campaigns } from '../../texts/campaigns';
import { Rendered, type Shape } from './Rendered';

/** The message exactly as one customer gets it. */
export function Preview({ template, version }: { template: string; version: number | null }) {
  const texts = useTexts(campaigns).preview;
  const { language } = usePreferences();
  const [customer, setCustomer] = useState<string | null>(null);
  const [locale, setLocale] = useState<string>(language);
  const [shape, setShape] = useState<Shape>('html');
  return (
    <Stack>
      <PickCustomer label={texts.person} help={texts.personHelp} chosen={setCustomer} />
      <Group>
        <SegmentedControl aria-label={texts.language} value={locale} onChange={setLocale} data={(['en', 'fa'] as const).map((value) => ({ value, label: texts.languages[value] }))} />
        <SegmentedControl aria-label={texts.title} value={shape} onChange={(value) => setShape(value as Shape)} data={[{ value: 'html', label: texts.html }, { value: 'text', label: texts.plain }]} />
      </Group>
      {customer === null ? <Text c="dimmed">{texts.none}</Text> : <Rendered title={texts.title} template={template} version={version} customer={customer} locale={locale} shape={shape} />}
    </Stack>
  );
}
