import { Alert, Badge } from '@mantine/core';
import type { CampaignCheckView } from '../../api';
import { useTexts } from '../../app/preferences';
import { Icon } from '../../parts/Icon';
import { Listing } from '../../parts/Listing';
import { called, campaigns } from '../../texts/campaigns';
import { Section } from './Section';

const ORDER = ['error', 'warning', 'not_looked_up', 'ok'];
const COLOURS: Record<string, string> = { error: 'red', warning: 'yellow', ok: 'teal' };

/** What a check of a campaign or a template found, the worst first. */
export function Check({ told, waiting, problem, ask }: { told?: CampaignCheckView; waiting: boolean; problem: unknown; ask: () => void }) {
  const all = useTexts(campaigns);
  const texts = all.check;
  return (
    <Section texts={texts} waiting={waiting} told={told !== undefined} problem={problem} ask={ask}>
      {told && <Alert role="status" color={told.ok ? 'teal' : 'red'} variant="light" icon={<Icon name={told.ok ? 'check' : 'warning'} />}>{told.ok ? texts.well : texts.bad}</Alert>}
      {told && told.findings.length > 0 && (
        <Listing label={texts.title} rows={told.findings.map((finding, place) => ({ ...finding, place })).sort((one, other) => ORDER.indexOf(one.level) - ORDER.indexOf(other.level))} id={(row) => String(row.place)} columns={[
          { name: texts.finding, show: (row) => called(all.why.checks, row.check) },
          { name: texts.level, show: (row) => <Badge variant="light" tt="none" color={COLOURS[row.level] ?? 'gray'}>{called(texts.levels, row.level)}</Badge> },
          { name: all.why.detail, show: (row) => <bdi>{row.detail}</bdi> },
          { name: texts.where, show: (row) => <span className="ltr">{row.where || '–'}</span> },
        ]} />
      )}
    </Section>
  );
}
