import { Anchor, Button, Stack, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { customerListCustomers } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { Empty } from '../../parts/Empty';
import { Head } from '../../parts/Head';
import { Icon } from '../../parts/Icon';
import { Listing } from '../../parts/Listing';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { customers } from '../../texts/customers';

const IDENTITY = /^(user|anon|email|phone|[a-z][a-z0-9_]*):\S+$/;

export default function Search() {
  const texts = useTexts(customers);
  const format = useFormat();
  const session = useSession();
  const [typed, setTyped] = useState('');
  const [wanted] = useDebouncedValue(typed.trim(), 250);
  const asked = useInfiniteQuery({
    queryKey: ['customers', wanted], initialPageParam: undefined as string | undefined, placeholderData: keepPreviousData,
    queryFn: ({ pageParam }) => customerListCustomers({
      query: { ...(wanted && (IDENTITY.test(wanted) ? { identity: wanted } : { q: wanted })), limit: 50, page_token: pageParam },
    }),
    getNextPageParam: (page) => page.next_page_token ?? undefined,
  });
  const rows = asked.data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <Stack>
      <Head title={texts.title} text={texts.text}>
        {session.may('customers:write') && <Button component={Link} to="/customers/duplicates" variant="default">{texts.duplicates}</Button>}
      </Head>
      <TextInput type="search" aria-label={texts.search} placeholder={texts.search} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} leftSection={<Icon name="search" />} />
      {asked.isPending ? <Waiting /> : asked.isError ? <ProblemBox problem={asked.error} again={() => void asked.refetch()} />
        : rows.length === 0 ? (wanted ? <Empty {...texts.nobody} /> : <Empty {...texts.none} command="make demo" />)
        : (
          <Listing label={texts.results} rows={rows} id={(row) => row.id} more={asked.hasNextPage ? () => void asked.fetchNextPage() : null} loading={asked.isFetchingNextPage}
            columns={[
              { name: texts.name, show: (row) => <Anchor component={Link} to="/customers/$id" params={{ id: row.id } as never}><bdi>{row.name || texts.unnamed}</bdi></Anchor> },
              { name: texts.contact, show: (row) => <span className="ltr">{row.email || row.phone || '–'}</span> },
              { name: texts.registered, show: (row) => format.date(row.registered_at) },
              { name: texts.changed, show: (row) => format.ago(row.updated_at) },
            ]} />
        )}
    </Stack>
  );
}
