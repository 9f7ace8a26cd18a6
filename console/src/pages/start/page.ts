import { definePage } from '../../app/page';

export default definePage({
  title: { en: 'Start', fa: 'آغاز' }, icon: 'home', group: 'work', order: 0, scopes: [],
  routes: [{ path: '/', load: () => import('./Start') }],
});
