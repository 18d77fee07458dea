/** A real agent that replays a seed's rows at full speed, scores each, and cuts all into clips. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startAgent } from '@fieldloop/e2e';
import type { Place } from './base.ts';
import type { Calls } from './calls.ts';
import { awaited } from './delay.ts';
import { recordRows, placeOfTime, rowTopic } from './recording.ts';
import type { Table } from './table.ts';

/** A drive is three clips: 15 seconds, and a recording of its own. */
const driveRows = 135;

/** A clip is five seconds: 45 rows, the edges between two rows, so that no row is in two. */
const rules = (model: string): string => `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: flywheel, version: 1}
models:
  ${model}: {ref: ${model}, input: {topic: ${rowTopic}}, every: 100ms, deadline: 5s}
rules:
- id: baseline
  class: baseline
  severity: info
  every: {period: 5s, first: 0s}
  capture: {topics: ["${rowTopic}"], pre: 50ms, post: 4.9s}
`;

/** One scored row, as triage knows it. */
export interface Unit extends Scored {
  readonly row: number;
}

interface Scored {
  readonly id: string;
  readonly clip: string;
  readonly startNs: string;
  readonly predicted: string;
  readonly entropy: number;
}

interface Item {
  readonly id: string;
  readonly clip: string;
  readonly grain: string;
  readonly startNs: string;
  readonly atNs: string;
  readonly predicted: string;
  readonly scores: Readonly<Record<string, number>>;
}

export interface Replayed {
  readonly units: readonly Unit[];
  readonly stop: () => Promise<void>;
}

export async function replay(
  calls: Calls,
  place: Place,
  of: {
    readonly name: string;
    readonly table: Table;
    readonly rows: readonly number[];
    /** Place of the first row: robots do not share a moment. */
    readonly first: number;
  },
): Promise<Replayed> {
  const { first, name, rows } = of;
  const home = join(place.folder, name);
  const drives = join(home, 'drives');
  await mkdir(drives);
  for (let from = 0; from < rows.length; from += driveRows) {
    const part = await recordRows(of.table.rows, rows.slice(from, from + driveRows), first + from);
    await writeFile(join(drives, `${String(from).padStart(6, '0')}.mcap`), part);
  }
  const file = join(home, 'rules.yaml');
  await writeFile(file, rules(name));
  const { token } = await calls.post<{ readonly token: string }>('/v1/claimTokens', {
    device: name,
  });
  const agent = await startAgent(place.root, place.folder, {
    name,
    claimToken: token,
    source: { folder: drives },
    rules: file,
    models: [{ id: name, path: join(home, 'model') }],
    soak: '2s',
  });
  const known = new Map<number, Scored>();
  await awaited(`scores of ${name}`, async () => {
    await takeNew(calls, { name, first }, known);
    return known.size < rows.length ? undefined : true;
  });
  const units = rows.flatMap((row, place) => {
    const unit = known.get(place);
    return unit === undefined ? [] : [{ ...unit, row }];
  });
  return { units, stop: async () => await agent.running.stop(10_000) };
}

/**
 * By place: what came since the last time. The newest come first, so that a page of known ones is
 * the end.
 */
async function takeNew(
  calls: Calls,
  { name, first }: { readonly name: string; readonly first: number },
  known: Map<number, Scored>,
): Promise<void> {
  for await (const items of calls.pages<Item>(`/v1/triage/items?device=${name}`)) {
    const before = known.size;
    for (const { id, clip, grain, startNs, atNs, predicted, scores } of items) {
      if (grain !== 'frame') continue;
      const place = placeOfTime(BigInt(atNs)) - first;
      const entropy = scores['entropy'] ?? Number.NaN;
      known.set(place, { id, clip, startNs, predicted, entropy });
    }
    if (known.size === before) return;
  }
}
