import { definePage } from '../../app/page';

export default definePage({
  title: { en: 'Analytics', fa: 'تحلیل' }, icon: 'chart', group: 'know', order: 10, scopes: ['analytics:read', 'analytics:write'],
  routes: [{ path: '/analytics', load: () => import('./Analytics') }],
});
