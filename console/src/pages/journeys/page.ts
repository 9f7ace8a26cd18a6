import { definePage } from '../../app/page';

export default definePage({
  title: { en: 'Journeys', fa: 'سفرها' }, icon: 'journey', group: 'reach', order: 30, scopes: ['campaigns:read', 'campaigns:write', 'campaigns:send'],
  routes: [
    { path: '/journeys', load: () => import('./Journeys') },
    { path: '/journeys/new', load: () => import('./NewJourney') },
    { path: '/journeys/$id', load: () => import('./Journey') },
  ],
});
