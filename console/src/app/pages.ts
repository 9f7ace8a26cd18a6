// Every `pages/<page>/page.ts`, in the order of the menu.
import type { Page } from './page';

export const PAGES: Page[] = Object.values(import.meta.glob<Page>('../pages/*/page.ts', { eager: true, import: 'default' }))
  .sort((one, other) => one.order - other.order);
