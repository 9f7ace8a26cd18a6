import { Anchor, NativeSelect, Stack } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { campaignListMessages } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { Pages } from '../../parts/Pages';
import { called, campaigns } from '../../texts/campaigns';

const STATES = ['planned', 'permitted', 'handing_off', 'accepted', 'failed', 'suppressed', 'unknown'] as const;
type State = (typeof STATES)[number];

/** The campaign's rows of the ledger of messages. */
export function Messages({ id, live }: { id: string; live: boolean }) {
  const all = useTexts(campaigns);
  const texts = all.messages;
  const format = useFormat();
  const session = useSession();
  const [state, setState] = useState<State | ''>('');
  const people = session.may('customers:read', 'customers:write');
  return (
    <Stack>
      <NativeSelect maw={260} label={texts.state} value={state} onChange={(event) => setState(event.currentTarget.value as State | '')}
        data={[{ value: '', label: texts.all }, ...STATES.map((value) => ({ value, label: texts.states[value] }))]} />
      <Pages queryKey={['campaign', id, 'messages', state]} label={all.tabs.messages} empty={texts.empty} every={live ? 5_000 : undefined}
        load={(token) => campaignListMessages({ path: { campaign_id: id }, query: { limit: 50, page_token: token, ...(state !== '' && { state }) } })}
        id={(row) => row.id}
        columns={[
          { name: texts.customer, show: (row) => (people ? <Anchor className="ltr" component={Link} to="/customers/$id" params={{ id: row.customer_id } as never}>{row.customer_id}</Anchor> : <span className="ltr">{row.customer_id}</span>) },
          { name: texts.state, show: (row) => called(texts.states, row.state) },
          { name: texts.reason, show: (row) => <span className="ltr">{row.reason ?? '–'}</span> },
          { name: texts.at, show: (row) => format.dateTime(row.created_at) },
        ]} />
    </Stack>
  );
}
