// Who is signed in. The proof is in a cookie that no script can read; the header tells the gateway that this page asks.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext } from 'react';
import { gatewayGetSession, gatewayEndSession } from '../api';
import type { GatewaySessionView } from '../api';
import { client } from '../api/client.gen';
import { ProblemBox } from '../parts/Problem';
import { Waiting } from '../parts/Waiting';
import { SignIn } from './SignIn';

client.setConfig({ baseUrl: '', credentials: 'same-origin', headers: { 'X-Ecrm-Console': '1' } });

export interface Session extends GatewaySessionView {
  /** Whether one of these scopes is there; an administrator may everything. */
  may: (...scopes: string[]) => boolean;
  hiding: (field: string) => boolean;
  signOut: () => void;
}

export const SESSION = ['session'];
const Context = createContext<Session | null>(null);

export function useSession(): Session {
  return useContext(Context)!;
}

export function SessionGate({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const asked = useQuery({ queryKey: SESSION, queryFn: () => gatewayGetSession(), staleTime: 60_000 });
  if (asked.isPending) return <Waiting />;
  if (asked.isError) return <ProblemBox problem={asked.error} again={() => void asked.refetch()} />;
  if (!asked.data.signed_in) return <SignIn provider={asked.data.provider ?? ''} />;
  const { scopes = [], hides = [] } = asked.data;
  const session: Session = {
    ...asked.data,
    may: (...wanted) => scopes.includes('admin') || wanted.some((scope) => scopes.includes(scope)),
    hiding: (field) => hides.includes(field),
    signOut: () => void gatewayEndSession().finally(() => {
      queries.setQueryData(SESSION, { signed_in: false, provider: asked.data.provider });
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== SESSION[0] });
    }),
  };
  return <Context value={session}>{children}</Context>;
}
