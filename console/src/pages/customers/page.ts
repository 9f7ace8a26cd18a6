import { definePage } from '../../app/page';

export default definePage({
  title: { en: 'Customers', fa: 'مشتریان' }, icon: 'people', group: 'work', order: 10, scopes: ['customers:read', 'customers:write'],
  routes: [
    { path: '/customers', load: () => import('./Search') },
    { path: '/customers/duplicates', load: () => import('./Duplicates') },
    { path: '/customers/$id', load: () => import('./Customer') },
  ],
});
