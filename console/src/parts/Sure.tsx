import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTexts } from '../app/preferences';
import { shell } from '../texts/shell';
import { ProblemBox } from './Problem';

interface Props { title: string; text: ReactNode; yes: string; no?: string; danger?: boolean; waiting: boolean; problem?: unknown; confirm: () => void; close: () => void; blocked?: boolean; children?: ReactNode }

/** Asks before something that cannot be taken back. */
export function Sure({ title, text, yes, no, danger, waiting, problem, confirm, close, blocked, children }: Props) {
  const words = useTexts(shell);
  return (
    <Modal opened onClose={close} title={title} closeButtonProps={{ 'aria-label': words.close }}>
      <Stack>
        <Text size="sm" component="div">{text}</Text>
        {children}
        {problem !== undefined && problem !== null && <ProblemBox problem={problem} />}
        <Group justify="end">
          <Button variant="default" onClick={close}>{no ?? words.cancel}</Button>
          <Button color={danger ? 'red.9' : undefined} loading={waiting} disabled={blocked} onClick={confirm}>{yes}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
