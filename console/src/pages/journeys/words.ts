// A step, an entry and a way in a few words.
import { useQuery } from '@tanstack/react-query';
import { analyticsListSegments, campaignListTemplates } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { called, campaigns } from '../../texts/campaigns';
import { journeys } from '../../texts/journeys';
import { listOf, type Step, type Values, valuesOf, type Way } from './graph';

export const useTemplates = () => useQuery({ queryKey: ['templates'], queryFn: () => campaignListTemplates({ query: { limit: 200 } }), staleTime: 30_000 });
export const useSegments = () => useQuery({ queryKey: ['segments', 'choice'], queryFn: () => analyticsListSegments({ query: { limit: 200 } }), staleTime: 30_000, retry: false });

const UNITS = [['days', 86400], ['hours', 3600], ['minutes', 60], ['seconds', 1]] as const;

export function useWayName() {
  const texts = useTexts(journeys).way;
  const format = useFormat();
  return (way: Way): string => (way.kind === 'choice' ? texts.choice(format.number(way.number + 1)) : way.kind === 'arm' ? way.name ?? '' : texts[way.kind]);
}

export function useWords() {
  const texts = useTexts(journeys);
  const channels = useTexts(campaigns).channels;
  const format = useFormat();
  const templates = useTemplates();
  const segments = useSegments();
  const number = (value: unknown) => format.number(Number(value ?? 0));
  const length = (value: unknown) => UNITS.filter(([unit]) => Number(valuesOf(value)[unit] ?? 0) > 0).map(([unit, size]) => format.duration(Number(valuesOf(value)[unit]) * size)).join(' ');
  const event = (value: unknown) => String(valuesOf(value).name ?? '');
  const segment = (id: unknown) => segments.data?.data.find((one) => one.id === id)?.name ?? String(id ?? '');
  function step(one: Step): string {
    switch (one.type) {
      case 'wait': return one.for ? length(one.for) : one.until ? [valuesOf(one.until).at, ...[valuesOf(one.until).weekdays ?? []].flat().map((day) => called(texts.step.week, String(day)))].join(' ') : String(valuesOf(one.date).on ?? valuesOf(one.date).jalali ?? '');
      case 'wait_for': return `${event(one.event)} · ${length(one.within)}`;
      case 'branch': return listOf(one.choices).map((choice) => rule(valuesOf(choice.if))).join(' | ');
      case 'split': return listOf(one.arms).map((arm) => `${String(arm.name)} ${number(arm.weight ?? 1)}`).join(' : ');
      case 'message': return `${templates.data?.data.find((each) => each.id === one.template_id)?.name ?? '–'} · ${called(channels, String(one.channel ?? 'email'))}`;
      case 'case': return String(one.subject ?? '');
      case 'trait': return Object.entries(valuesOf(one.set)).map(([name, value]) => `${name} = ${String(value)}`).join(', ');
      case 'webhook': return String(one.url ?? '');
      case 'goal': return String(one.name ?? '');
      case 'exit': return String(one.reason ?? 'finished');
    }
  }
  function rule(one: Values): string {
    for (const key of ['trait', 'data', 'score'] as const) if (key in one) return `${String(one[key])} ${one.op === 'exists' ? '?' : [one.value ?? ''].flat().join(', ')}`;
    if ('segment' in one) return segment(one.segment);
    const [parts, joint] = 'all' in one ? [listOf(one.all), ' + '] : 'any' in one ? [listOf(one.any), ' / '] : [[], ''];
    return 'not' in one ? `≠ ${rule(valuesOf(one.not))}` : parts.map(rule).join(joint);
  }
  function entry(one: Values): string {
    if (one.event) return event(one.event);
    if (one.segment) return `${segment(valuesOf(one.segment).id)} · ${called(texts.entry.ons, String(valuesOf(one.segment).on ?? 'entered'))}`;
    if (one.date) return `${String(valuesOf(one.date).trait)} ${number(valuesOf(one.date).offset_days)}`;
    return texts.entry.kinds.api;
  }
  return { step, entry, rule, length };
}
