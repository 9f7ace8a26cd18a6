import { createTheme, type CSSVariablesResolver } from '@mantine/core';

export const theme = createTheme({
  primaryColor: 'indigo',
  primaryShade: { light: 9, dark: 7 },
  autoContrast: true,
  fontFamily: 'Vazirmatn, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif',
  headings: { fontFamily: 'Vazirmatn, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif' },
  defaultRadius: 'md',
  components: { Notification: { defaultProps: { closeButtonProps: { 'aria-label': 'Close – بستن' } } } },
});

/** Quiet text stays readable: at least 4.5 to 1 on every ground that is used. */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: { '--mantine-color-teal-light-color': '#066649', '--mantine-color-yellow-light-color': '#8a4b00', '--mantine-color-red-light-color': '#a61e1e', '--mantine-color-dimmed': '#5c636a', '--mantine-color-placeholder': '#6b7278', '--mantine-color-error': '#c92a2a' },
  dark: { '--mantine-color-dimmed': '#b8bcc2', '--mantine-color-placeholder': '#9aa0a6', '--mantine-color-error': '#ff8787' },
});
