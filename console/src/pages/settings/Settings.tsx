import { Tabs } from '@mantine/core';
import { useTexts } from '../../app/preferences';
import { Head } from '../../parts/Head';
import { settings } from '../../texts/settings';
import { Calendars } from './Calendars';
import { Keys } from './Keys';
import { People } from './People';
import { Sources } from './Sources';
import { Webhooks } from './Webhooks';

export default function Settings() {
  const texts = useTexts(settings);
  return (
    <>
      <Head title={texts.title} text={texts.text} />
      <Tabs defaultValue="sources" keepMounted={false}>
        <Tabs.List mb="md">{(['sources', 'keys', 'people', 'webhooks', 'calendars'] as const).map((tab) => <Tabs.Tab key={tab} value={tab}>{texts.tabs[tab]}</Tabs.Tab>)}</Tabs.List>
        <Tabs.Panel value="sources"><Sources /></Tabs.Panel>
        <Tabs.Panel value="keys"><Keys /></Tabs.Panel>
        <Tabs.Panel value="people"><People /></Tabs.Panel>
        <Tabs.Panel value="webhooks"><Webhooks /></Tabs.Panel>
        <Tabs.Panel value="calendars"><Calendars /></Tabs.Panel>
      </Tabs>
    </>
  );
}
