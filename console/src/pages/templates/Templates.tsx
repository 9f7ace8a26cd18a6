import { Anchor, Button, Tabs } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { campaignListTemplates } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { Empty } from '../../parts/Empty';
import { Head } from '../../parts/Head';
import { Icon } from '../../parts/Icon';
import { Pages } from '../../parts/Pages';
import { called } from '../../texts/campaigns';
import { templates } from '../../texts/templates';
import { Blocks } from './Blocks';

export default function Templates() {
  const texts = useTexts(templates);
  const format = useFormat();
  const session = useSession();
  const fresh = session.may('campaigns:write') && <Button component={Link} to="/templates/new" leftSection={<Icon name="plus" />}>{texts.new}</Button>;
  return (
    <>
      <Head title={texts.title} text={texts.text}>{fresh}</Head>
      <Tabs defaultValue="templates" keepMounted={false}>
        <Tabs.List mb="md">{(['templates', 'blocks'] as const).map((tab) => <Tabs.Tab key={tab} value={tab}>{texts.tabs[tab]}</Tabs.Tab>)}</Tabs.List>
        <Tabs.Panel value="templates">
          <Pages queryKey={['templates', 'all']} label={texts.title} empty={<Empty {...texts.none}>{fresh}</Empty>}
            load={(token) => campaignListTemplates({ query: { limit: 50, page_token: token } })}
            id={(row) => row.id}
            columns={[
              { name: texts.name, show: (row) => <Anchor component={Link} to="/templates/$id" params={{ id: row.id } as never}><bdi>{row.name}</bdi></Anchor> },
              { name: texts.format, show: (row) => called(texts.formats, row.format) },
              { name: texts.languages, show: (row) => <span className="ltr">{Object.keys(row.locales).join(', ')}</span> },
              { name: texts.version, number: true, show: (row) => format.number(row.version) },
              { name: texts.changed, show: (row) => format.ago(row.updated_at) },
            ]} />
        </Tabs.Panel>
        <Tabs.Panel value="blocks"><Blocks /></Tabs.Panel>
      </Tabs>
    </>
  );
}
