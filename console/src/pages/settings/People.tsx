import { Badge, Button, Group, Modal, NativeSelect, PasswordInput, Stack, TextInput, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { gatewayAddPerson, gatewayListPeople, gatewayListRoles } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { Empty } from '../../parts/Empty';
import { Icon } from '../../parts/Icon';
import { Listing } from '../../parts/Listing';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { settings } from '../../texts/settings';
import { shell } from '../../texts/shell';

export function People() {
  const texts = useTexts(settings);
  const format = useFormat();
  const [adding, setAdding] = useState(false);
  const people = useQuery({ queryKey: ['people'], queryFn: () => gatewayListPeople() });
  const roles = useQuery({ queryKey: ['roles'], queryFn: () => gatewayListRoles() });
  if (people.isPending || roles.isPending) return <Waiting />;
  if (people.isError || roles.isError) return <ProblemBox problem={people.error ?? roles.error} again={() => { void people.refetch(); void roles.refetch(); }} />;
  return (
    <Stack>
      <Group justify="end"><Button leftSection={<Icon name="plus" />} onClick={() => setAdding(true)}>{texts.people.new}</Button></Group>
      {people.data.data.length === 0 ? <Empty {...texts.people.none} command="ecrm people add NAME --role marketer" /> : (
        <Listing label={texts.tabs.people} rows={people.data.data} id={(row) => row.id} columns={[
          { name: texts.name, show: (row) => <bdi>{row.name}</bdi> },
          { name: texts.roles, show: (row) => <span className="ltr">{row.roles.join(', ')}</span> },
          { name: texts.state, show: (row) => <Badge variant="light" tt="none" color={row.disabled || row.locked_until ? 'red' : 'teal'}>{row.disabled ? texts.people.disabled : row.locked_until ? texts.people.locked : texts.on}</Badge> },
          { name: texts.created, show: (row) => format.date(row.created_at) },
        ]} />
      )}
      <Title order={2} size="h4">{texts.people.title}</Title>
      <Listing label={texts.people.title} rows={roles.data.data} id={(row) => row.name} columns={[
        { name: texts.name, show: (row) => <span className="ltr">{row.name}</span> },
        { name: texts.description, show: (row) => <bdi>{row.description}</bdi> },
        { name: texts.scopes, show: (row) => <span className="ltr">{row.scopes.join(', ')}</span> },
        { name: texts.hides, show: (row) => <span className="ltr">{row.hides.join(', ') || '–'}</span> },
      ]} />
      {adding && <NewPerson roles={roles.data.data.map((role) => role.name)} close={() => setAdding(false)} />}
    </Stack>
  );
}

function NewPerson({ roles, close }: { roles: string[]; close: () => void }) {
  const texts = useTexts(settings);
  const words = useTexts(shell);
  const queries = useQueryClient();
  const [given, setGiven] = useState({ name: '', password: '', role: roles[0] ?? '' });
  const adding = useMutation({
    mutationFn: () => gatewayAddPerson({ body: { name: given.name, password: given.password, roles: [given.role] } }),
    onSuccess: () => { void queries.invalidateQueries({ queryKey: ['people'] }); close(); },
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    adding.mutate();
  }
  return (
    <Modal opened onClose={close} title={texts.people.new} closeButtonProps={{ 'aria-label': words.close }}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput data-autofocus label={texts.name} required autoComplete="off" value={given.name} onChange={(event) => setGiven({ ...given, name: event.currentTarget.value })} />
          <PasswordInput label={texts.people.password} required autoComplete="new-password" value={given.password} onChange={(event) => setGiven({ ...given, password: event.currentTarget.value })} visibilityToggleButtonProps={{ 'aria-hidden': true }} />
          <NativeSelect label={texts.people.role} value={given.role} onChange={(event) => setGiven({ ...given, role: event.currentTarget.value })} data={roles} />
          {adding.isError && <ProblemBox problem={adding.error} />}
          <Group justify="end"><Button type="submit" loading={adding.isPending}>{texts.people.send}</Button></Group>
        </Stack>
      </form>
    </Modal>
  );
}
