import { Button, CloseButton, Group as Row, NativeSelect, Paper, Stack, Text } from '@mantine/core';
import { useTexts } from '../../app/preferences';
import { Icon } from '../../parts/Icon';
import { segments } from '../../texts/segments';
import { Condition } from './Condition';
import { begun, groupOf, grouped, type Mode, type Rule } from './rule';

/** A group of conditions and groups; `change` is told the whole of it. */
export function Group({ rule, change, depth = 1 }: { rule: Rule; change: (rule: Rule) => void; depth?: number }) {
  const texts = useTexts(segments).group;
  const { mode, parts } = groupOf(rule)!;
  const put = (place: number, part: Rule) => change(grouped(mode, parts.map((one, here) => (here === place ? part : one))));
  return (
    <Stack gap="xs">
      <NativeSelect label={texts.label} maw={320} value={mode} onChange={(event) => change(grouped(event.currentTarget.value as Mode, parts))}
        data={(['all', 'any', 'none'] as const).map((value) => ({ value, label: texts[value] }))} />
      {parts.length === 0 && <Text size="sm" c="dimmed">{texts.empty}</Text>}
      {parts.map((part, place) => (
        <Paper key={place} withBorder p="sm" radius="md">
          <Row wrap="nowrap" align="start" gap="xs">
            <div style={{ flex: 1, minWidth: 0 }}>
              {groupOf(part) ? <Group rule={part} change={(one) => put(place, one)} depth={depth + 1} /> : <Condition rule={part} change={(one) => put(place, one)} />}
            </div>
            <CloseButton aria-label={texts.remove} onClick={() => change(grouped(mode, parts.filter((_, here) => here !== place)))} />
          </Row>
        </Paper>
      ))}
      <Row gap="xs">
        <Button size="xs" variant="default" leftSection={<Icon name="plus" size={14} />} onClick={() => change(grouped(mode, [...parts, begun('trait')]))}>{texts.add}</Button>
        {depth < 4 && <Button size="xs" variant="default" onClick={() => change(grouped(mode, [...parts, { any: [begun('orders')] }]))}>{texts.addGroup}</Button>}
      </Row>
    </Stack>
  );
}
