import { Button, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { consentCarryOut, consentComplete, consentErase, consentRefuse, consentVerify } from '../../api';
import type { ConsentRequestWithReceipts } from '../../api';
import { useTexts } from '../../app/preferences';
import { ProblemBox } from '../../parts/Problem';
import { Sure } from '../../parts/Sure';
import { privacy } from '../../texts/privacy';

type Way = 'verify' | 'erase' | 'carryOut' | 'complete' | 'refuse';

/** The next step of a request, by its kind and state. */
export function RequestActions({ request }: { request: ConsentRequestWithReceipts }) {
  const texts = useTexts(privacy).one;
  const queries = useQueryClient();
  const [asking, setAsking] = useState<Way | null>(null);
  const [said, setSaid] = useState('');
  const path = { request_id: request.id };
  const acting = useMutation({
    mutationFn: (way: Way) => way === 'verify' ? consentVerify({ path, body: { verified_by: said } }) : way === 'erase' ? consentErase({ path }) : way === 'carryOut' ? consentCarryOut({ path })
      : way === 'complete' ? consentComplete({ path, body: { outcome: said } }) : consentRefuse({ path, body: { outcome: said } }),
    onSuccess: () => { setAsking(null); void queries.invalidateQueries({ queryKey: ['privacy'] }); void queries.invalidateQueries({ queryKey: ['customer', request.customer_id] }); },
  });
  const open = (way: Way) => { setSaid(''); acting.reset(); setAsking(way); };
  const { state, kind } = request;
  if (state === 'completed' || state === 'refused' || state === 'running') return null;
  const carried = ['rectification', 'restriction', 'objection'].includes(kind);
  return (
    <>
      {state === 'received' && <Button onClick={() => open('verify')}>{texts.verify}</Button>}
      {kind === 'erasure' && state === 'verified' && <Button color="red.9" onClick={() => open('erase')}>{texts.erase}</Button>}
      {carried && state === 'verified' && <Button loading={acting.isPending} onClick={() => acting.mutate('carryOut')}>{texts.carryOut}</Button>}
      {!carried && kind !== 'erasure' && state === 'verified' && <Button onClick={() => open('complete')}>{texts.complete}</Button>}
      <Button variant="default" onClick={() => open('refuse')}>{texts.refuse}</Button>
      {acting.isError && asking === null && <ProblemBox problem={acting.error} />}
      {asking === 'verify' && (
        <Sure title={texts.verify} text={texts.how} yes={texts.verify} blocked={!said.trim()} waiting={acting.isPending} problem={acting.error} confirm={() => acting.mutate('verify')} close={() => setAsking(null)}>
          <TextInput data-autofocus aria-label={texts.how} value={said} onChange={(event) => setSaid(event.currentTarget.value)} />
        </Sure>
      )}
      {asking === 'erase' && (
        <Sure title={texts.eraseSure} text={texts.eraseText} yes={texts.erase} danger blocked={said.trim() !== texts.eraseWord} waiting={acting.isPending} problem={acting.error} confirm={() => acting.mutate('erase')} close={() => setAsking(null)}>
          <TextInput data-autofocus label={texts.eraseType} value={said} onChange={(event) => setSaid(event.currentTarget.value)} />
        </Sure>
      )}
      {(asking === 'complete' || asking === 'refuse') && (
        <Sure title={texts[asking]} text={texts.outcomeHelp} yes={texts[asking]} blocked={!said.trim()} waiting={acting.isPending} problem={acting.error} confirm={() => acting.mutate(asking)} close={() => setAsking(null)}>
          <TextInput data-autofocus label={texts.outcome} value={said} onChange={(event) => setSaid(event.currentTarget.value)} />
        </Sure>
      )}
    </>
  );
}
