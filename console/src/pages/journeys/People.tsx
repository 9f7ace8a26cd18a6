import { Anchor, Badge, Button, Checkbox, Group, Modal, NativeSelect, SimpleGrid, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { campaignAddPeople, campaignGetPersonApiV1JourneysJourneyIdPeopleCustomerIdGet as getPerson, campaignListPeople, campaignRemovePerson } from '../../api';
import type { CampaignFiguresView, CampaignJourneyView } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { Empty } from '../../parts/Empty';
import { Figure } from '../../parts/Figure';
import { JsonTree } from '../../parts/JsonTree';
import { Listing } from '../../parts/Listing';
import { Pages } from '../../parts/Pages';
import { PickCustomer } from '../../parts/PickCustomer';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { called } from '../../texts/campaigns';
import { journeys } from '../../texts/journeys';
import { shell } from '../../texts/shell';

/** Who is or was inside, at which step, and how they left. */
export function People({ journey, figures }: { journey: CampaignJourneyView; figures?: CampaignFiguresView }) {
  const all = useTexts(journeys);
  const texts = all.people;
  const format = useFormat();
  const session = useSession();
  const queries = useQueryClient();
  const [only, setOnly] = useState(false);
  const [step, setStep] = useState('');
  const [customer, setCustomer] = useState<string | null>(null);
  const [told, setTold] = useState<string | null>(null);
  const { id } = journey;
  const running = journey.status === 'active';
  const adding = useMutation({
    mutationFn: () => campaignAddPeople({ path: { journey_id: id }, body: { customer_ids: [customer!] } }),
    onSuccess: ({ entered }) => { notifications.show({ color: entered.length ? 'teal' : 'yellow', message: entered.length ? texts.added : texts.notAdded }); void queries.invalidateQueries({ queryKey: ['journey', id] }); },
  });
  const steps = [...new Set([...Object.keys(journey.definition.steps as object), ...Object.keys(figures?.at_step ?? {})])];
  return (
    <Stack>
      {figures && (
        <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="sm">
          <Figure label={texts.entered} value={format.number(figures.entered)} />
          <Figure label={texts.inside} value={format.number(figures.inside)} more={Object.entries(figures.at_step).map(([name, count]) => <div key={name}><span className="ltr">{name}</span>: {format.number(count)}</div>)} />
          <Figure label={texts.left} value={format.number(figures.entered - figures.inside)} more={Object.entries(figures.left).map(([why, count]) => <div key={why}>{called(texts.outcomes, why)}: {format.number(count)}</div>)} />
        </SimpleGrid>
      )}
      {running && session.may('campaigns:send') && (
        <Group align="end">
          <div style={{ flex: 1, maxWidth: 420, minWidth: 0 }}><PickCustomer label={texts.add} help={texts.addHelp} chosen={setCustomer} /></div>
          <Button disabled={customer === null} loading={adding.isPending} onClick={() => adding.mutate()}>{texts.add}</Button>
        </Group>
      )}
      {adding.isError && <ProblemBox problem={adding.error} />}
      <Group align="end">
        <NativeSelect label={texts.step} value={step} onChange={(event) => setStep(event.currentTarget.value)} data={[{ value: '', label: texts.allSteps }, ...steps]} />
        <Checkbox label={texts.only} checked={only} onChange={(event) => setOnly(event.currentTarget.checked)} mb={8} />
      </Group>
      <Pages queryKey={['journey', id, 'people', only, step]} label={all.tabs.people} every={running ? 3_000 : undefined} empty={<Empty title={all.tabs.people} text={texts.none} />}
        load={(token) => campaignListPeople({ path: { journey_id: id }, query: { limit: 50, page_token: token, ...(only && { inside: true }), ...(step && { step }) } })}
        id={(row) => row.id}
        columns={[
          { name: texts.customer, show: (row) => <Anchor className="ltr" component={Link} to="/customers/$id" params={{ id: row.customer_id } as never}>{row.customer_id}</Anchor> },
          { name: texts.step, show: (row) => <span className="ltr" style={{ whiteSpace: 'nowrap' }}>{row.step}</span> },
          { name: texts.outcome, show: (row) => <Badge variant="light" tt="none" color={row.left_at ? 'gray' : 'teal'}>{called(texts.outcomes, row.outcome ?? 'inside')}</Badge> },
          { name: texts.due, show: (row) => (row.waits_for.length ? texts.waits(row.waits_for.join(', ')) : row.due_at ? format.dateTime(row.due_at) : '–') },
          { name: texts.entry, show: (row) => format.dateTime(row.entered_at) },
          { name: texts.version, number: true, show: (row) => format.number(row.version) },
          { name: texts.history, show: (row) => <Button size="compact-sm" variant="default" onClick={() => setTold(row.customer_id)}>{texts.history}</Button> },
        ]} />
      {told !== null && <History journey={id} customer={told} close={() => setTold(null)} />}
    </Stack>
  );
}

function History({ journey, customer, close }: { journey: string; customer: string; close: () => void }) {
  const texts = useTexts(journeys).people;
  const words = useTexts(shell);
  const format = useFormat();
  const session = useSession();
  const queries = useQueryClient();
  const asked = useQuery({ queryKey: ['journey', journey, 'person', customer], queryFn: () => getPerson({ path: { journey_id: journey, customer_id: customer } }) });
  const removing = useMutation({
    mutationFn: () => campaignRemovePerson({ path: { journey_id: journey, customer_id: customer } }),
    onSuccess: () => { notifications.show({ color: 'teal', message: texts.removed }); void queries.invalidateQueries({ queryKey: ['journey', journey] }); close(); },
  });
  return (
    <Modal opened onClose={close} size="xl" title={texts.historyOf} closeButtonProps={{ 'aria-label': words.close }}>
      {asked.isPending ? <Waiting /> : asked.isError ? <ProblemBox problem={asked.error} again={() => void asked.refetch()} /> : (
        <Stack>
          {asked.data.passages.map((passage) => (
            <Stack key={passage.id} gap="xs">
              <Group justify="space-between">
                <Text fw={600}>{format.dateTime(passage.entered_at)} · {called(texts.outcomes, passage.outcome ?? 'inside')}</Text>
                {!passage.left_at && session.may('campaigns:send') && <Button size="xs" variant="default" loading={removing.isPending} onClick={() => removing.mutate()}>{texts.remove}</Button>}
              </Group>
              <Listing label={texts.history} rows={passage.history} id={(row) => String(row.number)} columns={[
                { name: texts.did, show: (row) => called(texts.dids, row.did) },
                { name: texts.step, show: (row) => <span className="ltr" style={{ whiteSpace: 'nowrap' }}>{row.step}</span> },
                { name: texts.at, show: (row) => format.dateTime(row.at) },
                { name: texts.detail, show: (row) => (Object.keys(row.detail).length ? <JsonTree value={row.detail} depth={3} /> : '–') },
              ]} />
              {passage.errands.length > 0 && <Text size="sm">{texts.errands}: {passage.errands.map((errand) => `${errand.step} (${errand.state})`).join(', ')}</Text>}
            </Stack>
          ))}
          {removing.isError && <ProblemBox problem={removing.error} />}
        </Stack>
      )}
    </Modal>
  );
}
