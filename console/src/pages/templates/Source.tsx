import { Input } from '@mantine/core';
import { useMemo, useRef } from 'react';
import classes from './source.module.css';

const TOKENS = /(\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\})|(<!--[\s\S]*?-->)|(<\/?[a-z][^<>{]*>?)/gi;

/** A field for MJML with Liquid: a plain text field, with tints behind its letters. */
export function Source({ id, label, value, error, change, rows = 16 }: { id: string; label: string; value: string; error?: string; change: (value: string) => void; rows?: number }) {
  const behind = useRef<HTMLPreElement>(null);
  const tinted = useMemo(() => tints(value), [value]);
  return (
    <Input.Wrapper id={id} label={label} error={error} required>
      <div className={classes.field} data-faulty={error ? true : undefined}>
        <pre ref={behind} className={classes.tints} aria-hidden="true">{tinted}{'\n'}</pre>
        <textarea id={id} className={classes.text} dir="ltr" rows={rows} spellCheck={false} value={value} aria-invalid={error ? true : undefined} aria-describedby={error ? `${id}-error` : undefined}
          onChange={(event) => change(event.currentTarget.value)} onScroll={(event) => { if (behind.current) behind.current.scrollTop = event.currentTarget.scrollTop; }} />
      </div>
    </Input.Wrapper>
  );
}

function tints(source: string) {
  const parts = [];
  let last = 0;
  for (const found of source.matchAll(TOKENS)) {
    if (found.index > last) parts.push(source.slice(last, found.index));
    parts.push(<span key={found.index} className={found[1] ? classes.liquid : found[2] ? classes.comment : classes.tag}>{found[0]}</span>);
    last = found.index + found[0].length;
  }
  parts.push(source.slice(last));
  return parts;
}
