import { Tabs } from '@mantine/core';
import { useTexts } from '../../app/preferences';
import { Head } from '../../parts/Head';
import { analytics } from '../../texts/analytics';
import { Cohorts } from './Cohorts';
import { Funnel } from './Funnel';
import { Metrics } from './Metrics';
import { Models } from './Models';
import { Stages } from './Stages';

const PANELS = { metrics: Metrics, funnel: Funnel, cohorts: Cohorts, stages: Stages, models: Models } as const;

export default function Analytics() {
  const texts = useTexts(analytics);
  const names = Object.keys(PANELS) as (keyof typeof PANELS)[];
  return (
    <>
      <Head title={texts.title} text={texts.text} />
      <Tabs defaultValue="metrics" keepMounted={false}>
        <Tabs.List mb="md">{names.map((tab) => <Tabs.Tab key={tab} value={tab}>{texts.tabs[tab]}</Tabs.Tab>)}</Tabs.List>
        {names.map((tab) => { const Panel = PANELS[tab]; return <Tabs.Panel key={tab} value={tab}><Panel /></Tabs.Panel>; })}
      </Tabs>
    </>
  );
}
