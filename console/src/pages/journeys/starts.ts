// Journeys to begin with; each makes sense to the service as it stands, with one template for its messages.
import type { Definition } from './graph';

export const STARTS = ['basket', 'welcome', 'birthday', 'purchase', 'blank'] as const;
export type Start = (typeof STARTS)[number];

export function begunWith(start: Start, template: string, sender: string, subject: string): Definition {
  const message = { type: 'message' as const, template_id: template, ...(sender && { from_address: sender }) };
  switch (start) {
    case 'basket': return {
      entry: { event: { name: 'Product Added' } }, start: 'patience', reentry: 'after_exit', leave_on: [{ event: { name: 'Order Completed' }, goal: 'bought' }],
      steps: {
        patience: { type: 'wait', for: { hours: 1 }, next: 'reminder' },
        reminder: { ...message, next: 'reaction' },
        reaction: { type: 'wait_for', event: { name: 'Product Viewed' }, within: { days: 2 }, then: 'keen', otherwise: 'test' },
        keen: { type: 'case', subject },
        test: { type: 'split', arms: [{ name: 'again', weight: 1, next: 'last' }, { name: 'silent', weight: 1 }] },
        last: { ...message },
      },
    };
    case 'welcome': return {
      entry: { event: { name: 'Signed Up' } }, start: 'hello', leave_on: [],
      steps: {
        hello: { ...message, next: 'first-order' },
        'first-order': { type: 'wait_for', event: { name: 'Order Completed' }, within: { days: 7 }, then: 'customer', otherwise: 'morning' },
        customer: { type: 'goal', name: 'first-order' },
        morning: { type: 'wait', until: { at: '10:00' }, next: 'offer' },
        offer: { ...message },
      },
    };
    case 'birthday': return {
      entry: { date: { trait: 'birthday', yearly: true, calendar: 'jalali', offset_days: -3, at: '10:00' } }, start: 'greeting', reentry: { after_days: 300 },
      steps: { greeting: { ...message, send: 'best' } },
    };
    case 'purchase': return {
      entry: { event: { name: 'Order Completed' } }, start: 'rest', reentry: { after_days: 60 },
      steps: {
        rest: { type: 'wait', for: { days: 14 }, next: 'known' },
        known: { type: 'branch', choices: [{ if: { trait: 'tier', op: 'exists' }, next: 'thanks' }], otherwise: 'offer' },
        thanks: { ...message, next: 'marked' },
        marked: { type: 'trait', set: { thanked: true } },
        offer: { ...message },
      },
    };
    case 'blank': return { entry: { api: {} }, start: 'end', steps: { end: { type: 'exit', reason: 'finished' } } };
  }
}

/** Whether it writes to people, so that it needs a template. */
export const writes = (start: Start): boolean => start !== 'blank';
