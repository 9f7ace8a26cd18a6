import { Center, Code, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

/** Nothing is here yet: says what would be, and how it gets there (`command`: something to copy). */
export function Empty({ title, text, command, children }: { title: string; text: string; command?: string; children?: ReactNode }) {
  return (
    <Center py="xl" px="md">
      <Stack align="center" gap="xs" w="100%" maw={520} miw={0} ta="center">
        <Title order={2} size="h4">{title}</Title>
        <Text c="dimmed">{text}</Text>
        {command && <Code block className="ltr" ta="left" tabIndex={0} style={{ whiteSpace: 'pre-wrap' }}>{command}</Code>}
        {children}
      </Stack>
    </Center>
  );
}
