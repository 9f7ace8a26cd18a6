import { Progress, Stack, Text, Title } from '@mantine/core';
import { useQueries } from '@tanstack/react-query';
import { analyticsCountScores } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { Listing } from '../../parts/Listing';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { analytics } from '../../texts/analytics';
import { called } from '../../texts/campaigns';
import { segments } from '../../texts/segments';

const KINDS = ['stage', 'tier'] as const;

export function Stages() {
  const texts = useTexts(analytics).stages;
  const stages = useTexts(segments).stages;
  const format = useFormat();
  const asked = useQueries({ queries: KINDS.map((kind) => ({ queryKey: ['counts', kind], queryFn: () => analyticsCountScores({ path: { kind } }) })) });
  return (
    <Stack>
      <Text size="sm" c="dimmed">{texts.text}</Text>
      {KINDS.map((kind, place) => {
        const { data, error, refetch } = asked[place];
        const whole = data?.groups.reduce((sum, group) => sum + group.customers, 0) ?? 0;
        const moves = data?.transitions.filter((move) => move.previous !== null) ?? [];
        return (
          <section key={kind} aria-label={texts.kinds[kind]}>
            <Title order={2} size="h5" mb="xs">{texts.kinds[kind]}</Title>
            {error ? <ProblemBox problem={error} again={() => void refetch()} /> : !data ? <Waiting /> : data.groups.length === 0 ? <Text c="dimmed">{texts.empty}</Text> : (
              <Listing label={texts.kinds[kind]} rows={data.groups} id={(row) => row.value} columns={[
                { name: texts.value, show: (row) => <>{called(stages, row.value)}<Progress value={(100 * row.customers) / whole} aria-hidden /></> },
                { name: texts.customers, number: true, show: (row) => format.number(row.customers) },
              ]} />
            )}
            {moves.length > 0 && (
              <Listing label={texts.moved} rows={moves} id={(row) => `${row.previous}/${row.value}`} columns={[
                { name: texts.moved, show: (row) => `${texts.from} ${called(stages, row.previous)} ${texts.to} ${called(stages, row.value)}` },
                { name: texts.customers, number: true, show: (row) => format.number(row.customers) },
              ]} />
            )}
          </section>
        );
      })}
    </Stack>
  );
}
