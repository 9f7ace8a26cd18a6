// The operators' routes of each service; they stand outside the published description.
import { client } from '../../api/client.gen';

export const SERVICES = ['customer', 'interaction', 'analytics', 'campaign', 'consent', 'gateway'] as const;

export interface Letter { id: string; reader: string; topic: string; partition: number; offset: number; cause: string; state: string; parked: number; created_at: string; service: string }
export interface FullLetter extends Letter {
  headers: Record<string, string>; bytes: number; corrected: boolean; payload?: string; correction?: string | null;
  acts: { at: string; act: string; actor: string; cause: string | null }[];
}

interface Asked { query?: Record<string, unknown>; body?: unknown }

async function ask<T>(method: 'GET' | 'PUT' | 'POST', path: string, asked: Asked = {}): Promise<T> {
  const { data } = await client.request({ method, url: `/api/v1/dead-letters/${path}`, throwOnError: true, responseStyle: 'fields', ...asked, ...(asked.body !== undefined && { headers: { 'Content-Type': 'application/json' } }) });
  return data as T;
}

/** Of one service, or the first ones of all. */
export async function list(service: string, state: string, token: string | undefined) {
  const wanted = service ? [service] : SERVICES;
  const pages = await Promise.all(wanted.map(async (name) => {
    const page = await ask<{ data: Letter[]; next_page_token: string | null }>('GET', name, { query: { state, limit: 50, ...(token && { page_token: token }) } });
    return { ...page, data: page.data.map((letter) => ({ ...letter, service: name })) };
  }));
  return { data: pages.flatMap((page) => page.data), next_page_token: service ? pages[0].next_page_token : null };
}

export const show = ({ service, id }: Letter, content: boolean) => ask<FullLetter>('GET', `${service}/${id}`, { query: { content } });
export const correct = ({ service, id }: Letter, text: string) => ask('PUT', `${service}/${id}/payload`, { body: { text } });
export const act = ({ service, id }: Letter, what: 'replay' | 'discard') => ask('POST', `${service}/${id}/${what}`);
