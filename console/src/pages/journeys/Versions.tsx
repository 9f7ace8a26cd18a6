import { Badge, Code, Group, NativeSelect, Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';
import type { CampaignJourneyView, CampaignVersionView } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { Empty } from '../../parts/Empty';
import { Listing } from '../../parts/Listing';
import { journeys } from '../../texts/journeys';
import { compare } from './compare';
import { type Definition, ENTRY } from './graph';

const COLOURS = { added: 'teal', removed: 'red', changed: 'yellow' } as const;

/** Every version that was published, and what is different between two of them or to the draft. */
export function Versions({ journey, draft, versions }: { journey: CampaignJourneyView; draft: Definition; versions: CampaignVersionView[] }) {
  const all = useTexts(journeys);
  const texts = all.versions;
  const format = useFormat();
  const [older, setOlder] = useState(String(versions[0]?.version ?? ''));
  const [newer, setNewer] = useState('');
  if (versions.length === 0) return <Empty title={all.tabs.versions} text={texts.none} />;
  const choices = versions.map((one) => ({ value: String(one.version), label: (one.version === journey.version ? all.board.live : all.board.versionOf)(format.number(one.version)) }));
  const definitionOf = (number: string) => (versions.find((one) => String(one.version) === number)?.definition as Definition | undefined) ?? draft;
  const found = compare(definitionOf(older), definitionOf(newer));
  const shown = (value: unknown) => (value === undefined ? texts.nothing : <Code className="ltr">{typeof value === 'object' ? JSON.stringify(value) : String(value)}</Code>);
  return (
    <Stack>
      <Text size="sm" c="dimmed">{texts.text}</Text>
      <Listing label={all.tabs.versions} rows={versions} id={(row) => String(row.version)} columns={[
        { name: texts.number, show: (row) => format.number(row.version) },
        { name: texts.state, show: (row) => (row.version === journey.version ? <Badge variant="light" tt="none" color="teal">{texts.live}</Badge> : '–') },
        { name: texts.at, show: (row) => format.dateTime(row.published_at) },
        { name: texts.by, show: (row) => <bdi>{row.published_by}</bdi> },
        { name: texts.inside, number: true, show: (row) => format.number(row.inside) },
      ]} />
      <Title order={2} size="h4">{texts.compare}</Title>
      <Group>
        <NativeSelect label={texts.older} value={older} onChange={(event) => setOlder(event.currentTarget.value)} data={choices} />
        <NativeSelect label={texts.newer} value={newer} onChange={(event) => setNewer(event.currentTarget.value)} data={[{ value: '', label: all.board.draft }, ...choices]} />
      </Group>
      {found.length === 0 ? <Text role="status">{texts.same}</Text> : (
        <Listing label={texts.compare} rows={found} id={(row) => `${row.node}/${row.place}`} columns={[
          { name: texts.step, show: (row) => (row.node === ENTRY ? all.types.entry : <span className="ltr">{row.node}</span>) },
          { name: texts.what, show: (row) => <><Badge variant="light" tt="none" color={COLOURS[row.kind]}>{texts[row.kind]}</Badge> <span className="ltr">{row.place}</span></> },
          { name: texts.before, show: (row) => shown(row.before) },
          { name: texts.after, show: (row) => shown(row.after) },
        ]} />
      )}
    </Stack>
  );
}
