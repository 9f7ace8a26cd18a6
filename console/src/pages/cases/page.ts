import { definePage } from '../../app/page';

export default definePage({
  title: { en: 'Cases', fa: 'پرونده‌ها' }, icon: 'case', group: 'work', order: 20, scopes: ['interactions:read', 'interactions:write'],
  routes: [
    { path: '/cases', load: () => import('./Cases') },
    { path: '/cases/$id', load: () => import('./Case') },
  ],
});
