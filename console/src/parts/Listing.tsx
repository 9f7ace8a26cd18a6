import { Box, Button, Group, Paper, Stack, Table, Text } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import type { ReactNode } from 'react';
import { useTexts } from '../app/preferences';
import { shell } from '../texts/shell';

export interface Column<Row> {
  name: string;
  show: (row: Row) => ReactNode;
  /** Figures stand at the end and below each other. */
  number?: boolean;
}

interface Props<Row> { label: string; rows: Row[]; columns: Column<Row>[]; id: (row: Row) => string; more?: (() => void) | null; loading?: boolean }

/** A table; on a narrow screen the same rows as cards. The first column names the row. */
export function Listing<Row>({ label, rows, columns, id, more, loading }: Props<Row>) {
  const texts = useTexts(shell);
  const narrow = useMediaQuery('(max-width: 40em)', window.matchMedia('(max-width: 40em)').matches);
  return (
    <Stack gap="sm">
      {narrow ? (
        <ul className="cards" aria-label={label}>
          {rows.map((row) => (
            <Paper key={id(row)} component="li" withBorder p="sm" radius="md">
              <Box fw={600} mb={4}>{columns[0].show(row)}</Box>
              {columns.slice(1).map((column) => (
                <Group key={column.name} justify="space-between" gap="sm" align="start">
                  <Text size="sm" c="dimmed">{column.name}</Text>
                  <Box fz="sm" ta="end" className={column.number ? 'number' : undefined} style={{ minWidth: 0, overflowWrap: 'anywhere' }}>{column.show(row)}</Box>
                </Group>
              ))}
            </Paper>
          ))}
        </ul>
      ) : (
        <Table.ScrollContainer minWidth={480} scrollAreaProps={{ viewportProps: { tabIndex: 0, 'aria-label': label, role: 'region' } }}>
          <Table highlightOnHover verticalSpacing="xs" aria-label={label}>
            <Table.Thead>
              <Table.Tr>{columns.map((column) => <Table.Th key={column.name} ta={column.number ? 'end' : undefined} scope="col">{column.name}</Table.Th>)}</Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map((row) => (
                <Table.Tr key={id(row)}>
                  {columns.map((column) => <Table.Td key={column.name} ta={column.number ? 'end' : undefined} className={column.number ? 'number' : undefined}>{column.show(row)}</Table.Td>)}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      {more && <Group justify="center"><Button variant="default" onClick={more} loading={loading}>{texts.more}</Button></Group>}
    </Stack>
  );
}
