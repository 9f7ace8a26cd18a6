import { Button, Grid, Group as Row, Stack, TextInput, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { analyticsChangeSegment, analyticsCreateSegment } from '../../api';
import type { AnalyticsSegmentView } from '../../api';
import { useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { ProblemBox } from '../../parts/Problem';
import { segments } from '../../texts/segments';
import { Group } from './Group';
import { Preview } from './Preview';
import { asGroup, type Rule, whole } from './rule';

/** The rule builder with who fits beside it; saves a new segment or a new version of one. */
export function Editor({ segment }: { segment?: AnalyticsSegmentView }) {
  const texts = useTexts(segments);
  const session = useSession();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [name, setName] = useState(segment?.name ?? '');
  const [description, setDescription] = useState(segment?.description ?? '');
  const [rule, setRule] = useState<Rule>(segment ? asGroup(segment.rule) : { all: [] });
  const saving = useMutation({
    mutationFn: () => (segment ? analyticsChangeSegment({ path: { segment_id: segment.id }, body: { name, description, rule, version: segment.version } }) : analyticsCreateSegment({ body: { name, description, rule } })),
    onSuccess: ({ id }) => {
      notifications.show({ message: texts.saved, color: 'teal' });
      void queries.invalidateQueries({ queryKey: ['segments'] });
      void navigate({ to: '/segments/$id', params: { id } as never });
    },
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    saving.mutate();
  }
  return (
    <form onSubmit={submit}>
      <Grid>
        <Grid.Col span={{ base: 12, md: 8 }}>
          <Stack>
            <TextInput label={texts.name} required value={name} onChange={(event) => setName(event.currentTarget.value)} />
            <TextInput label={texts.description} value={description} onChange={(event) => setDescription(event.currentTarget.value)} />
            <Title order={2} size="h5">{texts.rule}</Title>
            <Group rule={rule} change={setRule} />
            {saving.isError && <ProblemBox problem={saving.error} />}
            {session.may('analytics:write') && <Row><Button type="submit" loading={saving.isPending} disabled={!whole(rule)}>{texts.save}</Button></Row>}
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 4 }}><Preview rule={rule} /></Grid.Col>
      </Grid>
    </form>
  );
}
