import { Badge } from '@mantine/core';
import { interactionListCustomerCases } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { Pages } from '../../parts/Pages';
import { customers } from '../../texts/customers';

export function Cases({ id }: { id: string }) {
  const all = useTexts(customers);
  const texts = all.cases;
  const format = useFormat();
  return (
    <Pages queryKey={['customer', id, 'cases']} label={all.tabs.cases} empty={texts.empty}
      load={(token) => interactionListCustomerCases({ path: { customer_id: id }, query: { page_token: token, limit: 50 } })}
         id={(row) => row.id}
      columns={[
        { name: texts.number, show: (row) => <bdi>{format.number(row.number)} · {row.subject}</bdi> },
        { name: texts.status, show: (row) => <Badge variant="light" tt="none">{row.status}</Badge> },
        { name: texts.priority, show: (row) => row.priority },
        { name: texts.opened, show: (row) => format.dateTime(row.opened_at) },
        { name: texts.who, show: (row) => <bdi>{row.employee ?? row.team}</bdi> },
      ]} />
  );
}
