import { definePage } from '../../app/page';

export default definePage({
  title: { en: 'Segments', fa: 'بخش‌ها' }, icon: 'segment', group: 'reach', order: 10, scopes: ['analytics:read', 'analytics:write'],
  routes: [
    { path: '/segments', load: () => import('./Segments') },
    { path: '/segments/new', load: () => import('./NewSegment') },
    { path: '/segments/$id', load: () => import('./Segment') },
  ],
});
