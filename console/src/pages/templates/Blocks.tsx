import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { campaignListBlocks, campaignPutBlock } from '../../api';
import type { CampaignBlockView } from '../../api';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { useSession } from '../../app/session';
import { Empty } from '../../parts/Empty';
import { Icon } from '../../parts/Icon';
import { Pages } from '../../parts/Pages';
import { ProblemBox } from '../../parts/Problem';
import { shell } from '../../texts/shell';
import { templates } from '../../texts/templates';
import { Source } from './Source';
import { languageName } from './writing';

/** Parts that several templates show. */
export function Blocks() {
  const all = useTexts(templates);
  const texts = all.block;
  const format = useFormat();
  const session = useSession();
  const [edited, setEdited] = useState<CampaignBlockView | 'new' | null>(null);
  const may = session.may('campaigns:write');
  return (
    <Stack>
      <Group justify="space-between" align="start">
        <Text size="sm" c="dimmed" style={{ flex: 1, minWidth: 200 }}>{texts.text}</Text>
        {may && <Button variant="default" leftSection={<Icon name="plus" />} onClick={() => setEdited('new')}>{texts.new}</Button>}
      </Group>
      <Pages queryKey={['blocks', 'all']} label={all.tabs.blocks} empty={<Empty {...texts.none} command={'{% render "footer" %}'} />}
        load={(token) => campaignListBlocks({ query: { limit: 50, page_token: token } })}
        id={(row) => row.name}
        columns={[
          { name: texts.name, show: (row) => <span className="ltr">{row.name}</span> },
          { name: all.languages, show: (row) => <span className="ltr">{Object.keys(row.locales).join(', ')}</span> },
          { name: all.version, number: true, show: (row) => format.number(row.version) },
          { name: all.changed, show: (row) => format.ago(row.updated_at) },
          { name: texts.by, show: (row) => <bdi>{row.updated_by}</bdi> },
          ...(may ? [{ name: texts.edit, show: (row: CampaignBlockView) => <Button size="compact-sm" variant="default" onClick={() => setEdited(row)}>{texts.edit}</Button> }] : []),
        ]} />
      {edited !== null && <Edit block={edited === 'new' ? undefined : edited} close={() => setEdited(null)} />}
    </Stack>
  );
}

function Edit({ block, close }: { block?: CampaignBlockView; close: () => void }) {
  const texts = useTexts(templates).block;
  const words = useTexts(shell);
  const format = useFormat();
  const queries = useQueryClient();
  const [name, setName] = useState(block?.name ?? '');
  const [locales, setLocales] = useState<Record<string, string>>(block?.locales ?? { en: '', fa: '' });
  const saving = useMutation({
    mutationFn: () => campaignPutBlock({ path: { name }, body: { locales: Object.fromEntries(Object.entries(locales).filter(([, source]) => source.trim() !== '')) } }),
    onSuccess: ({ templates_changed }) => {
      notifications.show({ color: 'teal', message: texts.saved(format.number(templates_changed ?? 0)) });
      void queries.invalidateQueries({ queryKey: ['blocks'] });
      void queries.invalidateQueries({ queryKey: ['template'] });
      close();
    },
  });
  const fits = /^[a-z][a-z0-9_-]{0,63}$/.test(name) && Object.values(locales).some((source) => source.trim() !== '');
  return (
    <Modal opened onClose={close} size="xl" title={block ? <span className="ltr">{block.name}</span> : texts.new} closeButtonProps={{ 'aria-label': words.close }}>
      <form onSubmit={(event) => { event.preventDefault(); saving.mutate(); }}>
        <Stack>
          {!block && <TextInput label={texts.name} description={texts.nameHelp} inputWrapperOrder={['label', 'input', 'description']} required dir="ltr" value={name} onChange={(event) => setName(event.currentTarget.value)} />}
          {Object.keys(locales).map((language) => <Source key={language} id={`block-${language}`} rows={5} label={texts.source(languageName(language))} value={locales[language]} change={(source) => setLocales({ ...locales, [language]: source })} />)}
          {saving.isError && <ProblemBox problem={saving.error} />}
          <Group justify="end"><Button variant="default" onClick={close}>{words.cancel}</Button><Button type="submit" loading={saving.isPending} disabled={!fits}>{texts.save}</Button></Group>
        </Stack>
      </form>
    </Modal>
  );
}
