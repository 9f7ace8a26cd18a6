import { Anchor, Badge, Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { campaignListJourneys } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { Empty } from '../../parts/Empty';
import { Head } from '../../parts/Head';
import { Icon } from '../../parts/Icon';
import { Pages } from '../../parts/Pages';
import { called } from '../../texts/campaigns';
import { journeys } from '../../texts/journeys';

export default function Journeys() {
  const texts = useTexts(journeys);
  const format = useFormat();
  const session = useSession();
  const fresh = session.may('campaigns:write') && <Button component={Link} to="/journeys/new" leftSection={<Icon name="plus" />}>{texts.new}</Button>;
  return (
    <>
      <Head title={texts.title} text={texts.text}>{fresh}</Head>
      <Pages queryKey={['journeys']} label={texts.title} every={10_000} empty={<Empty {...texts.none}>{fresh}</Empty>}
        load={(token) => campaignListJourneys({ query: { limit: 50, page_token: token } })}
        id={(row) => row.id}
        columns={[
          { name: texts.name, show: (row) => <Anchor component={Link} to="/journeys/$id" params={{ id: row.id } as never}><bdi>{row.name}</bdi></Anchor> },
          { name: texts.status, show: (row) => <Status status={row.status} /> },
          { name: texts.version, number: true, show: (row) => (row.version ? format.number(row.version) : texts.noVersion) },
          { name: texts.changed, show: (row) => format.ago(row.updated_at) },
        ]} />
    </>
  );
}

const COLOURS: Record<string, string> = { active: 'teal', paused: 'yellow' };

export function Status({ status }: { status: string }) {
  return <Badge variant="light" tt="none" color={COLOURS[status] ?? 'gray'}>{called(useTexts(journeys).statuses, status)}</Badge>;
}
