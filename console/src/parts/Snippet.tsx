import { Button, Code, CopyButton, Group, Stack, Text } from '@mantine/core';
import { useTexts } from '../app/preferences';
import { shell } from '../texts/shell';

/** Something to copy: lines of code, a key. */
export function Snippet({ label, code }: { label?: string; code: string }) {
  const words = useTexts(shell);
  return (
    <Stack gap={4}>
      <Group justify="space-between">
        {label && <Text size="sm" fw={600}>{label}</Text>}
        <CopyButton value={code}>{({ copied, copy }) => <Button size="compact-xs" variant="default" onClick={copy}>{copied ? words.copied : words.copy}</Button>}</CopyButton>
      </Group>
      <Code block dir="ltr" tabIndex={0}>{code}</Code>
    </Stack>
  );
}
