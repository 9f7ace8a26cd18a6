import { Anchor, Badge, Card, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { campaignChoose, campaignListPlaybooks, campaignListRuns } from '../../api';
import type { CampaignPlaybookView } from '../../api';
import { useFormat } from '../../app/format';
import { usePreferences, useTexts } from '../../app/preferences';
import { PickCustomer } from '../../parts/PickCustomer';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { programmes } from '../../texts/programmes';
import { Views } from './Views';

const STAGES = ['acquire', 'enhance', 'retain'] as const;

export default function Playbooks() {
  const texts = useTexts(programmes).playbooks;
  const format = useFormat();
  const asked = useQuery({ queryKey: ['playbooks'], queryFn: () => campaignListPlaybooks() });
  const runs = useQuery({ queryKey: ['playbook-runs'], queryFn: () => campaignListRuns() });
  const running = (key: string) => (runs.data?.data ?? []).filter((run) => run.key === key && run.status === 'running').length;
  const known = asked.data?.data ?? [];
  const groups = [
    ...STAGES.map((stage) => ({ key: stage, title: texts.stages[stage], text: texts.stageText[stage], rows: known.filter((one) => one.stage === stage) })),
    { key: 'practice', title: texts.practices, text: null, rows: known.filter((one) => one.family === 'practice' && !one.stage) },
    { key: 'own', title: texts.own, text: null, rows: known.filter((one) => one.family === 'own' && !one.stage) },
  ].filter((group) => group.rows.length > 0);
  return (
    <Views view="playbooks">
      {asked.isPending ? <Waiting /> : asked.isError ? <ProblemBox problem={asked.error} again={() => void asked.refetch()} /> : (
        <Stack>
          <Text size="sm" c="dimmed">{texts.text}</Text>
          {groups.map((group) => (
            <section key={group.key} aria-label={group.title}>
              <Group gap="xs" mb="xs" align="baseline"><Title order={2} size="h4">{group.title}</Title>{group.text && <Text size="sm" c="dimmed">{group.text}</Text>}</Group>
              <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>{group.rows.map((one) => <One key={one.key} playbook={one} running={running(one.key)} shown={format.number(running(one.key))} />)}</SimpleGrid>
            </section>
          ))}
          <Meeting titles={known} />
        </Stack>
      )}
    </Views>
  );
}

function One({ playbook, running, shown }: { playbook: CampaignPlaybookView; running: number; shown: string }) {
  const texts = useTexts(programmes).playbooks;
  const format = useFormat();
  const { language } = usePreferences();
  return (
    <Card withBorder>
      <Stack gap="xs" h="100%">
        <Anchor component={Link} to="/programmes/playbooks/$key" params={{ key: playbook.key } as never} fw={600}><bdi>{playbook.title[language] ?? playbook.title.en ?? playbook.key}</bdi></Anchor>
        <Text size="sm" dir="auto" flex={1}>{(playbook.version === 0 && texts.abouts[playbook.key]) || playbook.about}</Text>
        {(running > 0 || playbook.version > 0) && <Group gap="xs">{running > 0 && <Badge variant="light" color="teal" tt="none">{texts.running(shown)}</Badge>}{playbook.version > 0 && <Badge variant="light" tt="none">{texts.changed(format.number(playbook.version))}</Badge>}</Group>}
      </Stack>
    </Card>
  );
}

/** Which of the running playbooks are for one customer, and why: the stage. */
function Meeting({ titles }: { titles: CampaignPlaybookView[] }) {
  const all = useTexts(programmes);
  const texts = all.playbooks;
  const { language } = usePreferences();
  const [id, setId] = useState<string | null>(null);
  const asked = useQuery({ queryKey: ['playbook-choices', id], enabled: id !== null, queryFn: () => campaignChoose({ path: { customer_id: id! } }) });
  return (
    <section aria-label={texts.who}>
      <Stack gap="xs">
        <Title order={2} size="h4">{texts.who}</Title>
        <Text size="sm" c="dimmed">{texts.whoText}</Text>
        <Group maw={420} grow><PickCustomer label={all.member.pick} help={all.member.help} chosen={setId} /></Group>
        {id !== null && (asked.isPending ? <Waiting /> : asked.isError ? <ProblemBox problem={asked.error} /> : (
          <>
            <Text role="status">{texts.stage}: <b>{texts.stages[asked.data.stage]}</b></Text>
            {asked.data.runs.length === 0 ? <Text size="sm">{texts.noneRuns}</Text> : asked.data.runs.map((run) => (
              <Text key={run.id} size="sm">
                <bdi>{titles.find((one) => one.key === run.key)?.title[language] ?? run.key}</bdi>: {Object.values(run.made.programmes ?? {}).some((one) => asked.data.member_of[String(one)]) ? texts.inIt : texts.notIn}
              </Text>
            ))}
          </>
        ))}
      </Stack>
    </section>
  );
}
