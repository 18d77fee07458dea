/** Items that stand on both sides of a split, by the embeddings that robots sent with them. */
import { setImmediate as breath } from 'node:timers/promises';
import { Fault } from '@fieldloop/core';
import { type Embeddings, leakingPairs, type Split } from '@fieldloop/learning';
import { buildReadRows, maxLeakFloats, shownOffenders } from '../dataset-limits.ts';
import { unitEmbeddings } from '../store/dataset-ref.ts';
import type { Db } from '../store/db.ts';
import type { Placed } from './gather.ts';

export interface Leaks {
  /** Labels of train and calibration that equal one on the other side. */
  readonly labels: ReadonlySet<string>;
  readonly withoutEmbedding: number;
  readonly examples: readonly string[];
}

/**
 * Test and regression against calibration and train, then calibration against train. Embeddings of
 * two models say nothing about each other. Fault `limited` when there are too many to compare.
 */
export async function findLeaks(
  read: Db,
  items: readonly Placed[],
  { cosine, signal }: { readonly cosine: number; readonly signal: AbortSignal },
): Promise<Leaks> {
  const found = new Set<string>();
  const examples: string[] = [];
  const walk = async (lefts: readonly Split[], rights: readonly Split[]): Promise<void> => {
    const [left, right] = [lefts, rights].map((wanted) =>
      items.filter(({ id, split }) => wanted.includes(split) && !found.has(id)),
    );
    if (left === undefined || right === undefined || left.length * right.length === 0) return;
    const sides = [await sideOf(read, left, signal), await sideOf(read, right, signal)] as const;
    for (const [model, ours] of sides[0]) {
      const theirs = sides[1].get(model);
      sides[0].delete(model);
      sides[1].delete(model);
      if (theirs === undefined) continue;
      for (const pairs of leakingPairs(ours.embeddings, theirs.embeddings, cosine)) {
        for (const pair of pairs) {
          const [kept, gone] = [ours.labels[pair.left] ?? '', theirs.labels[pair.right] ?? ''];
          found.add(gone);
          if (examples.length >= shownOffenders) continue;
          examples.push(`${gone} is like ${kept} (${pair.cosine.toFixed(3)})`);
        }
        await breath();
        signal.throwIfAborted();
      }
    }
  };
  await walk(['test', 'regression'], ['calibration', 'train']);
  await walk(['calibration'], ['train']);
  const withoutEmbedding = items.length - (await embedded(read, items));
  return { labels: found, withoutEmbedding, examples };
}

interface Side {
  readonly labels: readonly string[];
  readonly embeddings: Embeddings;
}

/** By model and width. */
async function sideOf(
  read: Db,
  items: readonly Placed[],
  signal: AbortSignal,
): Promise<Map<string, Side>> {
  const sides = new Map<string, { labels: string[]; values: Float32Array; dimensions: number }>();
  let floats = 0;
  for await (const { item, modelSha256, values } of embeddingsOf(read, items)) {
    signal.throwIfAborted();
    floats += values.length;
    if (floats > maxLeakFloats) throw tooMany();
    const dimensions = values.length;
    const key = `${modelSha256} ${dimensions}`;
    // Room for all, of which the system gives what is written.
    const side = sides.get(key) ?? {
      labels: [],
      values: new Float32Array(Math.min(items.length * dimensions, maxLeakFloats)),
      dimensions,
    };
    sides.set(key, side);
    side.values.set(values, side.labels.length * dimensions);
    side.labels.push(item.id);
  }
  return new Map(
    [...sides].map(([key, { labels, values, dimensions }]) => {
      const own = values.subarray(0, labels.length * dimensions);
      return [key, { labels, embeddings: { dimensions, values: own } }];
    }),
  );
}

async function* embeddingsOf(read: Db, items: readonly Placed[]) {
  for (let from = 0; from < items.length; from += buildReadRows) {
    const some = items.slice(from, from + buildReadRows);
    const units = some.map(({ unitId }) => unitId).filter((id) => id !== undefined);
    const found = new Map((await unitEmbeddings(read, units)).map((one) => [one.id, one]));
    for (const item of some) {
      const own = found.get(item.unitId ?? '');
      if (own !== undefined && own.values.length > 0) yield { item, ...own, id: own.id };
    }
  }
}

async function embedded(read: Db, items: readonly Placed[]): Promise<number> {
  let count = 0;
  for (let from = 0; from < items.length; from += buildReadRows) {
    const some = items.slice(from, from + buildReadRows);
    const units = new Map<string, number>();
    for (const { unitId } of some) {
      if (unitId !== undefined) units.set(unitId, (units.get(unitId) ?? 0) + 1);
    }
    if (units.size === 0) continue;
    const rows = await read
      .selectFrom('triage_unit')
      .select('id')
      .where('id', 'in', [...units.keys()])
      .where('embedding', 'is not', null)
      .execute();
    for (const { id } of rows) count += units.get(id) ?? 0;
  }
  return count;
}

const tooMany = (): Fault =>
  new Fault('limited', `embeddings of more than ${maxLeakFloats} numbers would be compared`, {
    remedy: 'Narrow the data set, or set gates.leakCosine to null.',
  });
