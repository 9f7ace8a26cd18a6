import { Anchor } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { customerGetCustomer } from '../api';
import { useSession } from '../app/session';

/** Who an id stands for, with the way to the whole story; the id itself for who may not see customers. */
export function CustomerName({ id }: { id: string }) {
  const session = useSession();
  const may = session.may('customers:read', 'customers:write');
  const asked = useQuery({ queryKey: ['customer', id, 'name'], staleTime: 60_000, enabled: may, queryFn: () => customerGetCustomer({ path: { customer_id: id } }) });
  const shown = asked.data?.name || asked.data?.email || null;
  const name = shown ? <bdi>{shown}</bdi> : <span className="ltr">{id}</span>;
  return may ? <Anchor component={Link} to="/customers/$id" params={{ id } as never}>{name}</Anchor> : name;
}
