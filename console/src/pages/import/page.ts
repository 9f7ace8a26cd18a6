import { definePage } from '../../app/page';

export default definePage({
  title: { en: 'Import', fa: 'ورود فایل' }, icon: 'import', group: 'keep', order: 40, scopes: ['customers:write'],
  routes: [{ path: '/import', load: () => import('./Import') }],
});
