import { definePage } from '../../app/page';

export default definePage({
  title: { en: 'Templates', fa: 'الگوها' }, icon: 'template', group: 'reach', order: 25, scopes: ['campaigns:read', 'campaigns:write', 'campaigns:send'],
  routes: [
    { path: '/templates', load: () => import('./Templates') },
    { path: '/templates/new', load: () => import('./NewTemplate') },
    { path: '/templates/$id', load: () => import('./Template') },
  ],
});
