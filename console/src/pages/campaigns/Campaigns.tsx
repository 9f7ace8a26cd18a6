import { Anchor, Badge, Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { campaignListCampaigns } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { Empty } from '../../parts/Empty';
import { Head } from '../../parts/Head';
import { Icon } from '../../parts/Icon';
import { Pages } from '../../parts/Pages';
import { called, campaigns } from '../../texts/campaigns';

export default function Campaigns() {
  const texts = useTexts(campaigns);
  const format = useFormat();
  const session = useSession();
  return (
    <>
      <Head title={texts.title} text={texts.text}>
        {session.may('campaigns:write') && <Button component={Link} to="/campaigns/new" leftSection={<Icon name="plus" />}>{texts.new}</Button>}
      </Head>
      <Pages queryKey={['campaigns']} label={texts.title} every={10_000} empty={<Empty {...texts.none} command="make demo" />}
        load={(token) => campaignListCampaigns({ query: { limit: 50, page_token: token } })}
        id={(row) => row.id}
        columns={[
          { name: texts.name, show: (row) => <Anchor component={Link} to="/campaigns/$id" params={{ id: row.id } as never}><bdi>{row.name}</bdi></Anchor> },
          { name: texts.status, show: (row) => <Status status={row.status} /> },
          { name: texts.channel, show: (row) => called(texts.channels, row.channel) },
          { name: texts.purpose, show: (row) => <bdi>{row.purpose}</bdi> },
          { name: texts.launched, show: (row) => (row.launched_at ? format.dateTime(row.launched_at) : row.launch_at ? format.dateTime(row.launch_at) : '–') },
          { name: texts.changed, show: (row) => format.ago(row.updated_at) },
        ]} />
    </>
  );
}

const COLOURS: Record<string, string> = { sending: 'indigo', planning: 'indigo', finished: 'teal', paused: 'yellow', failed: 'red', missed: 'red' };

export function Status({ status }: { status: string }) {
  const texts = useTexts(campaigns);
  return <Badge variant="light" tt="none" color={COLOURS[status] ?? 'gray'}>{called(texts.statuses, status)}</Badge>;
}
