import { definePage } from '../../app/page';

export default definePage({
  title: { en: 'Consent and privacy', fa: 'رضایت و حریم خصوصی' }, icon: 'shield', group: 'keep', order: 10, scopes: ['consent:read', 'consent:write', 'privacy:manage'],
  routes: [
    { path: '/privacy', load: () => import('./Privacy') },
    { path: '/privacy/requests/$id', load: () => import('./Request') },
  ],
});
