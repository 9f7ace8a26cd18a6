import { Anchor, Badge, Stack, Title } from '@mantine/core';
import { useState } from 'react';
import { customerListImports } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { Empty } from '../../parts/Empty';
import { Head } from '../../parts/Head';
import { Pages } from '../../parts/Pages';
import { called } from '../../texts/campaigns';
import { imports } from '../../texts/imports';
import { Bring } from './Bring';
import { Progressing } from './Progressing';

export default function Import() {
  const texts = useTexts(imports);
  const format = useFormat();
  const [shown, setShown] = useState<string | null>(null);
  return (
    <Stack>
      <Head title={texts.title} text={texts.text} />
      <Bring begun={setShown} />
      {shown && <Progressing key={shown} id={shown} />}
      <Title order={2} size="h5">{texts.list}</Title>
      <Pages queryKey={['imports']} label={texts.list} every={5000} empty={<Empty {...texts.none} command={'user_id,email,name\n42,sara@example.org,Sara'} />}
        load={(token) => customerListImports({ query: { limit: 20, page_token: token } })} id={(row) => row.id} columns={[
          { name: texts.name, show: (row) => <Anchor component="button" type="button" onClick={() => setShown(row.id)}><bdi>{row.name}</bdi></Anchor> },
          { name: texts.state, show: (row) => <Badge variant="light" tt="none" color={row.state === 'done' ? 'teal' : row.state === 'failed' ? 'red' : 'gray'}>{called(texts.states, row.state)}</Badge> },
          { name: texts.created, number: true, show: (row) => format.number(row.created) },
          { name: texts.refused, number: true, show: (row) => format.number(row.refused) },
          { name: texts.begun, show: (row) => format.dateTime(row.created_at) },
        ]} />
    </Stack>
  );
}
