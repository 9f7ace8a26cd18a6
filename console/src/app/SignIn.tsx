import { Alert, Button, Center, Divider, Paper, PasswordInput, SegmentedControl, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { gatewayOpenSession as signIn } from '../api';
import { ProblemBox } from '../parts/Problem';
import { shell } from '../texts/shell';
import { useTexts } from './preferences';
import { SESSION } from './session';
import { Switches } from './Switches';

/** Why the way back from the identity provider signed nobody in. */
const told = new URLSearchParams(window.location.search).get('sign-in');

/** `provider`: where people sign in by their own organisation's account, if there is such a place. */
export function SignIn({ provider }: { provider: string }) {
  const texts = useTexts(shell).signIn;
  const queries = useQueryClient();
  const [way, setWay] = useState('key');
  const [name, setName] = useState('');
  const [secret, setSecret] = useState('');
  const signing = useMutation({
    mutationFn: () => way === 'key' ? signIn({ headers: { Authorization: `Bearer ${secret.trim()}` } }) : signIn({ body: { name, password: secret } }),
    onSuccess: (session) => { setSecret(''); queries.setQueryData(SESSION, session); },
  });
  const back = told === null ? `${window.location.pathname}${window.location.search}` : '/';
  const failed = told === null ? null : texts.failed[told as 'refused'] ?? texts.failed.refused;
  function submit(event: FormEvent) {
    event.preventDefault();
    signing.mutate();
  }
  return (
    <Center component="main" mih="100vh" p="md">
      <Paper withBorder radius="md" p="xl" w="100%" maw={420}>
        <form onSubmit={submit}>
          <Stack>
            <Title order={1} size="h2">{texts.title}</Title>
            {failed && <Alert color="red" variant="light" role="alert" title={texts.failed.title}>{failed}</Alert>}
            {provider && (
              <>
                <Button component="a" href={`/oidc/sign-in?return_to=${encodeURIComponent(back)}`}><bdi>{texts.at(provider)}</bdi></Button>
                <Divider label={<Text size="sm" c="dimmed">{texts.otherwise}</Text>} />
              </>
            )}
            <SegmentedControl value={way} onChange={(value) => { setWay(value); setSecret(''); signing.reset(); }} aria-label={texts.title}
              data={[{ value: 'key', label: texts.key }, { value: 'person', label: texts.person }]} />
            {way === 'person' && <TextInput label={texts.name} name="username" autoComplete="username" required value={name} onChange={(event) => setName(event.currentTarget.value)} />}
            <PasswordInput label={way === 'key' ? texts.keyLabel : texts.password} name="password" autoComplete={way === 'key' ? 'off' : 'current-password'} required
              value={secret} onChange={(event) => setSecret(event.currentTarget.value)} visibilityToggleButtonProps={{ 'aria-hidden': true }} />
            <Text size="sm" c="dimmed">{way === 'key' ? texts.keyHelp : texts.personHelp}</Text>
            {signing.isError && <ProblemBox problem={signing.error} />}
            <Button type="submit" variant={provider ? 'default' : undefined} loading={signing.isPending}>{texts.submit}</Button>
            <Switches />
          </Stack>
        </form>
      </Paper>
    </Center>
  );
}
