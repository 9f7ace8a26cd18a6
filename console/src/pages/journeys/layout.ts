// Where the steps stand: layers from top to bottom, lines that never run through a step, ways back along the side.
import { type Definition, ENTRY, ways, type Way } from './graph';

export const HEIGHT = 70;
export const GAP = 66;
const WIDTH = 188;
const BESIDE = 20;
const PORT = 96;

export interface Box { name: string; x: number; y: number; width: number; loose: boolean }
/** `end`: where it says that people leave, for ways that end in the row below. */
export interface Line { from: string; way: Way; path: string; x: number; y: number; room: number; end: { x: number; y: number } | null }
export interface Drawing { boxes: Box[]; lines: Line[]; width: number; height: number }

interface Place { id: string; width: number; layer: number; x: number; wants: number[]; loose: boolean }
const started = (definition: Definition): Way => ({ place: '/start', kind: 'next', number: 0, to: definition.start in definition.steps ? definition.start : null });

export const waysOf = (definition: Definition, name: string): Way[] => (name === ENTRY ? [started(definition)] : ways(definition.steps[name]));

export function draw(definition: Definition): Drawing {
  const { layers, back } = layered(definition);
  const places = new Map<string, Place>();
  const rows: Place[][] = [];
  const add = (id: string, layer: number, width: number, loose = false) => {
    const place: Place = { id, width, layer, x: 0, wants: [], loose };
    places.set(id, place);
    (rows[layer] ??= []).push(place);
    return place;
  };
  for (const [name, { layer, loose }] of layers) add(name, layer, Math.max(WIDTH, PORT * waysOf(definition, name).length), loose);
  // long lines get a place of their own in each layer they cross, so that steps make room for them
  const chains: { from: string; way: Way; port: number; through: Place[] }[] = [];
  const last = Math.max(...[...layers.values()].map((one) => one.layer));
  for (const [name, { layer: own }] of layers) {
    const out = waysOf(definition, name);
    out.forEach((way, number) => {
      const target = way.to !== null && !back.has(`${name} ${way.place}`) ? layers.get(way.to) : undefined;
      const through: Place[] = [];
      if (target) for (let layer = own + 1; layer < target.layer; layer += 1) through.push(add(`${name} ${way.place} ${layer}`, layer, 16));
      // and the words below a way out, beside other ways, need some
      if (way.to === null && out.length > 1 && own < last) through.push(add(`${name} ${way.place} out`, own + 1, 60));
      chains.push({ from: name, way, port: (number + 1) / (out.length + 1), through });
    });
  }
  let right = 0;
  for (const row of rows) {
    settle(row);
    for (const one of row) right = Math.max(right, one.x + one.width);
    for (const chain of chains) {
      const stops = [places.get(chain.from)!, ...chain.through];
      const here = stops.findIndex((one) => row.includes(one));
      const next = here < 0 ? undefined : stops[here + 1] ?? (chain.way.to !== null && !back.has(`${chain.from} ${chain.way.place}`) ? places.get(chain.way.to) : undefined);
      if (next) next.wants.push(stops[here].x + stops[here].width * (here === 0 ? chain.port : 0.5));
    }
  }
  const left = Math.min(0, ...[...places.values()].map((one) => one.x)) - 10;
  for (const one of places.values()) one.x -= left;
  right -= left;
  const top = (layer: number) => layer * (HEIGHT + GAP) + 10;
  let aside = 0;
  const lines = chains.map(({ from, way, port, through }): Line => {
    const source = places.get(from)!;
    const x = source.x + source.width * port;
    const y = top(source.layer) + HEIGHT;
    const room = source.width / Math.max(1, waysOf(definition, from).length);
    const target = way.to === null ? undefined : places.get(way.to);
    if (!target && through.length > 0) {
      const end = { x: through[0].x + through[0].width / 2, y: top(through[0].layer) };
      return { from, way, x, y, room, end, path: `M${x} ${y} C${x} ${y + GAP} ${end.x} ${y + GAP / 2} ${end.x} ${end.y - 4}` };
    }
    if (!target) return { from, way, x, y, room, end: null, path: `M${x} ${y}v${GAP - 30}` };
    if (back.has(`${from} ${way.place}`)) {
      aside += 14;
      const side = right + aside;
      const middle = top(target.layer) + HEIGHT / 2;
      return { from, way, x, y, room, end: null, path: `M${x} ${y}v${GAP - 26}q0 8 8 8H${side - 8}q8 0 8 -8V${middle + 8}q0 -8 -8 -8H${target.x + target.width + 4}` };
    }
    const points = [...through.map((one) => [one.x + one.width / 2, top(one.layer), top(one.layer) + HEIGHT]), [target.x + target.width / 2, top(target.layer) - 4, 0]];
    let path = `M${x} ${y}`;
    let [wasX, wasY] = [x, y];
    for (const [toX, toY, below] of points) {
      const half = (wasY + toY) / 2 + 8;
      path += ` C${wasX} ${half} ${toX} ${half} ${toX} ${toY}`;
      if (below) path += `V${below}`;
      [wasX, wasY] = [toX, below];
    }
    return { from, way, x, y, room, end: null, path };
  });
  const boxes = [...layers.keys()].map((name): Box => { const one = places.get(name)!; return { name, x: one.x, y: top(one.layer), width: one.width, loose: one.loose }; });
  boxes.sort((one, other) => one.y - other.y || one.x - other.x);
  return { boxes, lines, width: right + aside + 10, height: top(rows.length - 1) + HEIGHT + GAP };
}

/** The longest way from the entry to each step; `back`: ways that lead back up. Steps that no way leads to stand below all others. */
function layered(definition: Definition) {
  const back = new Set<string>();
  const layers = new Map<string, { layer: number; loose: boolean }>([[ENTRY, { layer: 0, loose: false }]]);
  const order: string[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const visit = (name: string): void => {
    state.set(name, 'open');
    for (const way of waysOf(definition, name)) {
      if (way.to === null || !(way.to in definition.steps)) continue;
      if (state.get(way.to) === 'open') back.add(`${name} ${way.place}`);
      else if (!state.has(way.to)) visit(way.to);
    }
    state.set(name, 'done');
    order.unshift(name);
  };
  const spread = (names: string[], first: number, loose: boolean) => {
    for (const name of names) if (!layers.has(name)) layers.set(name, { layer: first, loose });
    for (const name of names) {
      for (const way of waysOf(definition, name)) {
        if (way.to === null || back.has(`${name} ${way.place}`) || !(way.to in definition.steps) || !names.includes(way.to)) continue;
        layers.set(way.to, { layer: Math.max(layers.get(way.to)!.layer, layers.get(name)!.layer + 1), loose });
      }
    }
  };
  visit(ENTRY);
  spread([...order], 0, false);
  const reached = new Set(order);
  for (const name of Object.keys(definition.steps)) if (!state.has(name)) visit(name);
  const loose = order.filter((name) => !reached.has(name));
  // a way from a loose step to one above is drawn as a way back
  for (const name of loose) for (const way of waysOf(definition, name)) if (way.to !== null && reached.has(way.to)) back.add(`${name} ${way.place}`);
  spread(loose, Math.max(...[...layers.values()].map((one) => one.layer)) + 1, true);
  return { layers, back };
}

/** Each below the middle of what leads to it, in that order, none over another. */
function settle(row: Place[]) {
  const middle = (one: Place) => (one.wants.length ? one.wants.reduce((sum, want) => sum + want, 0) / one.wants.length : 0);
  row.sort((one, other) => middle(one) - middle(other));
  let end = -Infinity;
  let moved = 0;
  for (const one of row) {
    const wanted = middle(one) - one.width / 2;
    one.x = Math.max(wanted, end + BESIDE);
    moved += one.x - wanted;
    end = one.x + one.width;
  }
  for (const one of row) one.x -= moved / row.length;
}
