import { Stack, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { customerGetCustomer, customerListIdentities } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { Listing } from '../../parts/Listing';
import { Pages } from '../../parts/Pages';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { customers } from '../../texts/customers';

interface Told { source: string; authority: string; set_at: string }

/** Every trait with where it comes from, and the identities by which the person is known. */
export function Profile({ id }: { id: string }) {
  const texts = useTexts(customers).profile;
  const format = useFormat();
  const asked = useQuery({ queryKey: ['customer', id, 'profile'], queryFn: () => customerGetCustomer({ path: { customer_id: id } }) });
  if (asked.isPending) return <Waiting />;
  if (asked.isError) return <ProblemBox problem={asked.error} again={() => void asked.refetch()} />;
  const origin = (asked.data.provenance ?? {}) as unknown as Record<string, Told | undefined>;
  return (
    <Stack>
      <Listing label={texts.trait} rows={Object.entries(asked.data.traits)} id={([name]) => name} columns={[
        { name: texts.trait, show: ([name]) => <span className="ltr">{name}</span> },
        { name: texts.value, show: ([, value]) => <bdi>{typeof value === 'object' ? JSON.stringify(value) : String(value)}</bdi> },
        { name: texts.from, show: ([name]) => origin[name]?.authority ?? '–' },
        { name: texts.at, show: ([name]) => (origin[name] ? format.dateTime(origin[name].set_at) : '–') },
      ]} />
      <Title order={2} size="h5">{texts.identities}</Title>
      <Pages queryKey={['customer', id, 'identities']} label={texts.identities} empty="–"
        load={(token) => customerListIdentities({ path: { customer_id: id }, query: { page_token: token, limit: 50 } })}
         id={(row) => row.key + row.linked_at}
        columns={[
          { name: texts.identity, show: (row) => <span className="ltr">{row.key}</span> },
          { name: texts.kind, show: (row) => row.kind },
          { name: texts.linked, show: (row) => format.dateTime(row.linked_at) },
        ]} />
    </Stack>
  );
}
