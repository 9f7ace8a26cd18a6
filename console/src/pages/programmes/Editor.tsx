import { Button, Group, NumberInput, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { campaignChangeProgramme, campaignCreateProgramme } from '../../api';
import type { CampaignProgrammeView } from '../../api';
import { useTexts } from '../../app/preferences';
import { ProblemBox } from '../../parts/Problem';
import { programmes } from '../../texts/programmes';
import { asSettings, type Loyalty, type Referral, type Settings } from './asking';
import { LoyaltyRules, ReferralRules } from './Rules';

interface Props { kind: string; begun: Settings; programme?: CampaignProgrammeView; may: boolean; done?: (id: string) => void }

/** The rules of a programme: points and recommendations in fields, what needs templates as it is kept. */
export function Editor({ kind, begun, programme, may, done }: Props) {
  const all = useTexts(programmes);
  const texts = all.form;
  const queries = useQueryClient();
  const [name, setName] = useState(programme?.name ?? '');
  const [holdout, setHoldout] = useState<number | string>(Math.round((programme?.holdout ?? 0) * 100));
  const [settings, setSettings] = useState<Settings>(begun);
  const [typed, setTyped] = useState(() => JSON.stringify(begun, null, 2));
  const fields = kind === 'loyalty' || kind === 'referral' || kind === 'rewards' || (kind === 'community' && !programme);
  const saving = useMutation({
    mutationFn: () => {
      const body = { name, holdout: Number(holdout) / 100, settings: asSettings(fields ? settings : JSON.parse(typed) as Settings), ...(programme && { purpose: programme.purpose, goal: programme.goal }) };
      return programme ? campaignChangeProgramme({ path: { programme_id: programme.id }, body }) : campaignCreateProgramme({ body });
    },
    onSuccess: ({ id }) => {
      notifications.show({ message: texts.saved, color: 'teal' });
      void queries.invalidateQueries({ queryKey: ['programmes'] });
      void queries.invalidateQueries({ queryKey: ['programme', id] });
      done?.(id);
    },
  });
  const wrong = !fields && unreadable(typed);
  function submit(event: FormEvent) {
    event.preventDefault();
    saving.mutate();
  }
  return (
    <form onSubmit={submit}>
      <fieldset disabled={!may} style={{ border: 0, padding: 0, margin: 0, minWidth: 0 }}>
        <Stack maw={760}>
          <TextInput label={all.name} required value={name} onChange={(event) => setName(event.currentTarget.value)} />
          {kind === 'loyalty' && <LoyaltyRules rules={settings as Loyalty} change={setSettings} />}
          {kind === 'referral' && <ReferralRules rules={settings as Referral} change={setSettings} />}
          {kind === 'rewards' && <Text size="sm" c="dimmed">{all.gifts}</Text>}
          {!fields && <Textarea label={texts.settings} autosize minRows={6} maxRows={24} dir="ltr" styles={{ input: { fontFamily: 'monospace' } }} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} error={wrong ? texts.badJson : null} />}
          <NumberInput label={texts.holdout} description={texts.holdoutHelp} min={0} max={90} value={holdout} onChange={setHoldout} hideControls />
          {saving.isError && <ProblemBox problem={saving.error} />}
          {may && <Group><Button type="submit" loading={saving.isPending} disabled={wrong || (kind === 'referral' && !(settings as Referral).loyalty_id)}>{programme ? texts.save : texts.create}</Button></Group>}
        </Stack>
      </fieldset>
    </form>
  );
}

export function unreadable(typed: string): boolean {
  try {
    JSON.parse(typed);
    return false;
  } catch {
    return true;
  }
}
