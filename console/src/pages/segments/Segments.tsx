import { Anchor, Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { analyticsListSegments } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { Empty } from '../../parts/Empty';
import { Head } from '../../parts/Head';
import { Icon } from '../../parts/Icon';
import { Pages } from '../../parts/Pages';
import { called } from '../../texts/campaigns';
import { segments } from '../../texts/segments';

export default function Segments() {
  const texts = useTexts(segments);
  const format = useFormat();
  const session = useSession();
  return (
    <>
      <Head title={texts.title} text={texts.text}>
        {session.may('analytics:write') && <Button component={Link} to="/segments/new" leftSection={<Icon name="plus" />}>{texts.new}</Button>}
      </Head>
      <Pages queryKey={['segments', 'all']} label={texts.title} every={10_000} empty={<Empty {...texts.none} command="make demo" />}
        load={(token) => analyticsListSegments({ query: { limit: 50, page_token: token } })}
        id={(row) => row.id}
        columns={[
          { name: texts.name, show: (row) => <Anchor component={Link} to="/segments/$id" params={{ id: row.id } as never}><bdi>{row.name}</bdi></Anchor> },
          { name: texts.members, number: true, show: (row) => (row.members === null ? texts.counting : format.number(row.members)) },
          { name: texts.kind, show: (row) => called(texts.kinds, row.kind) },
          { name: texts.description, show: (row) => <bdi>{row.description || '–'}</bdi> },
          { name: texts.changed, show: (row) => format.ago(row.updated_at) },
        ]} />
    </>
  );
}
