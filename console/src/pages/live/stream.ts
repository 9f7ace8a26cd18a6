// The live stream of the API. An EventSource cannot send our header, so it is read as it comes.
import { useEffect, useRef, useState } from 'react';

export interface LiveEvent {
  id: string; kind: string; name: string; channel: string; source: string; initiator: string; occurred_at: string; notes: string[];
  personal?: { keys?: string[]; properties?: Record<string, unknown>; traits?: Record<string, unknown> } | null;
}

const KEPT = 200;
const AGAIN = 3_000;

export function useLive(kinds: string[], paused: boolean) {
  const [events, setEvents] = useState<LiveEvent[]>([]);
  const [gap, setGap] = useState(false);
  const [open, setOpen] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const last = useRef('');
  const wanted = kinds.join(' ');
  useEffect(() => {
    if (paused) return undefined;
    const ending = new AbortController();
    let waiting: ReturnType<typeof setTimeout> | undefined;
    function take(text: string) {
      const said = Object.fromEntries(text.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
      if (said.id) last.current = said.id;
      if (said.event === 'gap') setGap(true);
      if (said.event === 'interaction' && said.data) {
        const event = JSON.parse(said.data) as LiveEvent;
        setEvents((known) => [event, ...known.filter((one) => one.id !== event.id)].slice(0, KEPT));
      }
    }
    async function listen() {
      const query = new URLSearchParams(wanted.split(' ').filter(Boolean).map((kind) => ['kind', kind]));
      if (last.current) query.set('after', last.current);
      const answer = await fetch(`/api/v1/live?${query}`, { headers: { 'X-Ecrm-Console': '1' }, signal: ending.signal });
      if (!answer.ok) throw await answer.json();
      setOpen(true);
      setProblem(null);
      const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
      for (let text = ''; ;) {
        const { done, value } = await reader.read();
        if (done) return;
        const parts = (text + value).split('\n\n');
        text = parts.pop()!;
        parts.forEach(take);
      }
    }
    function follow() {
      listen().catch((error: unknown) => { if (!ending.signal.aborted) setProblem(error); })
        .finally(() => {
          setOpen(false);
          if (!ending.signal.aborted) waiting = setTimeout(follow, AGAIN);
        });
    }
    follow();
    return () => { ending.abort(); clearTimeout(waiting); };
  }, [wanted, paused]);
  return { events, gap, open, problem, clear: () => { setEvents([]); setGap(false); } };
}

/** A command that sends the same once more. */
export function asCurl(event: LiveEvent): string {
  const key = event.personal?.keys?.find((one) => one.startsWith('user:'))?.slice(5);
  const body = { type: event.kind === 'identify' ? 'identify' : 'track', ...(key ? { userId: key } : { anonymousId: 'somebody' }), event: event.name, properties: event.personal?.properties, traits: event.personal?.traits };
  const text = JSON.stringify({ batch: [body] }).replaceAll("'", "'\\''");
  return `curl ${location.origin}/v1/batch -u "$SOURCE_KEY:" -H 'Content-Type: application/json' -d '${text}'`;
}
