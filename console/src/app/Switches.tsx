import { ActionIcon, Button, Group, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { Icon } from '../parts/Icon';
import { shell } from '../texts/shell';
import { usePreferences, useTexts } from './preferences';

/** Language and colours. */
export function Switches() {
  const texts = useTexts(shell);
  const { language, setLanguage } = usePreferences();
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme('light') === 'dark';
  const other = language === 'en' ? 'fa' : 'en';
  return (
    <Group gap="xs" justify="center" wrap="nowrap">
      <Button variant="subtle" size="compact-sm" lang={other} title={texts.languageSwitch} onClick={() => setLanguage(other)}>{texts.language}</Button>
      <ActionIcon variant="subtle" aria-label={dark ? texts.light : texts.dark} title={dark ? texts.light : texts.dark} onClick={() => setColorScheme(dark ? 'light' : 'dark')}>
        <Icon name={dark ? 'sun' : 'moon'} />
      </ActionIcon>
    </Group>
  );
}
