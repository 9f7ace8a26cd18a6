import { definePage } from '../../app/page';

export default definePage({
  title: { en: 'Programmes', fa: 'برنامه‌ها' }, icon: 'gift', group: 'reach', order: 40, scopes: ['campaigns:read', 'campaigns:write'],
  routes: [
    { path: '/programmes', load: () => import('./Programmes') },
    { path: '/programmes/new', load: () => import('./NewProgramme') },
    { path: '/programmes/playbooks', load: () => import('./Playbooks') },
    { path: '/programmes/playbooks/$key', load: () => import('./Playbook') },
    { path: '/programmes/$id', load: () => import('./Programme') },
  ],
});
