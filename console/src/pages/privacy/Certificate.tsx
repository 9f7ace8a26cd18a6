import { Button, Card, Code, Group, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { consentGetCertificate } from '../../api';
import { useTexts } from '../../app/preferences';
import { ProblemBox } from '../../parts/Problem';
import { saveJson } from '../../parts/saving';
import { Waiting } from '../../parts/Waiting';
import { privacy } from '../../texts/privacy';

export function Certificate({ id }: { id: string }) {
  const texts = useTexts(privacy).one;
  const [shown, setShown] = useState(false);
  const asked = useQuery({ queryKey: ['privacy', 'certificate', id], queryFn: () => consentGetCertificate({ path: { request_id: id } }) });
  if (asked.isPending) return <Waiting what={texts.certificate} />;
  if (asked.isError) return <ProblemBox problem={asked.error} again={() => void asked.refetch()} />;
  return (
    <Card withBorder component="section" aria-labelledby="certificate">
      <Stack gap="xs">
        <Title order={2} size="h4" id="certificate">{texts.certificate}</Title>
        <Text size="sm" c="dimmed">{texts.certificateText}</Text>
        <Group>
          <Button onClick={() => saveJson(`erasure-${id}.json`, asked.data)}>{texts.download}</Button>
          <Button variant="default" aria-expanded={shown} onClick={() => setShown(!shown)}>{texts.show}</Button>
        </Group>
        {shown && <Code block dir="ltr" tabIndex={0}>{JSON.stringify(asked.data, null, 2)}</Code>}
      </Stack>
    </Card>
  );
}
