import { Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { analyticsGetCohorts } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { Empty } from '../../parts/Empty';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { analytics } from '../../texts/analytics';
import { useMonths } from './months';

/** A table whose ground is the darker the more came back; strong grounds carry white, weak ones the text's colour. */
export function Cohorts() {
  const texts = useTexts(analytics).cohorts;
  const format = useFormat();
  const { calendar, month } = useMonths();
  const asked = useQuery({ queryKey: ['cohorts', calendar], queryFn: () => analyticsGetCohorts({ query: { calendar, months: 12 } }) });
  if (asked.isPending) return <Waiting />;
  if (asked.isError) return <ProblemBox problem={asked.error} again={() => void asked.refetch()} />;
  if (asked.data.data.length === 0) return <Empty {...texts.empty} command="make demo" />;
  const wide = Math.max(...asked.data.data.map((row) => row.share.length));
  const cell = (share: number) => (share > 0.3 ? { backgroundColor: 'var(--mantine-color-indigo-9)', color: 'white' } : { backgroundColor: `rgba(66, 99, 235, ${share * 0.8})` });
  return (
    <>
      <Text size="sm" c="dimmed" mb="sm">{texts.text}</Text>
      <Table.ScrollContainer minWidth={480} scrollAreaProps={{ viewportProps: { tabIndex: 0, 'aria-label': texts.cohort, role: 'region' } }}>
        <Table aria-label={texts.cohort} horizontalSpacing="xs">
          <Table.Thead><Table.Tr><Table.Th scope="col">{texts.cohort}</Table.Th><Table.Th scope="col">{texts.customers}</Table.Th>{Array.from({ length: wide }, (_, place) => <Table.Th key={place} scope="col" ta="center">{texts.after(format.number(place))}</Table.Th>)}</Table.Tr></Table.Thead>
          <Table.Tbody>
            {asked.data.data.map((row) => (
              <Table.Tr key={row.month}>
                <Table.Th scope="row" style={{ whiteSpace: 'nowrap' }}>{month(row.month)}</Table.Th>
                <Table.Td className="number">{format.number(row.customers)}</Table.Td>
                {row.share.map((share, place) => <Table.Td key={place} ta="center" className="number" style={cell(share)}>{format.percent(share, 0)}</Table.Td>)}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </>
  );
}
