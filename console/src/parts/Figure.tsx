import { Card, Text } from '@mantine/core';
import type { ReactNode } from 'react';

/** One figure with its name; `more` stands small below. */
export function Figure({ label, value, more }: { label: string; value: ReactNode; more?: ReactNode }) {
  return (
    <Card withBorder p="sm">
      <Text size="sm" c="dimmed">{label}</Text>
      <Text fz={22} fw={700} className="number" component="div">{value}</Text>
      {more && <Text size="xs" c="dimmed" component="div">{more}</Text>}
    </Card>
  );
}
