import { Button, Card, FileInput, Group, NativeSelect, SimpleGrid, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { customerCancelImport, customerDeclareImport, customerPutPart, customerStartImport } from '../../api';
import { useTexts } from '../../app/preferences';
import { ProblemBox } from '../../parts/Problem';
import { Waiting } from '../../parts/Waiting';
import { imports } from '../../texts/imports';

const PIECE = 2 * 1024 * 1024;
const MEANINGS = ['user_id', 'anonymous_id', 'account_id', 'email', 'phone', 'name', 'given_name', 'family_name', 'updated_at'];
interface Column { name: string; first: string }

/** A file, what its columns mean, and the two ways to send it: only to be checked, or to stay. */
export function Bring({ begun }: { begun: (id: string) => void }) {
  const texts = useTexts(imports);
  const queries = useQueryClient();
  const [file, setFile] = useState<File | null>(null);
  const [name, setName] = useState('');
  const [zone, setZone] = useState('UTC');
  const [columns, setColumns] = useState<Column[]>([]);
  const [meant, setMeant] = useState<Record<string, string>>({});
  const [sent, setSent] = useState(0);
  const format = file?.name.endsWith('.parquet') ? 'parquet' as const : /\.jsonl?$/.test(file?.name ?? '') ? 'jsonl' as const : 'csv' as const;
  async function choose(chosen: File | null) {
    setFile(chosen);
    setMeant({});
    setName(chosen ? chosen.name.replace(/\.[^.]*$/, '').replace(/[^\p{L}\p{N}_ .-]/gu, '-').slice(0, 80) : '');
    setColumns(chosen && !/\.(parquet|jsonl?)$/.test(chosen.name) ? heads(await chosen.slice(0, 65_536).text()) : []);
  }
  const sending = useMutation({
    mutationFn: async (dry: boolean) => {
      if (!file) throw new Error('file');
      const mapping = { time_zone: zone, columns: Object.fromEntries(Object.entries(meant).filter(([, to]) => to && to !== '-').map(([from, to]) => [to, from])), ignore: Object.keys(meant).filter((one) => meant[one] === '-') };
      const { id } = await customerDeclareImport({ body: { name, format, mapping, dry_run: dry } });
      try {
        let number = 0;
        for (let start = 0; start < file.size; start += PIECE) {
          number += 1;
          await customerPutPart({ path: { import_id: id, number }, body: file.slice(start, start + PIECE) as never, bodySerializer: null, headers: { 'Content-Type': 'application/octet-stream' } });
          setSent(Math.min(file.size, start + PIECE));
        }
        await customerStartImport({ path: { import_id: id }, body: { parts: Math.max(number, 1) } });
      } catch (fault) {
        await customerCancelImport({ path: { import_id: id } }).catch(() => undefined);
        throw fault;
      }
      return id;
    },
    onSuccess: (id) => { void queries.invalidateQueries({ queryKey: ['imports'] }); begun(id); },
  });
  const ready = file !== null && file.size > 0 && name !== '';
  return (
    <Card withBorder>
      <Stack>
        <SimpleGrid cols={{ base: 1, sm: 3 }}>
          <FileInput label={texts.file} description={texts.fileHelp} placeholder={texts.choose} accept=".csv,.tsv,.txt,.jsonl,.json,.parquet" value={file} onChange={(chosen) => void choose(chosen)} />
          <TextInput label={texts.name} description={texts.nameHelp} value={name} onChange={(event) => setName(event.currentTarget.value)} />
          <NativeSelect label={texts.zone} description=" " value={zone} onChange={(event) => setZone(event.currentTarget.value)} data={['UTC', 'Asia/Tehran', 'Europe/Berlin', 'Europe/London', 'America/New_York']} />
        </SimpleGrid>
        {file && (
          <section aria-label={texts.mapping}>
            <Title order={2} size="h5">{texts.mapping}</Title>
            <Text size="sm" c="dimmed" mb="xs">{columns.length > 0 ? texts.mappingText : texts.noColumns}</Text>
            <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="sm">
              {columns.map((column) => (
                <NativeSelect key={column.name} label={<bdi>{column.name}</bdi>} description={<bdi>{column.first || '–'}</bdi>} value={meant[column.name] ?? (MEANINGS.includes(column.name) ? column.name : '')}
                  onChange={(event) => setMeant({ ...meant, [column.name]: event.currentTarget.value })} data={[{ value: '', label: texts.asTrait }, { value: '-', label: texts.ignore }, ...MEANINGS]} />
              ))}
            </SimpleGrid>
          </section>
        )}
        {sending.isPending && file && <Waiting what={texts.sending} done={sent} total={file.size} />}
        {sending.isError && <ProblemBox problem={sending.error} />}
        <Group>
          <Button variant="default" disabled={!ready} loading={sending.isPending} onClick={() => sending.mutate(true)}>{texts.dry}</Button>
          <Button disabled={!ready} loading={sending.isPending} onClick={() => sending.mutate(false)}>{texts.run}</Button>
        </Group>
      </Stack>
    </Card>
  );
}

/** The columns of a file with a header, with what stands below each. */
function heads(text: string): Column[] {
  const [head = '', row = ''] = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const mark = ['\t', ';', ',', '|'].find((one) => head.includes(one)) ?? ',';
  const cells = (line: string) => line.split(mark).map((one) => one.trim().replace(/^"|"$/g, ''));
  const first = cells(row);
  return cells(head).filter(Boolean).map((name, place) => ({ name, first: (first[place] ?? '').slice(0, 40) }));
}
