import { Group, Loader, Progress, Stack, Text } from '@mantine/core';
import { useFormat } from '../app/format';
import { useTexts } from '../app/preferences';
import { shell } from '../texts/shell';

/** Something is under way; with counts where they are known. */
export function Waiting({ what, done, total }: { what?: string; done?: number; total?: number }) {
  const texts = useTexts(shell);
  const format = useFormat();
  if (done === undefined || !total) {
    return <Group p="md" role="status" data-waiting=""><Loader size="sm" aria-hidden /><Text size="sm" c="dimmed">{what ?? texts.loading}</Text></Group>;
  }
  const told = texts.waitingFor(what ?? '', format.number(done), format.number(total));
  return (
    <Stack gap={4} role="status">
      <Text size="sm">{told}</Text>
      <Progress value={(100 * done) / total} aria-label={told} />
    </Stack>
  );
}
