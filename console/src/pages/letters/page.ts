import { definePage } from '../../app/page';

export default definePage({
  title: { en: 'Dead letters', fa: 'نامه‌های برگشتی' }, icon: 'letter', group: 'keep', order: 20, scopes: ['admin'],
  routes: [{ path: '/dead-letters', load: () => import('./Letters') }],
});
