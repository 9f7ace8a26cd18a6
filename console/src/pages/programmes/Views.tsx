import { Tabs } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTexts } from '../../app/preferences';
import { Head } from '../../parts/Head';
import { programmes } from '../../texts/programmes';

/** The two sides of the page, each with an address of its own. */
export function Views({ view, head, children }: { view: 'programmes' | 'playbooks'; head?: ReactNode; children: ReactNode }) {
  const texts = useTexts(programmes);
  const navigate = useNavigate();
  return (
    <>
      <Head title={texts.title} text={texts.text}>{head}</Head>
      <Tabs value={view} onChange={(to) => void navigate({ to: to === 'playbooks' ? '/programmes/playbooks' : '/programmes' })}>
        <Tabs.List mb="md">
          {(['programmes', 'playbooks'] as const).map((one) => <Tabs.Tab key={one} value={one}>{texts.views[one]}</Tabs.Tab>)}
        </Tabs.List>
        <Tabs.Panel value={view}>{children}</Tabs.Panel>
        <Tabs.Panel value={view === 'playbooks' ? 'programmes' : 'playbooks'}>{null}</Tabs.Panel>
      </Tabs>
    </>
  );
}
