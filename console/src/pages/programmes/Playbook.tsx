import { Anchor, Badge, Button, Checkbox, Group, List, Stack, Tabs, Text, TextInput, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { campaignGetPlaybook, campaignStartPlaybook } from '../../api';
import type { CampaignMail, CampaignPlaybookView } from '../../api';
import { useFormat } from '../../app/format';
import { usePreferences, useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { Head } from '../../parts/Head';
import { Icon } from '../../parts/Icon';
import { ProblemBox } from '../../parts/Problem';
import { Sure } from '../../parts/Sure';
import { Waiting } from '../../parts/Waiting';
import { called } from '../../texts/campaigns';
import { programmes } from '../../texts/programmes';
import { Change } from './Change';
import { Runs } from './Runs';

export default function Playbook() {
  const all = useTexts(programmes);
  const texts = all.playbooks;
  const { language } = usePreferences();
  const session = useSession();
  const format = useFormat();
  const { key } = useParams({ strict: false }) as { key: string };
  const [tab, setTab] = useState<string | null>('about');
  const [starting, setStarting] = useState(false);
  const asked = useQuery({ queryKey: ['playbooks', key], queryFn: () => campaignGetPlaybook({ path: { key } }) });
  if (asked.isPending) return <Waiting />;
  if (asked.isError) return <ProblemBox problem={asked.error} again={() => void asked.refetch()} />;
  const playbook = asked.data;
  return (
    <Stack>
      <Anchor component={Link} to="/programmes/playbooks" size="sm">{texts.back}</Anchor>
      <Head title={<bdi>{playbook.title[language] ?? playbook.title.en ?? key}</bdi>}
        text={<Group gap="xs">{playbook.stage && <Badge variant="light" tt="none">{texts.stages[playbook.stage]}</Badge>}{playbook.version > 0 ? texts.changed(format.number(playbook.version)) : texts.asShipped}</Group>}>
        {session.may('campaigns:send') && <Button leftSection={<Icon name="play" />} onClick={() => setStarting(true)}>{texts.start}</Button>}
      </Head>
      <Tabs value={tab} onChange={setTab} keepMounted={false}>
        <Tabs.List mb="md">{(['about', 'runs', ...(session.may('campaigns:write') ? ['change' as const] : [])] as const).map((one) => <Tabs.Tab key={one} value={one}>{texts.tabs[one]}</Tabs.Tab>)}</Tabs.List>
        <Tabs.Panel value="about"><About playbook={playbook} /></Tabs.Panel>
        <Tabs.Panel value="runs"><Runs id={key} /></Tabs.Panel>
        <Tabs.Panel value="change"><Change key={playbook.version} playbook={playbook} /></Tabs.Panel>
      </Tabs>
      {starting && <Start id={key} close={() => setStarting(false)} done={() => { setStarting(false); setTab('runs'); }} />}
    </Stack>
  );
}

function About({ playbook }: { playbook: CampaignPlaybookView }) {
  const all = useTexts(programmes);
  const texts = all.playbooks;
  const format = useFormat();
  const { language } = usePreferences();
  const mails = Object.entries(playbook.mails ?? {}) as [string, CampaignMail][];
  const name = (part: Record<string, unknown>) => String(part.name ?? part.ref);
  const currency = (reward: Record<string, unknown>) => (String(reward.currency).startsWith('$') ? 'EUR' : String(reward.currency));
  return (
    <Stack>
      <Text dir="auto">{(playbook.version === 0 && texts.abouts[playbook.key]) || playbook.about}</Text>
      {mails.length > 0 && <Part title={texts.mails}>{mails.map(([ref, mail]) => <List.Item key={ref}><span className="ltr">{(mail.locales[language] ?? mail.locales.en)?.subject ?? ref}</span></List.Item>)}</Part>}
      {(playbook.programmes ?? []).length > 0 && <Part title={texts.programmes}>{(playbook.programmes ?? []).map((one) => <List.Item key={one.ref}><bdi>{name(one)}</bdi> · {called(all.kinds, (one.settings as { kind?: string } | undefined)?.kind)}</List.Item>)}</Part>}
      {(playbook.rewards ?? []).length > 0 && <Part title={texts.rewards}>{(playbook.rewards ?? []).map((one) => <List.Item key={one.ref}><bdi>{name(one)}</bdi>{typeof one.cost_minor === 'number' && <> · <bdi>{format.money(one.cost_minor, currency(one))}</bdi></>}</List.Item>)}</Part>}
      {(playbook.site ?? []).length > 0 && <Part title={texts.site}>{(playbook.site ?? []).map((one) => <List.Item key={one.ref}><bdi>{(one.locales as Record<string, { title?: string }> | undefined)?.[language]?.title ?? name(one)}</bdi></List.Item>)}</Part>}
    </Stack>
  );
}

function Part({ title, children }: { title: string; children: React.ReactNode }) {
  return <section aria-label={title}><Title order={2} size="h5" mb={4}>{title}</Title><List size="sm">{children}</List></section>;
}

function Start({ id, close, done }: { id: string; close: () => void; done: () => void }) {
  const texts = useTexts(programmes).playbooks;
  const queries = useQueryClient();
  const [given, setGiven] = useState({ from: '', name: '', currency: 'EUR', launch: true });
  const put = (part: Partial<typeof given>) => setGiven({ ...given, ...part });
  const starting = useMutation({
    mutationFn: () => campaignStartPlaybook({ path: { key: id }, body: { from_address: given.from.trim(), from_name: given.name, currency: given.currency, launch: given.launch } }),
    onSuccess: () => {
      notifications.show({ message: texts.started, color: 'teal' });
      void queries.invalidateQueries({ queryKey: ['playbook-runs'] });
      void queries.invalidateQueries({ queryKey: ['programmes'] });
      done();
    },
  });
  return (
    <Sure title={texts.startTitle} text={texts.startText} yes={texts.start} waiting={starting.isPending} problem={starting.error} confirm={() => starting.mutate()} close={close}
      blocked={!/^\S+@\S+$/.test(given.from.trim()) || !/^[A-Z]{3}$/.test(given.currency)}>
      <TextInput label={texts.from} type="email" required dir="ltr" data-autofocus value={given.from} onChange={(event) => put({ from: event.currentTarget.value })} />
      <TextInput label={texts.fromName} value={given.name} onChange={(event) => put({ name: event.currentTarget.value })} />
      <TextInput label={texts.currency} required maxLength={3} dir="ltr" value={given.currency} onChange={(event) => put({ currency: event.currentTarget.value.toUpperCase() })} />
      <Checkbox label={texts.launch} checked={given.launch} onChange={(event) => put({ launch: event.currentTarget.checked })} />
    </Sure>
  );
}
