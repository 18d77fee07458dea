/** Items that stand on both sides of a split, by the embeddings that robots sent with them. */
import { setImmediate as breath } from 'node:timers/promises';
import { Fault } from '@fieldloop/core';
import {
  cosineOf,
  cosineRounding,
  type LeakingPair,
  leakingPairs,
  openUnitRows,
  type Split,
  type UnitRows,
  type UnitRowsWriter,
} from '@fieldloop/learning';
import {
  embeddingReadRows,
  leakPairsAtOnce,
  maxLeakFloats,
  shownOffenders,
} from '../dataset-limits.ts';
import { labelEmbeddings } from '../store/dataset-ref.ts';
import type { Db } from '../store/db.ts';
import type { Placed } from './order.ts';

export interface Leaks {
  /** Labels of train and calibration that equal one on the other side. */
  readonly labels: ReadonlySet<string>;
  readonly withoutEmbedding: number;
  readonly examples: readonly string[];
}

interface LeakDeps {
  readonly read: Db;
  readonly signal: AbortSignal;
}

/** Test and regression against calibration and train, then calibration against train. */
const walks: readonly (readonly [readonly Split[], readonly Split[]])[] = [
  [
    ['test', 'regression'],
    ['calibration', 'train'],
  ],
  [['calibration'], ['train']],
];

/**
 * Embeddings of two models say nothing about each other. Fault `limited` when there are too many to
 * compare.
 */
export async function findLeaks(
  deps: LeakDeps,
  items: readonly Placed[],
  cosine: number,
): Promise<Leaks> {
  using opened = new DisposableStack();
  const { models, withoutEmbedding } = await readEmbeddings(deps, items, opened);
  const labels = new Set<string>();
  const examples: string[] = [];
  for (const [lefts, rights] of walks) {
    for (const model of models) {
      const side = (wanted: readonly Split[]): Int32Array =>
        Int32Array.from(model.items.keys()).filter((row) => {
          const item = items[model.items[row] ?? 0];
          return item !== undefined && wanted.includes(item.split) && !labels.has(item.id);
        });
      const sides = { left: side(lefts), right: side(rights) };
      for await (const pairs of pairsOf(deps, { model, items, sides, cosine })) {
        for (const { kept, gone } of pairs) {
          if (labels.has(gone.id)) continue;
          labels.add(gone.id);
          if (examples.length >= shownOffenders) continue;
          const like = await likeness(deps, kept, gone);
          examples.push(`${gone.id} is like ${kept.id} (${like.toFixed(3)})`);
        }
      }
    }
  }
  return { labels, withoutEmbedding, examples };
}

interface ModelRows {
  readonly rows: UnitRows;
  /** Index of the item of each row. */
  readonly items: readonly number[];
}

/** By model and width. */
async function readEmbeddings(deps: LeakDeps, items: readonly Placed[], opened: DisposableStack) {
  const models = new Map<string, { readonly writer: UnitRowsWriter; readonly items: number[] }>();
  let floats = 0;
  let withoutEmbedding = 0;
  for (let from = 0; from < items.length; from += embeddingReadRows) {
    deps.signal.throwIfAborted();
    const some = items.slice(from, from + embeddingReadRows);
    const found = await embeddingsOf(deps, some);
    for (const [i, { id }] of some.entries()) {
      const own = found.get(id);
      if (own === undefined) withoutEmbedding += 1;
      if (own === undefined || own.values.length === 0) continue;
      const width = own.values.length;
      floats += width;
      if (floats > maxLeakFloats) throw tooMany();
      const key = `${own.modelSha256} ${width}`;
      const room = Math.min(items.length, Math.floor(maxLeakFloats / width));
      const model = models.get(key) ?? {
        writer: opened.use(openUnitRows(width, room)),
        items: [],
      };
      models.set(key, model);
      if (model.writer.add(own.values) !== undefined) model.items.push(from + i);
    }
  }
  return {
    models: [...models.values()].map((one) => ({ rows: one.writer.done(), items: one.items })),
    withoutEmbedding,
  };
}

/** Of those that have one, by label. */
async function embeddingsOf({ read }: LeakDeps, items: readonly Placed[]) {
  const labels = new Set(items.map(({ id }) => id));
  return new Map((await labelEmbeddings(read, [...labels])).map((one) => [one.label, one]));
}

interface Like {
  readonly kept: Placed;
  readonly gone: Placed;
}

/** Pairs that are near-equal; what the search leaves in doubt is measured on the vectors. */
async function* pairsOf(
  deps: LeakDeps,
  of: {
    readonly model: ModelRows;
    readonly items: readonly Placed[];
    readonly sides: { readonly left: Int32Array; readonly right: Int32Array };
    readonly cosine: number;
  },
): AsyncGenerator<readonly Like[], void> {
  const { model, items, sides, cosine } = of;
  const placed = ({ left, right }: LeakingPair): readonly Like[] => {
    const kept = items[model.items[left] ?? -1];
    const gone = items[model.items[right] ?? -1];
    return kept === undefined || gone === undefined ? [] : [{ kept, gone }];
  };
  let doubtful: Like[] = [];
  for (const pairs of leakingPairs(model.rows, sides, cosine)) {
    const sure = pairs.filter(({ isSure }) => isSure).flatMap(placed);
    if (sure.length > 0) yield sure;
    doubtful.push(...pairs.filter(({ isSure }) => !isSure).flatMap(placed));
    if (doubtful.length >= leakPairsAtOnce) {
      yield await nearEqual(deps, doubtful, cosine);
      doubtful = [];
    }
    await breath();
    deps.signal.throwIfAborted();
  }
  yield await nearEqual(deps, doubtful, cosine);
}

async function nearEqual(
  deps: LeakDeps,
  pairs: readonly Like[],
  cosine: number,
): Promise<readonly Like[]> {
  const near: Like[] = [];
  const isNear = (a: Float32Array, b: Float32Array): boolean =>
    cosineOf(a, b) >= cosine - cosineRounding;
  for (let from = 0; from < pairs.length; from += leakPairsAtOnce) {
    const some = pairs.slice(from, from + leakPairsAtOnce);
    const found = await embeddingsOf(
      deps,
      some.flatMap(({ kept, gone }) => [kept, gone]),
    );
    for (const pair of some) {
      const [a, b] = [found.get(pair.kept.id), found.get(pair.gone.id)];
      if (a !== undefined && b !== undefined && isNear(a.values, b.values)) {
        near.push(pair);
      }
    }
  }
  return near;
}

async function likeness(deps: LeakDeps, kept: Placed, gone: Placed): Promise<number> {
  const found = await embeddingsOf(deps, [kept, gone]);
  const none = new Float32Array();
  const of = ({ id }: Placed): Float32Array => found.get(id)?.values ?? none;
  return cosineOf(of(kept), of(gone));
}

const tooMany = (): Fault =>
  new Fault('limited', `embeddings of more than ${maxLeakFloats} numbers would be compared`, {
    remedy: 'Narrow the data set, or set gates.leakCosine to null.',
  });
