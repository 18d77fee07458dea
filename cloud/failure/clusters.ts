/**
 * The worker's part that puts near-equal failures together: the same kind, the same done and the
 * same wanted, and embeddings as alike as .9. People work on clusters, and trainings are judged by
 * them.
 */
import type { Ids } from '@fieldloop/core';
import { cosineOf } from '@fieldloop/learning';
import type { Db } from '../store/db.ts';
import { openLoop, type WorkerDeps } from '../store/work.ts';
import { clusterCosine, clusterEveryMs, clusterFailures } from '../triage-limits.ts';
import { type Failure, overStates } from './failure.ts';
import { failureOfRow, failureRows, failureStore } from './store.ts';

/** Opens the part; disposing it leaves nothing running. */
export function openFailureClusters(
  deps: Pick<WorkerDeps, 'read' | 'write' | 'clock' | 'ids' | 'log'>,
): AsyncDisposable {
  const seen = new Map<string, number>();
  return openLoop(deps, { name: 'failure clusters', everyMs: clusterEveryMs }, async () => {
    await cluster(deps, seen);
  });
}

/** `seen`: version of each failure when it was last compared; it is compared again once changed. */
export async function cluster(
  deps: Pick<WorkerDeps, 'read' | 'write' | 'clock'> & { readonly ids: Pick<Ids, 'ulid'> },
  seen: Map<string, number>,
): Promise<void> {
  const { read, write, clock, ids } = deps;
  const rows = await failureRows(read)
    .where('failure.link', '=', 'linked')
    .where('failure.state', 'not in', overStates)
    .orderBy('failure.created_at', 'desc')
    .orderBy('failure.id', 'desc')
    .limit(clusterFailures)
    .execute();
  const failures = rows.map(failureOfRow).toReversed();
  const isDue = ({ id, version, cluster: own }: Failure): boolean =>
    own === undefined && seen.get(id) !== version;
  if (!failures.some(isDue)) return;
  const points: Point[] = [];
  for (const failure of failures) {
    const embedding = await embeddingOf(read, failure);
    if (embedding === undefined) continue;
    const point = { id: failure.id, key: keyOf(failure), embedding, cluster: failure.cluster };
    if (isDue(failure)) {
      const near = nearest(point, points);
      seen.set(failure.id, failure.version);
      if (near !== undefined) {
        const name = near.cluster ?? ids.ulid('clu');
        const joined = near.cluster === undefined ? [near, point] : [point];
        await write.transaction().execute(async (trx) => {
          for (const one of joined) await join(trx, one.id, { name, at: clock.now() });
        });
        near.cluster = name;
        point.cluster = name;
      }
    }
    points.push(point);
  }
}

interface Point {
  readonly id: string;
  readonly key: string;
  readonly embedding: Float32Array;
  cluster: string | undefined;
}

const keyOf = ({ kind, did, shouldHaveDone }: Failure): string =>
  JSON.stringify([kind, did?.signal, did?.value, shouldHaveDone?.label]);

function nearest(point: Point, others: readonly Point[]): Point | undefined {
  let best: Point | undefined;
  let most = clusterCosine;
  for (const other of others) {
    if (other.key !== point.key) continue;
    const alike = cosineOf(point.embedding, other.embedding);
    if (alike < most) continue;
    best = other;
    most = alike;
  }
  return best;
}

/** Of the frame nearest to the beginning of the failure, when a model gave one. */
async function embeddingOf(db: Db, failure: Failure): Promise<Float32Array | undefined> {
  const rows = await db
    .selectFrom('triage_unit')
    .select(['at_ns', 'embedding'])
    .where('clip_id', '=', failure.clip ?? '')
    .where('grain', '=', 'frame')
    .where('embedding', 'is not', null)
    .execute();
  const away = ({ at_ns: at }: { readonly at_ns: bigint }): bigint =>
    at > failure.startNs ? at - failure.startNs : failure.startNs - at;
  const [best] = rows.toSorted((a, b) => (away(a) < away(b) ? -1 : away(a) > away(b) ? 1 : 0));
  if (best?.embedding === null || best === undefined) return undefined;
  const bytes = Buffer.from(best.embedding, 'base64');
  return Float32Array.from({ length: bytes.length >> 2 }, (_, i) => bytes.readFloatLE(i * 4));
}

async function join(
  trx: Db,
  id: string,
  { name, at }: { readonly name: string; readonly at: number },
): Promise<void> {
  const found = await failureStore(trx).get(id);
  if (found === undefined || found.cluster !== undefined) return;
  const step = { action: 'update', actor: 'system', at, detail: { cluster: name } };
  await failureStore(trx).step(
    found,
    { ...step, why: 'it is near-equal to others' },
    { cluster: name },
  );
}
