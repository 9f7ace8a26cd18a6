import { Badge, Button, Group, NativeSelect, Stack } from '@mantine/core';
import { useState } from 'react';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { Empty } from '../../parts/Empty';
import { Head } from '../../parts/Head';
import { Pages } from '../../parts/Pages';
import { called } from '../../texts/campaigns';
import { letters } from '../../texts/letters';
import { type Letter, list, SERVICES } from './asking';
import { One } from './One';

export default function Letters() {
  const texts = useTexts(letters);
  const format = useFormat();
  const [service, setService] = useState('');
  const [state, setState] = useState('open');
  const [open, setOpen] = useState<Letter | null>(null);
  return (
    <Stack>
      <Head title={texts.title} text={texts.text} />
      <Group align="end">
        <NativeSelect label={texts.service} value={service} onChange={(event) => setService(event.currentTarget.value)} data={[{ value: '', label: texts.everyService }, ...SERVICES.map((value) => ({ value, label: texts.services[value] }))]} />
        <NativeSelect label={texts.state} value={state} onChange={(event) => setState(event.currentTarget.value)} data={(['open', 'replayed', 'discarded'] as const).map((value) => ({ value, label: texts.states[value] }))} />
      </Group>
      <Pages queryKey={['letters', service, state]} label={texts.title} every={15_000} empty={<Empty {...texts.none} command="ecrm dlq list" />}
        load={(token) => list(service, state, token)}
        id={(row) => `${row.service}/${row.id}`}
        columns={[
          { name: texts.cause, show: (row) => <span className="ltr">{row.cause}</span> },
          { name: texts.service, show: (row) => called(texts.services, row.service) },
          { name: texts.reader, show: (row) => <span className="ltr">{row.reader}</span> },
          { name: texts.place, show: (row) => <span className="ltr">{row.topic}/{row.partition}@{row.offset}</span> },
          { name: texts.at, show: (row) => format.ago(row.created_at) },
          { name: texts.parked, number: true, show: (row) => (row.parked > 0 ? <Badge color="yellow" variant="light">{format.number(row.parked)}</Badge> : format.number(0)) },
          { name: texts.letter, show: (row) => <Button size="compact-xs" variant="default" onClick={() => setOpen(row)}>{texts.look}</Button> },
        ]} />
      {open && <One letter={open} close={() => setOpen(null)} />}
    </Stack>
  );
}
