import type { Reading } from './resolve.ts';

/** What is wanted of one value and of the values inside it; numbers are slots. */
export interface Want {
  readonly values: number[];
  readonly counts: number[];
  readonly present: number[];
  readonly members: Map<string, Want>;
  readonly items: Map<number, Want>;
  each: Want | undefined;
}

function emptyWant(): Want {
  return {
    values: [],
    counts: [],
    present: [],
    members: new Map(),
    items: new Map(),
    each: undefined,
  };
}

/** All readings as one tree from the root of the message, without those of the message itself. */
export function wantTree(readings: readonly Reading[]): Want {
  const root = emptyWant();
  for (const [slot, reading] of readings.entries()) {
    if (reading.isWhole) continue;
    let want = root;
    for (const step of reading.steps) want = inner(want, step);
    if (reading.measure === 'value') want.values.push(slot);
    else if (reading.measure === 'count') want.counts.push(slot);
    else want.present.push(slot);
  }
  return root;
}

function inner(want: Want, step: Reading['steps'][number]): Want {
  if (step.kind === 'each') {
    want.each ??= emptyWant();
    return want.each;
  }
  const inside: Map<string | number, Want> = step.kind === 'field' ? want.members : want.items;
  const key = step.kind === 'field' ? step.name : step.index;
  const found = inside.get(key) ?? emptyWant();
  inside.set(key, found);
  return found;
}

/** Both wants of the same value: what every item gives, and what this one gives besides. */
export function mergeWants(a: Want | undefined, b: Want | undefined): Want | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return {
    values: [...a.values, ...b.values],
    counts: [...a.counts, ...b.counts],
    present: [...a.present, ...b.present],
    members: mergeMaps(a.members, b.members),
    items: mergeMaps(a.items, b.items),
    each: mergeWants(a.each, b.each),
  };
}

function mergeMaps<K>(a: ReadonlyMap<K, Want>, b: ReadonlyMap<K, Want>): Map<K, Want> {
  const merged = new Map(a);
  for (const [key, want] of b) merged.set(key, mergeWants(merged.get(key), want) ?? want);
  return merged;
}
