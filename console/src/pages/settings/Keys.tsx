import { Badge, Button, Stack } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { gatewayListKeys, gatewayRevokeKey } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { Pages } from '../../parts/Pages';
import { Sure } from '../../parts/Sure';
import { settings } from '../../texts/settings';

export function Keys() {
  const texts = useTexts(settings);
  const format = useFormat();
  const queries = useQueryClient();
  const [ending, setEnding] = useState<string | null>(null);
  const revoking = useMutation({
    mutationFn: (id: string) => gatewayRevokeKey({ path: { key_id: id } }),
    onSuccess: () => { setEnding(null); void queries.invalidateQueries({ queryKey: ['keys'] }); },
  });
  return (
    <Stack>
      <Pages queryKey={['keys']} label={texts.tabs.keys} empty={texts.keys.none}
        load={(token) => gatewayListKeys({ query: { limit: 50, page_token: token } })}
        id={(row) => row.id}
        columns={[
          { name: texts.name, show: (row) => <bdi>{row.name || row.kind}</bdi> },
          { name: texts.scopes, show: (row) => <span className="ltr">{row.scopes.join(', ')}</span> },
          { name: texts.used, show: (row) => (row.last_used_at ? format.ago(row.last_used_at) : texts.never) },
          { name: texts.created, show: (row) => format.date(row.created_at) },
          { name: texts.state, show: (row) => (row.revoked ? <Badge color="red" variant="light" tt="none">{texts.revoked}</Badge> : <Button size="compact-xs" variant="default" onClick={() => { revoking.reset(); setEnding(row.id); }}>{texts.keys.revoke}</Button>) },
        ]} />
      {ending && <Sure title={texts.keys.revokeSure} text={texts.keys.revokeText} yes={texts.keys.revoke} danger waiting={revoking.isPending} problem={revoking.error} confirm={() => revoking.mutate(ending)} close={() => setEnding(null)} />}
    </Stack>
  );
}
