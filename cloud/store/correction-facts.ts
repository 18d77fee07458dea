/** What clips, tasks and data sets know of an intervention. */
import type { Ids } from '@fieldloop/core';
import { ontologyStore } from '../annotation/ontology-store.ts';
import { contextOf, type Correction, type Phase, phaseNames } from '../correction/correction.ts';
import { correctionPullMs } from '../care-limits.ts';
import { chooseClip } from '../failure/failure.ts';
import { clipsNear } from '../failure/link.ts';
import { queueCommand } from './command-queue.ts';
import type { Db } from './db.ts';

interface Seen {
  readonly [key: string]: string | null;
  readonly clip: string | null;
  readonly sha256: string;
  readonly topic: string;
}

const bestOf = async (db: Db, of: Correction) =>
  chooseClip(contextOf(of), await clipsNear(db, of.deviceId, contextOf(of)));

/**
 * The clip whose bytes are here, or that there will be none; undefined while one may come. A clip
 * that is given up on the robot may be followed by another one until the time for it is over.
 */
export async function clipSeen(db: Db, of: Correction): Promise<Seen | undefined> {
  const choice = await bestOf(db, of);
  if (choice.link === 'unrecoverable') return { clip: null, sha256: '', topic: '' };
  if (choice.link !== 'linked' || choice.clip === undefined) return undefined;
  const row = await db
    .selectFrom('clip')
    .select(['id', 'sha256', 'manifest'])
    .where('id', '=', choice.clip)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { topics } = JSON.parse(row.manifest) as {
    readonly topics: readonly { readonly topic: string }[];
  };
  return { clip: row.id, sha256: row.sha256, topic: topics[0]?.topic ?? '' };
}

/** Asks the robot once for the clip that only it has. Run inside a transaction. */
export async function askForClip(
  trx: Db,
  of: Correction,
  how: { readonly ids: Pick<Ids, 'uuid'>; readonly at: number; readonly by: string },
): Promise<boolean> {
  const choice = await bestOf(trx, of);
  if (!choice.pull || choice.clip === undefined || of.command !== undefined) return false;
  const { id } = await queueCommand(trx, {
    deviceId: of.deviceId,
    kind: 'pull',
    input: { clip: choice.clip },
    expiresAt: how.at + correctionPullMs,
    by: how.by,
    ids: how.ids,
    at: how.at,
  });
  await trx
    .updateTable('correction')
    .set({ command_id: id, clip_id: choice.clip, updated_at: how.at, version: of.version + 1 })
    .where('id', '=', of.id)
    .execute();
  return true;
}

/** Hash of the ontology of the four phases. */
export async function phaseOntology(
  trx: Db,
  how: { readonly by: string; readonly at: number },
): Promise<string> {
  const says: Readonly<Record<string, string>> = {
    before: 'The robot drives by itself.',
    takeover: 'A person takes the command.',
    correction: 'A person drives.',
    handback: 'The robot has the command again.',
  };
  const classes = phaseNames.map((name) => ({ name, says: says[name] ?? '' }));
  const document = { name: 'correction-phases', classes };
  const { ontology } = await ontologyStore(trx).save(document, how);
  return ontology.sha256;
}

/** The phases that people agreed on; undefined when they did not. */
export async function labelledPhases(db: Db, batch: string): Promise<readonly Phase[] | undefined> {
  const row = await db
    .selectFrom('label')
    .innerJoin('task', 'task.id', 'label.task_id')
    .select('label.body')
    .where('task.batch', '=', batch)
    .where('label.superseded_by', 'is', null)
    .orderBy('label.created_at', 'desc')
    .orderBy('label.id', 'desc')
    .limit(1)
    .executeTakeFirst();
  const { segments = [] } = (row === undefined ? {} : JSON.parse(row.body)) as {
    readonly segments?: readonly {
      readonly class: string;
      readonly startNs: string;
      readonly endNs: string;
    }[];
  };
  const phases = segments.flatMap(({ class: name, startNs, endNs }): Phase[] => {
    const known = phaseNames.find((one) => one === name);
    return known === undefined
      ? []
      : [{ name: known, startNs: BigInt(startNs), endNs: BigInt(endNs) }];
  });
  return phases.length === 0 ? undefined : phases;
}

/** What people are asked about clips of this robot: the newest such task says it. */
export async function sameTasks(
  db: Db,
  of: Pick<Correction, 'deviceId'>,
): Promise<
  | { readonly type: 'classification'; readonly topic: string; readonly ontologySha256: string }
  | undefined
> {
  const rows = db
    .selectFrom('task')
    .select(['topic', 'ontology_sha256'])
    .where('type', '=', 'classification')
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1);
  const row =
    (await rows.where('device_id', '=', of.deviceId).executeTakeFirst()) ??
    (await rows.executeTakeFirst());
  if (row === undefined) return undefined;
  return { type: 'classification', topic: row.topic, ontologySha256: row.ontology_sha256 };
}

/** The first version that people may train on with this clip, and an evaluation on it. */
export async function fedBy(
  db: Db,
  of: Pick<Correction, 'clip' | 'createdAt'>,
): Promise<
  { readonly kind: 'fed'; readonly version: string; readonly evaluation: string } | undefined
> {
  if (of.clip === undefined) return undefined;
  const versions = await db
    .selectFrom('dataset_item')
    .innerJoin('dataset_version', 'dataset_version.id', 'dataset_item.version_id')
    .select(['dataset_version.id', 'dataset_version.created_at'])
    .distinct()
    .where('dataset_item.clip_id', '=', of.clip)
    .where('dataset_version.state', '=', 'ready')
    .where('dataset_version.created_at', '>=', BigInt(of.createdAt))
    .orderBy('dataset_version.created_at')
    .orderBy('dataset_version.id')
    .execute();
  for (const { id } of versions) {
    const row = await db
      .selectFrom('evaluation')
      .innerJoin('model_version', 'model_version.id', 'evaluation.model_version_id')
      .select('evaluation.id')
      .where((is) =>
        is.or([
          is('evaluation.dataset_version_id', '=', id),
          is('model_version.dataset_version_id', '=', id),
        ]),
      )
      .orderBy('evaluation.created_at')
      .orderBy('evaluation.id')
      .limit(1)
      .executeTakeFirst();
    if (row !== undefined) return { kind: 'fed', version: id, evaluation: row.id };
  }
  return undefined;
}
