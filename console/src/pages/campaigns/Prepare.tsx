import { SimpleGrid, Stack } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { campaignCheckApiV1CampaignsCampaignIdCheckPost as checkCampaign, campaignEstimate } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { Figure } from '../../parts/Figure';
import { Listing } from '../../parts/Listing';
import { campaigns } from '../../texts/campaigns';
import { Check } from './Check';
import { Section } from './Section';

/** How many it would reach, and what is wrong with it. */
export function Prepare({ id }: { id: string }) {
  const session = useSession();
  return <Stack><Audience id={id} />{session.may('campaigns:read', 'campaigns:write') && <Checking id={id} />}</Stack>;
}

function Audience({ id }: { id: string }) {
  const texts = useTexts(campaigns).estimate;
  const format = useFormat();
  const asked = useQuery({ queryKey: ['campaign', id, 'estimate'], queryFn: () => campaignEstimate({ path: { campaign_id: id } }), enabled: false });
  const told = asked.data;
  return (
    <Section texts={texts} waiting={asked.isFetching} told={told !== undefined} problem={asked.error} ask={() => void asked.refetch()}>
      {told && (
        <>
          <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
            <Figure label={texts.audience} value={format.number(told.audience)} />
            <Figure label={texts.reachable} value={format.number(told.reachable)} more={told.exact ? texts.exact : texts.sampled(format.number(told.looked_at))} />
          </SimpleGrid>
          {Object.keys(told.left_out).length > 0 && (
            <Listing label={texts.leftOut} rows={Object.entries(told.left_out)} id={([why]) => why} columns={[
              { name: texts.leftOut, show: ([why]) => <span className="ltr">{why}</span> },
              { name: texts.people, number: true, show: ([, count]) => format.number(count) },
            ]} />
          )}
        </>
      )}
    </Section>
  );
}

function Checking({ id }: { id: string }) {
  const checking = useMutation({ mutationFn: () => checkCampaign({ path: { campaign_id: id } }) });
  return <Check told={checking.data} waiting={checking.isPending} problem={checking.error} ask={() => checking.mutate()} />;
}
