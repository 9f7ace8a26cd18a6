import { Anchor, NativeSelect, Stack, Text } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTexts } from '../../app/preferences';
import { Head } from '../../parts/Head';
import { programmes } from '../../texts/programmes';
import type { Settings } from './asking';
import { Editor } from './Editor';

const BEGUN = {
  loyalty: { kind: 'loyalty', earn: [{ points: 1, per_minor: 100, currency: 'EUR' }], tiers: [] },
  rewards: { kind: 'rewards' },
  referral: { kind: 'referral', loyalty_id: '', referrer_points: 100, newcomer_points: 50 },
  community: { kind: 'community' },
} satisfies Record<string, Settings>;

export default function NewProgramme() {
  const texts = useTexts(programmes);
  const navigate = useNavigate();
  const [kind, setKind] = useState<keyof typeof BEGUN>('loyalty');
  return (
    <Stack>
      <Anchor component={Link} to="/programmes" size="sm">{texts.back}</Anchor>
      <Head title={texts.form.title} text={texts.form.text} />
      <NativeSelect maw={760} label={texts.kind} value={kind} onChange={(event) => setKind(event.currentTarget.value as keyof typeof BEGUN)} data={Object.keys(BEGUN).map((value) => ({ value, label: texts.kinds[value as keyof typeof BEGUN] }))} />
      <Editor key={kind} kind={kind} begun={BEGUN[kind]} may done={(id) => void navigate({ to: '/programmes/$id', params: { id } as never })} />
      <Text size="sm" c="dimmed">{texts.form.others} <Anchor component={Link} to="/programmes/playbooks" underline="always">{texts.views.playbooks}</Anchor></Text>
    </Stack>
  );
}
