// What a page says of itself in `pages/<page>/page.ts`; every such file is found by its name.
import type { ComponentType } from 'react';
import type { IconName } from '../parts/Icon';
import type { Language } from '../texts/define';

export type Group = 'work' | 'reach' | 'know' | 'keep';

export interface Page {
  title: Record<Language, string>;
  icon: IconName;
  group: Group;
  /** Place in its group. */
  order: number;
  /** One of these opens it; none: everybody. */
  scopes: string[];
  /** Addresses; the first stands in the menu. `load` imports the component, so that each page is a file of its own. */
  routes: [PageRoute, ...PageRoute[]];
}

export interface PageRoute { path: string; load: () => Promise<{ default: ComponentType }> }

export const definePage = (page: Page): Page => page;
