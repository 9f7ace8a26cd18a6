import { Anchor, Badge, Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { campaignListProgrammes } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { Empty } from '../../parts/Empty';
import { Icon } from '../../parts/Icon';
import { Pages } from '../../parts/Pages';
import { called } from '../../texts/campaigns';
import { programmes } from '../../texts/programmes';
import { COLOURS } from './asking';
import { Views } from './Views';

export default function Programmes() {
  const texts = useTexts(programmes);
  const format = useFormat();
  const session = useSession();
  return (
    <Views view="programmes" head={session.may('campaigns:write') && <Button component={Link} to="/programmes/new" leftSection={<Icon name="plus" />}>{texts.new}</Button>}>
      <Pages queryKey={['programmes', 'all']} label={texts.title} every={15_000}
        empty={<Empty {...texts.none}><Button component={Link} to="/programmes/playbooks" variant="default">{texts.views.playbooks}</Button></Empty>}
        load={(token) => campaignListProgrammes({ query: { limit: 50, page_token: token } })}
        id={(row) => row.id}
        columns={[
          { name: texts.name, show: (row) => <Anchor component={Link} to="/programmes/$id" params={{ id: row.id } as never}><bdi>{row.name}</bdi></Anchor> },
          { name: texts.kind, show: (row) => called(texts.kinds, row.kind) },
          { name: texts.status, show: (row) => <Badge variant="light" tt="none" color={COLOURS[row.status]}>{texts.statuses[row.status]}</Badge> },
          { name: texts.playbook, show: (row) => (row.playbook ? <Anchor component={Link} to="/programmes/playbooks/$key" params={{ key: row.playbook } as never}><span className="ltr">{row.playbook}</span></Anchor> : '–') },
          { name: texts.changed, show: (row) => format.ago(row.updated_at) },
        ]} />
    </Views>
  );
}
