import { Anchor, Badge, Button, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { campaignListRuns, campaignStopRun } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { Listing } from '../../parts/Listing';
import { ProblemBox } from '../../parts/Problem';
import { Sure } from '../../parts/Sure';
import { Waiting } from '../../parts/Waiting';
import { programmes } from '../../texts/programmes';
import { COLOURS } from './asking';

/** What was started, with the programmes it made, and the way to stop it. */
export function Runs({ id }: { id: string }) {
  const all = useTexts(programmes);
  const texts = all.playbooks;
  const format = useFormat();
  const session = useSession();
  const queries = useQueryClient();
  const [stopped, setStopped] = useState<string | null>(null);
  const asked = useQuery({ queryKey: ['playbook-runs', id], queryFn: () => campaignListRuns({ query: { key: id } }) });
  const stopping = useMutation({
    mutationFn: (run: string) => campaignStopRun({ path: { run_id: run } }),
    onSuccess: () => {
      setStopped(null);
      notifications.show({ message: texts.stopped, color: 'teal' });
      void queries.invalidateQueries({ queryKey: ['playbook-runs'] });
      void queries.invalidateQueries({ queryKey: ['programmes'] });
    },
  });
  if (asked.isPending) return <Waiting />;
  if (asked.isError) return <ProblemBox problem={asked.error} again={() => void asked.refetch()} />;
  if (asked.data.data.length === 0) return <Text c="dimmed">{texts.noRuns}</Text>;
  return (
    <>
      <Listing label={texts.tabs.runs} rows={asked.data.data} id={(row) => row.id} columns={[
        { name: texts.run, show: (row) => format.dateTime(row.started_at) },
        { name: texts.state, show: (row) => <Badge variant="light" tt="none" color={COLOURS[row.status]}>{texts.states[row.status]}</Badge> },
        { name: texts.made, show: (row) => <Stack gap={0} align="start">{Object.entries(row.made.programmes ?? {}).map(([ref, made]) => <Anchor key={ref} component={Link} size="sm" lh="28px" to="/programmes/$id" params={{ id: String(made) } as never}><span className="ltr">{ref}</span></Anchor>)}</Stack> },
        { name: texts.stopped, show: (row) => (row.stopped_at ? format.dateTime(row.stopped_at) : session.may('campaigns:send') ? <Button size="compact-xs" variant="default" onClick={() => { stopping.reset(); setStopped(row.id); }}>{texts.stop}</Button> : '–') },
      ]} />
      {stopped !== null && <Sure title={texts.stopSure} text={texts.stopText} yes={texts.stop} no={texts.keepOn} danger waiting={stopping.isPending} problem={stopping.error} confirm={() => stopping.mutate(stopped)} close={() => setStopped(null)} />}
    </>
  );
}
