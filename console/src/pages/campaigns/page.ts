import { definePage } from '../../app/page';

export default definePage({
  title: { en: 'Campaigns', fa: 'کمپین‌ها' }, icon: 'campaign', group: 'reach', order: 20, scopes: ['campaigns:read', 'campaigns:write', 'campaigns:send'],
  routes: [
    { path: '/campaigns', load: () => import('./Campaigns') },
    { path: '/campaigns/new', load: () => import('./NewCampaign') },
    { path: '/campaigns/$id', load: () => import('./Campaign') },
  ],
});
