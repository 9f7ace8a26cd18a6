import { campaignListMembersApiV1ProgrammesProgrammeIdMembersGet as listMembers } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { CustomerName } from '../../parts/CustomerName';
import { Pages } from '../../parts/Pages';
import { called } from '../../texts/campaigns';
import { programmes } from '../../texts/programmes';

export function Members({ id }: { id: string }) {
  const all = useTexts(programmes);
  const texts = all.members;
  const format = useFormat();
  return (
    <Pages queryKey={['programme', id, 'members']} label={all.tabs.members} empty={texts.none}
      load={(token) => listMembers({ path: { programme_id: id }, query: { limit: 25, page_token: token } })}
      id={(row) => row.customer_id}
      columns={[
        { name: texts.customer, show: (row) => <CustomerName id={row.customer_id} /> },
        { name: texts.arm, show: (row) => called(texts.arms, row.arm) },
        { name: texts.tier, show: (row) => <bdi>{row.tier ?? '–'}</bdi> },
        { name: texts.joined, show: (row) => format.date(row.joined_at) },
        { name: texts.left, show: (row) => (row.left_at ? format.date(row.left_at) : '–') },
        { name: texts.next, show: (row) => (row.next_at ? format.dateTime(row.next_at) : '–') },
      ]} />
  );
}
