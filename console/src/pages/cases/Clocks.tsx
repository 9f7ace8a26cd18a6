import { Badge } from '@mantine/core';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { cases } from '../../texts/cases';

/** What was promised: met, still time, or late. */
export function Clock({ due, met }: { due: string | null; met: string | null }) {
  const texts = useTexts(cases).clocks;
  const format = useFormat();
  if (met) return <Badge variant="light" color="teal" tt="none">{texts.met(format.ago(met))}</Badge>;
  if (!due) return <>{texts.none}</>;
  const late = new Date(due).getTime() < Date.now();
  return <Badge variant="light" color={late ? 'red' : 'yellow'} tt="none">{late ? texts.late(format.ago(due)) : texts.left(format.ago(due))}</Badge>;
}
