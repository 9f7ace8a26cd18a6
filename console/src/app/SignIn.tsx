import { Button, Center, Paper, PasswordInput, SegmentedControl, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { gatewayOpenSession as signIn } from '../api';
import { ProblemBox } from '../parts/Problem';
import { shell } from '../texts/shell';
import { useTexts } from './preferences';
import { SESSION } from './session';
import { Switches } from './Switches';

export function SignIn() {
  const texts = useTexts(shell).signIn;
  const queries = useQueryClient();
  const [way, setWay] = useState('key');
  const [name, setName] = useState('');
  const [secret, setSecret] = useState('');
  const signing = useMutation({
    mutationFn: () => way === 'key' ? signIn({ headers: { Authorization: `Bearer ${secret.trim()}` } }) : signIn({ body: { name, password: secret } }),
    onSuccess: (session) => { setSecret(''); queries.setQueryData(SESSION, session); },
  });
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
            <SegmentedControl value={way} onChange={(value) => { setWay(value); setSecret(''); signing.reset(); }} aria-label={texts.title}
              data={[{ value: 'key', label: texts.key }, { value: 'person', label: texts.person }]} />
            {way === 'person' && <TextInput label={texts.name} name="username" autoComplete="username" required value={name} onChange={(event) => setName(event.currentTarget.value)} />}
            <PasswordInput label={way === 'key' ? texts.keyLabel : texts.password} name="password" autoComplete={way === 'key' ? 'off' : 'current-password'} required
              value={secret} onChange={(event) => setSecret(event.currentTarget.value)} visibilityToggleButtonProps={{ 'aria-hidden': true }} />
            <Text size="sm" c="dimmed">{way === 'key' ? texts.keyHelp : texts.personHelp}</Text>
            {signing.isError && <ProblemBox problem={signing.error} />}
            <Button type="submit" loading={signing.isPending}>{texts.submit}</Button>
            <Switches />
          </Stack>
        </form>
      </Paper>
    </Center>
  );
}
