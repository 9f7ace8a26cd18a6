import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { ProblemBox } from '../parts/Problem';
import { Waiting } from '../parts/Waiting';
import { PAGES } from './pages';
import { NotFound, Shell } from './Shell';

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const routes = PAGES.flatMap((page) => page.routes.map(({ path, load }) => createRoute({
  getParentRoute: () => root, path, component: lazyRouteComponent(load), staticData: { page },
})));

export const router = createRouter({
  routeTree: root.addChildren(routes),
  defaultPreload: 'intent',
  defaultPendingComponent: Waiting,
  defaultErrorComponent: ({ error, reset }) => <ProblemBox problem={error} again={reset} />,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface StaticDataRouteOption { page?: import('./page').Page }
}
