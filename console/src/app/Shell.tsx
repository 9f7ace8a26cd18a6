import { AppShell, Burger, Button, Group, NavLink, ScrollArea, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Link, Outlet, useMatches, useRouterState } from '@tanstack/react-router';
import { useEffect } from 'react';
import { Empty } from '../parts/Empty';
import { Icon } from '../parts/Icon';
import { shell } from '../texts/shell';
import type { Group as GroupName } from './page';
import { PAGES } from './pages';
import { usePreferences, useTexts } from './preferences';
import { useSession } from './session';
import { Switches } from './Switches';

const GROUPS: GroupName[] = ['work', 'reach', 'know', 'keep'];

export function Shell() {
  const texts = useTexts(shell);
  const { language } = usePreferences();
  const session = useSession();
  const [open, { toggle, close }] = useDisclosure();
  const address = useRouterState({ select: (state) => state.location.pathname });
  const page = useMatches().at(-1)?.staticData.page;
  const allowed = page === undefined || page.scopes.length === 0 || session.may(...page.scopes);
  useEffect(close, [address, close]);
  useEffect(() => {
    document.title = page ? `${page.title[language]} · ${texts.name}` : texts.name;
  }, [page, language, texts.name]);
  return (
    <AppShell header={{ height: 56 }} navbar={{ width: 230, breakpoint: 'sm', collapsed: { mobile: !open } }} padding="md">
      <a className="skip" href="#content">{texts.skip}</a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={open} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={texts.menu} aria-expanded={open} />
            <Link to="/" className="plain"><Group gap={8} wrap="nowrap"><img src="/icon.svg" alt="" width={26} height={26} /><Text fw={700}>{texts.name}</Text></Group></Link>
          </Group>
          <Switches />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label={texts.menu}>
        <AppShell.Section grow component={ScrollArea}>
          {GROUPS.map((group) => <MenuGroup key={group} group={group} address={address} />)}
        </AppShell.Section>
        <AppShell.Section pt="xs">
          <Stack gap={4}>
            <Text size="xs" c="dimmed" px="sm" truncate>{texts.signedInAs(session.name || session.subject || '')}</Text>
            <Button variant="default" size="xs" leftSection={<Icon name="leave" size={14} />} onClick={session.signOut}>{texts.signOut}</Button>
          </Stack>
        </AppShell.Section>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        {allowed ? <Outlet /> : <Empty title={texts.notAllowed.title} text={texts.notAllowed.text} />}
      </AppShell.Main>
    </AppShell>
  );
}

function MenuGroup({ group, address }: { group: GroupName; address: string }) {
  const texts = useTexts(shell);
  const { language } = usePreferences();
  const session = useSession();
  const pages = PAGES.filter((page) => page.group === group && (page.scopes.length === 0 || session.may(...page.scopes)));
  if (pages.length === 0) return null;
  return (
    <Stack gap={2} mb="sm">
      <Text size="xs" c="dimmed" fw={600} px="sm">{texts.groups[group]}</Text>
      {pages.map((page) => {
        const path = page.routes[0].path;
        const here = path === '/' ? address === '/' : address === path || address.startsWith(`${path}/`);
        return (
          <NavLink key={path} component={Link} to={path} label={page.title[language]} leftSection={<Icon name={page.icon} />} active={here}
            aria-current={here ? 'page' : undefined} py={6} style={{ borderRadius: 'var(--mantine-radius-md)' }} />
        );
      })}
    </Stack>
  );
}

export function NotFound() {
  const texts = useTexts(shell).notFound;
  return <Empty title={texts.title} text={texts.text}><Button component={Link} to="/">{texts.home}</Button></Empty>;
}
