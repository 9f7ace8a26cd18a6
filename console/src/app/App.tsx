import { DirectionProvider, MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { problemOf } from '../parts/problems';
import { PreferencesProvider, usePreferences } from './preferences';
import { router } from './router';
import { SESSION, SessionGate } from './session';
import { theme, variables } from './theme';

/** Whoever is told 401 has to sign in again: one question shows it. */
function overIfSigned(error: unknown) {
  if (problemOf(error).status === 401) void queries.invalidateQueries({ queryKey: SESSION });
}

const queries = new QueryClient({
  queryCache: new QueryCache({ onError: overIfSigned }),
  mutationCache: new MutationCache({ onError: overIfSigned }),
  defaultOptions: {
    queries: { staleTime: 10_000, refetchOnWindowFocus: true, retry: (count, error) => count < 2 && [0, 429, 503].includes(problemOf(error).status) },
  },
});

export function App() {
  return <PreferencesProvider><Directed /></PreferencesProvider>;
}

function Directed() {
  const { direction } = usePreferences();
  return (
    <DirectionProvider key={direction} initialDirection={direction} detectDirection={false}>
      <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
        <Notifications position="bottom-center" />
        <QueryClientProvider client={queries}>
          <SessionGate><RouterProvider router={router} /></SessionGate>
        </QueryClientProvider>
      </MantineProvider>
    </DirectionProvider>
  );
}
