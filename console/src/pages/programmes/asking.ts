import { useQuery } from '@tanstack/react-query';
import { campaignGetProgramme, campaignListProgrammes, campaignListRewards } from '../../api';
import type { CampaignGifts, CampaignLoyalty, CampaignReferrals, CampaignWriteProgramme } from '../../api';

export const COLOURS: Record<string, string> = { draft: 'gray', running: 'teal', paused: 'yellow', ended: 'gray', stopped: 'gray' };

export type Loyalty = CampaignLoyalty;
export type Referral = CampaignReferrals;
export type Settings = Loyalty | Referral | CampaignGifts | { kind: 'community' } | Record<string, unknown>;
/** What the generated client calls the kinds is not what is sent: `loyalty`, not the name of a schema. */
export const asSettings = (settings: Settings): CampaignWriteProgramme['settings'] => settings as unknown as CampaignWriteProgramme['settings'];

export const useProgramme = (id: string) => useQuery({ queryKey: ['programme', id], queryFn: () => campaignGetProgramme({ path: { programme_id: id } }) });
export const useRewards = (id: string) => useQuery({ queryKey: ['programme', id, 'rewards'], queryFn: () => campaignListRewards({ path: { programme_id: id }, query: { limit: 200 } }) });
export const useLoyalties = () => useQuery({ queryKey: ['programmes', 'loyalty'], queryFn: () => campaignListProgrammes({ query: { kind: 'loyalty', limit: 200 } }) });
