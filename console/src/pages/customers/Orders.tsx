import { Badge } from '@mantine/core';
import { interactionListCustomerOrders } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { Pages } from '../../parts/Pages';
import { customers } from '../../texts/customers';

export function Orders({ id }: { id: string }) {
  const all = useTexts(customers);
  const texts = all.orders;
  const format = useFormat();
  return (
    <Pages queryKey={['customer', id, 'orders']} label={all.tabs.orders} empty={texts.empty}
      load={(token) => interactionListCustomerOrders({ path: { customer_id: id }, query: { page_token: token, limit: 50 } })}
         id={(row) => row.order_id}
      columns={[
        { name: texts.id, show: (row) => <span className="ltr">{row.order_id}</span> },
        { name: texts.at, show: (row) => (row.ordered_at ? format.dateTime(row.ordered_at) : '–') },
        { name: texts.status, show: (row) => <Badge variant="light" tt="none">{row.status}</Badge> },
        { name: texts.lines, show: (row) => <bdi>{row.lines.map((line) => `${line.name || line.product_id} × ${format.number(line.quantity ?? 1, 2)}`).join(', ')}</bdi> },
        { name: texts.paid, number: true, show: (row) => format.money(row.paid_minor, row.currency) },
        { name: texts.refunded, number: true, show: (row) => (row.refunded_minor ? format.money(row.refunded_minor ?? 0, row.currency) : '–') },
      ]} />
  );
}
