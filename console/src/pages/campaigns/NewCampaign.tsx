import { Alert, Anchor, Button, Checkbox, Group, NativeSelect, NumberInput, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { analyticsListSegments, campaignCreateCampaign, campaignListTemplates, consentListPurposes } from '../../api';
import { usePreferences, useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { Head } from '../../parts/Head';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { campaigns } from '../../texts/campaigns';

export default function NewCampaign() {
  const all = useTexts(campaigns);
  const texts = all.form;
  const { language } = usePreferences();
  const session = useSession();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const templates = useQuery({ queryKey: ['templates'], queryFn: () => campaignListTemplates({ query: { limit: 200 } }) });
  const segments = useQuery({ queryKey: ['segments', 'choice'], queryFn: () => analyticsListSegments({ query: { limit: 200 } }) });
  const purposes = useQuery({ queryKey: ['purposes'], queryFn: () => consentListPurposes(), enabled: session.may('consent:read', 'consent:write') });
  const [given, setGiven] = useState({ name: '', template: '', segment: '', purpose: '', from: '', fromName: '', postal: '', control: 10 as number | string, approval: false });
  const put = (part: Partial<typeof given>) => setGiven({ ...given, ...part });
  const creating = useMutation({
    mutationFn: () => campaignCreateCampaign({ body: {
      name: given.name, template_id: template, segment_id: segment, purpose, needs_approval: given.approval,
      ...(given.from && { from_address: given.from }), ...(given.fromName && { from_name: given.fromName }), ...(given.postal && { postal_address: given.postal }),
      ...(Number(given.control) > 0 && { audience: { holdout_percent: Number(given.control) } }),
    } }),
    onSuccess: ({ id }) => { void queries.invalidateQueries({ queryKey: ['campaigns'] }); void navigate({ to: '/campaigns/$id', params: { id } as never }); },
  });
  if (templates.isPending || segments.isPending || purposes.isLoading) return <Waiting />;
  const failed = templates.error ?? segments.error ?? purposes.error;
  if (!templates.data || !segments.data) return <ProblemBox problem={failed} again={() => { void templates.refetch(); void segments.refetch(); }} />;
  const known = purposes.data?.data ?? [];
  const template = given.template || templates.data.data[0]?.id || '';
  const segment = given.segment || segments.data.data[0]?.id || '';
  const purpose = given.purpose || (known.find((one) => one.purpose === 'marketing') ?? known[0])?.purpose || 'marketing';
  function submit(event: FormEvent) {
    event.preventDefault();
    creating.mutate();
  }
  return (
    <Stack maw={720}>
      <Anchor component={Link} to="/campaigns" size="sm">{all.back}</Anchor>
      <Head title={texts.title} text={texts.text} />
      {templates.data.data.length === 0 && <Alert color="yellow" variant="light">{texts.noTemplate}</Alert>}
      {segments.data.data.length === 0 && <Alert color="yellow" variant="light">{texts.noSegment}</Alert>}
      <form onSubmit={submit}>
        <Stack>
          <TextInput label={all.name} required value={given.name} onChange={(event) => put({ name: event.currentTarget.value })} />
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <NativeSelect label={texts.template} value={template} onChange={(event) => put({ template: event.currentTarget.value })} data={templates.data.data.map((one) => ({ value: one.id, label: `${one.name} (${Object.keys(one.locales).join(', ')})` }))} />
            <NativeSelect label={texts.segment} value={segment} onChange={(event) => put({ segment: event.currentTarget.value })} data={segments.data.data.map((one) => ({ value: one.id, label: one.name }))} />
            {known.length > 0 ? <NativeSelect label={texts.purpose} description={texts.purposeHelp} value={purpose} onChange={(event) => put({ purpose: event.currentTarget.value })} data={known.map((one) => ({ value: one.purpose, label: one.title[language] ?? one.purpose }))} />
              : <TextInput label={texts.purpose} description={texts.purposeHelp} value={purpose} onChange={(event) => put({ purpose: event.currentTarget.value })} />}
            <NumberInput label={texts.control} description={texts.controlHelp} min={0} max={90} value={given.control} onChange={(control) => put({ control })} hideControls />
            <TextInput label={texts.from} type="email" dir="ltr" value={given.from} onChange={(event) => put({ from: event.currentTarget.value })} />
            <TextInput label={texts.fromName} value={given.fromName} onChange={(event) => put({ fromName: event.currentTarget.value })} />
          </SimpleGrid>
          <TextInput label={texts.postal} description={texts.postalHelp} value={given.postal} onChange={(event) => put({ postal: event.currentTarget.value })} />
          <Checkbox label={texts.approval} checked={given.approval} onChange={(event) => put({ approval: event.currentTarget.checked })} />
          {creating.isError && <ProblemBox problem={creating.error} />}
          <Group><Button type="submit" loading={creating.isPending} disabled={!template || !segment}>{texts.create}</Button></Group>
        </Stack>
      </form>
    </Stack>
  );
}
