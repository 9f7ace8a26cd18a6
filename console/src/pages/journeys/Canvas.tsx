import { ActionIcon, Box as Area, Menu, Text, UnstyledButton } from '@mantine/core';
import { type KeyboardEvent, type ReactNode, useMemo, useRef } from 'react';
import { usePreferences, useTexts } from '../../app/preferences';
import { Icon } from '../../parts/Icon';
import { journeys } from '../../texts/journeys';
import { type Definition, ENTRY, STEP_TYPES, type StepType } from './graph';
import classes from './canvas.module.css';
import { draw, HEIGHT, type Line, waysOf } from './layout';
import { useWayName, useWords } from './words';

interface Props {
  definition: Definition;
  label: string;
  chosen?: string | null;
  choose?: (node: string) => void;
  /** Without it nothing can be added. */
  add?: (from: string, place: string, type: StepType) => void;
  marks?: Record<string, ReactNode>;
  faulty?: Set<string>;
  zoom?: number;
}

/** The steps from top to bottom with the ways between them. In Persian the drawing is turned about, too. */
export function Canvas({ definition, label, chosen, choose, add, marks = {}, faulty, zoom = 1 }: Props) {
  const texts = useTexts(journeys);
  const { direction } = usePreferences();
  const words = useWords();
  const wayName = useWayName();
  const drawing = useMemo(() => draw(definition), [definition]);
  const here = useRef<HTMLDivElement>(null);
  const named = (node: string) => (node === ENTRY ? texts.types.entry : node);
  function walk(event: KeyboardEvent, node: string) {
    const targets = event.key === 'ArrowDown' ? waysOf(definition, node).map((way) => way.to)
      : event.key === 'ArrowUp' ? [ENTRY, ...Object.keys(definition.steps)].filter((other) => waysOf(definition, other).some((way) => way.to === node)) : [];
    const target = targets.find((one) => one !== null);
    if (target === undefined || target === null) return;
    event.preventDefault();
    here.current?.querySelector<HTMLElement>(`[data-step="${target}"]`)?.focus();
  }
  const after = (line: Line) => (line.from === ENTRY ? texts.board.addFirst : texts.board.add([line.from, line.way.kind === 'next' ? '' : wayName(line.way)].filter(Boolean).join(', ')));
  return (
    <div className={classes.paper} role="region" aria-label={label} tabIndex={0}>
      <div ref={here} className={classes.sheet} style={{ width: drawing.width, height: drawing.height, zoom }}>
        <svg className={classes.lines} width={drawing.width} height={drawing.height} aria-hidden="true" style={direction === 'rtl' ? { transform: 'scaleX(-1)' } : undefined}>
          <defs><marker id="tip" viewBox="0 0 8 8" refX="5" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="currentColor" /></marker></defs>
          {drawing.lines.map((line) => <path key={`${line.from}${line.way.place}`} d={line.path} fill="none" stroke="currentColor" strokeWidth="1.500" strokeDasharray={line.way.to === null ? '3 3' : undefined} markerEnd={line.way.to === null ? undefined : 'url(#tip)'} />)}
        </svg>
        {drawing.lines.map((line) => line.end && <Text key={line.from + line.way.place} size="xs" c="dimmed" className={classes.end} style={{ insetInlineStart: line.end.x - 40, top: line.end.y }}>{texts.board.leaves}</Text>)}
        {drawing.boxes.map((box) => {
          const step = definition.steps[box.name];
          const type = box.name === ENTRY ? 'entry' : step.type;
          const lines = drawing.lines.filter((line) => line.from === box.name);
          return (
            <div key={box.name}>
              <UnstyledButton className={classes.step} data-step={box.name} data-type={type} data-faulty={faulty?.has(box.name) || undefined} data-loose={box.loose || undefined}
                aria-pressed={choose ? chosen === box.name : undefined} onClick={() => choose?.(box.name)} onKeyDown={(event) => walk(event, box.name)}
                style={{ insetInlineStart: box.x, top: box.y, width: box.width, height: HEIGHT }}>
                <Text size="xs" fw={700} truncate component="span" display="block">{faulty?.has(box.name) && <Icon name="warning" size={14} />} {texts.types[type]}</Text>
                <Text size="sm" truncate component="span" display="block"><bdi>{box.name === ENTRY ? words.entry(definition.entry) : words.step(step)}</bdi></Text>
                <Text size="xs" c="dimmed" truncate component="span" display="block">{box.loose ? texts.board.loose : box.name !== ENTRY && <span className="ltr">{box.name}</span>}</Text>
                <span className={classes.unseen}>{lines.length > 0 && texts.board.leads(lines.map((line) => (line.way.to === null ? texts.board.leaves : named(line.way.to))).join(', '))}</span>
                {marks[box.name] && <Area className={classes.mark} component="span">{marks[box.name]}</Area>}
              </UnstyledButton>
              {lines.map((line) => (
                <div key={line.way.place} className={classes.way} style={{ insetInlineStart: line.x - line.room / 2, top: line.y, width: line.room }}>
                  {line.way.kind !== 'next' && <Text size="xs" truncate className={classes.name}><bdi>{wayName(line.way)}</bdi></Text>}
                  {add ? (
                    <Menu position="bottom" withinPortal>
                      <Menu.Target><ActionIcon className={classes.add} variant="default" radius="xl" size={Math.max(26, Math.ceil(24.5 / zoom))} aria-label={after(line)}><Icon name="plus" size={14} /></ActionIcon></Menu.Target>
                      <Menu.Dropdown>{STEP_TYPES.map((one) => <Menu.Item key={one} onClick={() => add(line.from, line.way.place, one)}>{texts.types[one]}</Menu.Item>)}</Menu.Dropdown>
                    </Menu>
                  ) : <span className={classes.add} />}
                  {line.way.to === null && line.end === null && <Text size="xs" c="dimmed" className={classes.name}>{texts.board.leaves}</Text>}
                </div>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}
