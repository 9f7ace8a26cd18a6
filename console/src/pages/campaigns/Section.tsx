import { Button, Card, Group, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useId } from 'react';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';

interface Props { texts: { title: string; ask: string; help: string }; waiting: boolean; told: boolean; problem: unknown; ask: () => void; children: ReactNode }

/** A section whose content is asked for by its button. */
export function Section({ texts, waiting, told, problem, ask, children }: Props) {
  const id = useId();
  return (
    <Card withBorder component="section" aria-labelledby={id}>
      <Stack gap="sm">
        <Group justify="space-between">
          <Title order={2} size="h4" id={id}>{texts.title}</Title>
          <Button variant="default" loading={waiting} onClick={ask}>{texts.ask}</Button>
        </Group>
        <Text size="sm" c="dimmed">{texts.help}</Text>
        {waiting && !told && <Waiting what={texts.title} />}
        {problem !== null && <ProblemBox problem={problem} again={ask} />}
        {children}
      </Stack>
    </Card>
  );
}
