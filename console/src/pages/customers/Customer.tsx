import { Alert, Anchor, Badge, Group, Stack, Tabs } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { gatewayGetCustomerView } from '../../api';
import type { CustomerCustomerView } from '../../api';
import { useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { Head } from '../../parts/Head';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { customers } from '../../texts/customers';
import { Cases } from './Cases';
import { Consents } from './Consents';
import { Merges } from './Merges';
import { Orders } from './Orders';
import { Profile } from './Profile';
import { Scores } from './Scores';
import { Timeline } from './Timeline';

/** One customer: everything in one call, then each tab pages on by itself. */
export default function Customer() {
  const texts = useTexts(customers);
  const session = useSession();
  const { id } = useParams({ strict: false }) as { id: string };
  const asked = useQuery({ queryKey: ['customer', id, '360'], queryFn: () => gatewayGetCustomerView({ path: { customer_id: id } }) });
  if (asked.isPending) return <Waiting />;
  if (asked.isError) return <ProblemBox problem={asked.error} again={() => void asked.refetch()} />;
  const view = asked.data;
  const profile = view.profile as unknown as CustomerCustomerView | null;
  const stage = (view.scores as { stage?: string } | null)?.stage;
  const missing = view.missing ?? [];
  return (
    <Stack>
      <Anchor component={Link} to="/customers" size="sm">{texts.back}</Anchor>
      <Head title={<bdi>{profile?.name || texts.unnamed}</bdi>}
        text={<Group gap="xs"><span className="ltr">{profile?.email || profile?.phone || ''}</span>{profile && <Badge variant="light" tt="none">{profile.type === 'person' ? texts.person : profile.type === 'company' ? texts.company : profile.type}</Badge>}{stage && <Badge variant="light" color="teal" tt="none">{stage}</Badge>}</Group>} />
      {missing.length > 0 && <Alert color="yellow" variant="light">{texts.missing(missing.map((part) => `${part.part} (${part.reason})`).join(', '))}</Alert>}
      <Tabs defaultValue="timeline" keepMounted={false}>
        <Tabs.List mb="md">
          {(['timeline', 'orders', 'consents', 'scores', 'cases', 'profile'] as const).map((tab) => <Tabs.Tab key={tab} value={tab}>{texts.tabs[tab]}</Tabs.Tab>)}
          {session.may('customers:write') && <Tabs.Tab value="merges">{texts.tabs.merges}</Tabs.Tab>}
        </Tabs.List>
        <Tabs.Panel value="timeline"><Timeline id={id} /></Tabs.Panel>
        <Tabs.Panel value="orders"><Orders id={id} /></Tabs.Panel>
        <Tabs.Panel value="consents"><Consents id={id} /></Tabs.Panel>
        <Tabs.Panel value="scores"><Scores id={id} /></Tabs.Panel>
        <Tabs.Panel value="cases"><Cases id={id} /></Tabs.Panel>
        <Tabs.Panel value="profile"><Profile id={id} /></Tabs.Panel>
        <Tabs.Panel value="merges"><Merges id={id} /></Tabs.Panel>
      </Tabs>
    </Stack>
  );
}
