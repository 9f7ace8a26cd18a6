import { Tabs } from '@mantine/core';
import { useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { Head } from '../../parts/Head';
import { privacy } from '../../texts/privacy';
import { Audit } from './Audit';
import { Person } from './Person';
import { Purposes } from './Purposes';
import { Requests } from './Requests';

export default function Privacy() {
  const texts = useTexts(privacy);
  const session = useSession();
  const consents = session.may('consent:read', 'consent:write');
  const shown = {
    requests: session.may('privacy:manage'), purposes: consents, person: consents && session.may('customers:read', 'customers:write'), audit: session.may('audit:read', 'privacy:manage'),
  };
  const tabs = (['requests', 'purposes', 'person', 'audit'] as const).filter((tab) => shown[tab]);
  return (
    <>
      <Head title={texts.title} text={texts.text} />
      <Tabs defaultValue={tabs[0]} keepMounted={false}>
        <Tabs.List mb="md">{tabs.map((tab) => <Tabs.Tab key={tab} value={tab}>{texts.tabs[tab]}</Tabs.Tab>)}</Tabs.List>
        <Tabs.Panel value="requests"><Requests /></Tabs.Panel>
        <Tabs.Panel value="purposes"><Purposes /></Tabs.Panel>
        <Tabs.Panel value="person"><Person /></Tabs.Panel>
        <Tabs.Panel value="audit"><Audit /></Tabs.Panel>
      </Tabs>
    </>
  );
}
