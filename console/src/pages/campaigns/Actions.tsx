import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { campaignApprove, campaignCancel, campaignLaunch, campaignPause, campaignResume } from '../../api';
import type { CampaignCampaignView, CampaignEstimateView } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { Icon } from '../../parts/Icon';
import { ProblemBox } from '../../parts/Problem';
import { Sure } from '../../parts/Sure';
import { campaigns } from '../../texts/campaigns';

const WAYS = { approve: campaignApprove, launch: campaignLaunch, pause: campaignPause, resume: campaignResume, cancel: campaignCancel } as const;
type Way = keyof typeof WAYS;

/** What can be done with a campaign as it stands; only what the role may. */
export function Actions({ campaign }: { campaign: CampaignCampaignView }) {
  const texts = useTexts(campaigns).act;
  const format = useFormat();
  const session = useSession();
  const queries = useQueryClient();
  const [asking, setAsking] = useState<'launch' | 'cancel' | null>(null);
  const acting = useMutation({
    mutationFn: (way: Way) => WAYS[way]({ path: { campaign_id: campaign.id } }),
    onSuccess: (changed, way) => {
      setAsking(null);
      notifications.show({ color: 'teal', message: way === 'launch' ? texts.launchedNow : texts.done });
      queries.setQueryData(['campaign', campaign.id], changed);
      void queries.invalidateQueries({ queryKey: ['campaign', campaign.id] });
      void queries.invalidateQueries({ queryKey: ['campaigns'] });
    },
  });
  if (!session.may('campaigns:send')) return null;
  const { status } = campaign;
  const audience = queries.getQueryData<CampaignEstimateView>(['campaign', campaign.id, 'estimate']);
  const waits = campaign.needs_approval && !campaign.approved_by;
  const busy = (way: Way) => acting.isPending && acting.variables === way;
  const open = (way: 'launch' | 'cancel') => { acting.reset(); setAsking(way); };
  return (
    <>
      {status === 'draft' && waits && <Button variant="default" leftSection={<Icon name="check" />} loading={busy('approve')} onClick={() => acting.mutate('approve')}>{texts.approve}</Button>}
      {status === 'draft' && <Button leftSection={<Icon name="campaign" />} disabled={waits} onClick={() => open('launch')}>{texts.launch}</Button>}
      {['planning', 'sending', 'scheduled'].includes(status) && <Button variant="default" leftSection={<Icon name="pause" />} loading={busy('pause')} onClick={() => acting.mutate('pause')}>{texts.pause}</Button>}
      {status === 'paused' && <Button leftSection={<Icon name="play" />} loading={busy('resume')} onClick={() => acting.mutate('resume')}>{texts.resume}</Button>}
      {!['finished', 'cancelled', 'missed', 'failed'].includes(status) && <Button variant="default" onClick={() => open('cancel')}>{texts.cancel}</Button>}
      {acting.isError && asking === null && <ProblemBox problem={acting.error} />}
      {asking === 'launch' && (
        <Sure title={texts.sure} yes={texts.launch} text={audience ? texts.sureText(format.number(audience.reachable)) : texts.sureUnknown}
          waiting={acting.isPending} problem={acting.error} confirm={() => acting.mutate('launch')} close={() => setAsking(null)} />
      )}
      {asking === 'cancel' && (
        <Sure title={texts.cancelSure} yes={texts.cancel} no={texts.keep} danger text={texts.cancelText}
          waiting={acting.isPending} problem={acting.error} confirm={() => acting.mutate('cancel')} close={() => setAsking(null)} />
      )}
    </>
  );
}
