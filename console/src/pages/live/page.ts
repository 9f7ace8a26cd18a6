import { definePage } from '../../app/page';

export default definePage({
  title: { en: 'Live events', fa: 'رویدادهای زنده' }, icon: 'live', group: 'work', order: 5, scopes: ['interactions:read', 'interactions:write'],
  routes: [{ path: '/live', load: () => import('./Live') }],
});
