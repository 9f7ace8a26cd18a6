import { NativeSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useFormat } from '../../app/format';
import { useTexts } from '../../app/preferences';
import { DayButton } from '../../parts/Day';
import { called } from '../../texts/campaigns';
import { segments } from '../../texts/segments';
import { plain, scalar } from './rule';

export function Choice({ label, value, names, options, change }: { label: string; value: string; names: object; options: readonly string[]; change: (value: string) => void }) {
  const data = options.includes(value) ? options : [...options, value];
  return <NativeSelect label={label} value={value} onChange={(event) => change(event.currentTarget.value)} data={data.map((one) => ({ value: one, label: called(names, one) }))} />;
}

export function Typed({ label, help, value, change }: { label: string; help?: string; value: string; change: (value: string) => void }) {
  return <TextInput label={label} description={help} inputWrapperOrder={['label', 'input', 'description']} dir="auto" value={value} onChange={(event) => change(event.currentTarget.value)} />;
}

/** A number, a text, yes or no, several of them or a date, as the comparison wants it; what is typed stays as typed. */
export function Value({ label, op = '', value, change, empty }: { label?: string; op?: string; value: unknown; change: (value: unknown) => void; empty?: string }) {
  const texts = useTexts(segments);
  const format = useFormat();
  const [kept, setKept] = useState('');
  const parsed = (text: string) => (op === 'in' ? text.split(/[,،]/).filter((one) => one.trim()).map(scalar) : dated ? plain(text).trim() : text.trim() === '' ? '' : scalar(text));
  const dated = op === 'before' || op === 'after';
  // the condition may have become another one meanwhile: then its value is shown, not what was typed for the one before
  const typed = JSON.stringify(parsed(kept)) === JSON.stringify(value ?? '') ? kept : [value ?? ''].flat().join(', ');
  const date = dated && /^\d{4}-\d{2}-\d{2}$/.test(plain(typed)) && !Number.isNaN(Date.parse(plain(typed))) ? format.date(plain(typed)) : texts.dateHelp;
  function told(text: string) {
    setKept(text);
    change(parsed(text));
  }
  return <TextInput label={label ?? texts.value} description={op === 'in' ? texts.listHelp : dated ? date : empty} inputWrapperOrder={['label', 'input', 'description']} dir="auto" value={typed} onChange={(event) => told(event.currentTarget.value)} rightSection={dated ? <DayButton value={plain(typed)} change={told} /> : undefined} />;
}
