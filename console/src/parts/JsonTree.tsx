import { Box } from '@mantine/core';

/** A value with everything inside it, opened and closed like a list; always left to right. */
export function JsonTree({ value, name, depth = 0 }: { value: unknown; name?: string; depth?: number }) {
  const label = name === undefined ? null : <span style={{ color: 'var(--mantine-color-dimmed)' }}>{name}: </span>;
  if (value === null || typeof value !== 'object') return <Box dir="ltr" ff="monospace" fz="xs" style={{ overflowWrap: 'anywhere' }}>{label}{JSON.stringify(value)}</Box>;
  const inside = Object.entries(value);
  const signs = Array.isArray(value) ? `[${inside.length}]` : `{${inside.length}}`;
  if (inside.length === 0) return <Box dir="ltr" ff="monospace" fz="xs">{label}{signs}</Box>;
  return (
    <Box component="details" open={depth < 3} dir="ltr" ff="monospace" fz="xs">
      <summary style={{ lineHeight: '24px' }}>{label}{signs}</summary>
      <Box ps="md">{inside.map(([key, one]) => <JsonTree key={key} name={key} value={one} depth={depth + 1} />)}</Box>
    </Box>
  );
}
