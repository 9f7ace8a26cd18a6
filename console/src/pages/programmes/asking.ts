import { useQuery } from '@tanstack/react-query';
import { campaignGetProgramme, campaignListProgrammes, campaignListRewards } from '../../api';
import type { CampaignGifts, CampaignLoyalty, CampaignReferrals, CampaignWriteProgramme } from '../../api';

export const COLOURS: Record<string, string> = { draft: 'gray', running: 'teal', paused: 'yellow', ended: 'gray', stopped: 'gray' };

export type Loyalty = CampaignLoyalty;
export type Referral = CampaignReferrals;
export type Settings = Loyalty | Referral | CampaignGifts | { kind: 'community' } | Record<string, unknown>;
/** Kinds without fields of their own on the page are written as JSON; the service says what is wrong with them. */
export const asSettings = (settings: Settings) => settings as CampaignWriteProgramme['settings'];

export const useProgramme = (id: string) => useQuery({ queryKey: ['programme', id], queryFn: () => campaignGetProgramme({ path: { programme_id: id } }) });
export const useRewards = (id: string) => useQuery({ queryKey: ['programme', id, 'rewards'], queryFn: () => campaignListRewards({ path: { programme_id: id }, query: { limit: 200 } }) });
export const useLoyalties = () => useQuery({ queryKey: ['programmes', 'loyalty'], queryFn: () => campaignListProgrammes({ query: { kind: 'loyalty', limit: 200 } }) });
