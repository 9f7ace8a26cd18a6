import { definePage } from '../../app/page';

export default definePage({
  title: { en: 'Settings', fa: 'تنظیمات' }, icon: 'settings', group: 'keep', order: 90, scopes: ['admin'],
  routes: [{ path: '/settings', load: () => import('./Settings') }],
});
