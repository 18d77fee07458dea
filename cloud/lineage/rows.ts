/** One link of the chain as its table has it. */
import type { Db } from '../store/db.ts';
import { datasetVersionRef } from '../store/lineage-ref.ts';
import { decisionOf, kindOfId, type LineageNode, type NodeKind, unknownLink } from './lineage.ts';

type Found = Pick<LineageNode, 'id' | 'title' | 'sha256' | 'at'>;

/** Fault `not_found`. */
export async function demandNode(db: Db, id: string): Promise<LineageNode> {
  const kind = kindOfId(id);
  const found = await readers[kind](db, id);
  if (found === undefined) throw unknownLink(id);
  return { kind, ...found, more: 0, check: 'unchecked' };
}

const readers: Readonly<Record<NodeKind, (db: Db, id: string) => Promise<Found | undefined>>> = {
  async clip(db, id) {
    const row = await db
      .selectFrom('clip')
      .innerJoin('device', 'device.id', 'clip.device_id')
      .select(['clip.id', 'clip.sha256', 'clip.state', 'clip.received_at', 'device.name'])
      .where('clip.id', '=', id)
      .executeTakeFirst();
    return (
      row && {
        id,
        title: `clip of ${row.name}, ${row.state}`,
        sha256: row.sha256,
        at: Number(row.received_at),
      }
    );
  },
  async failure(db, id) {
    const row = await db
      .selectFrom('failure')
      .select(['kind', 'state', 'created_at'])
      .where('id', '=', id)
      .executeTakeFirst();
    return row && { id, title: `failure ${row.kind}, ${row.state}`, at: Number(row.created_at) };
  },
  async unit(db, id) {
    const row = await db
      .selectFrom('triage_unit')
      .select(['predicted', 'model_id', 'population', 'created_at'])
      .where('id', '=', id)
      .executeTakeFirst();
    const said = row && `${row.population}: ${row.model_id} said ${row.predicted}`;
    return row && { id, title: said ?? '', at: Number(row.created_at) };
  },
  async choice(db, id) {
    const row = await db
      .selectFrom('triage_choice')
      .select(['lane', 'scorer', 'propensity', 'created_at'])
      .where('id', '=', id)
      .executeTakeFirst();
    const title = row && `${row.lane} by ${row.scorer}, propensity ${row.propensity}`;
    return row && { id, title: title ?? '', at: Number(row.created_at) };
  },
  async task(db, id) {
    const row = await db
      .selectFrom('task')
      .select(['type', 'state', 'people', 'created_at'])
      .where('id', '=', id)
      .executeTakeFirst();
    const title = row && `${row.type}, ${row.state} by ${row.people}`;
    return row && { id, title: title ?? '', at: Number(row.created_at) };
  },
  async label(db, id) {
    const row = await db
      .selectFrom('label')
      .select(['class', 'type', 'method', 'sha256', 'created_at'])
      .where('id', '=', id)
      .executeTakeFirst();
    return (
      row && {
        id,
        title: `${row.class ?? row.type} by ${row.method}`,
        sha256: row.sha256,
        at: Number(row.created_at),
      }
    );
  },
  async dataset_version(db, id) {
    const row = await datasetVersionRef(db, id);
    return (
      row && {
        id: row.id,
        title: `${row.dataset ?? ''} version ${row.n}, ${row.items} items, ${row.state}`,
        sha256: row.id,
        at: Number(row.created_at),
      }
    );
  },
  async training(db, id) {
    const row = await db
      .selectFrom('training')
      .select(['model', 'state', 'job_key', 'created_at'])
      .where('id', '=', id)
      .executeTakeFirst();
    return (
      row && {
        id,
        title: `${row.model}, ${row.state}`,
        sha256: row.job_key,
        at: Number(row.created_at),
      }
    );
  },
  async model_version(db, id) {
    const row = await db
      .selectFrom('model_version')
      .select(['model', 'version', 'onnx_sha256', 'created_at'])
      .where('id', '=', id)
      .executeTakeFirst();
    return (
      row && {
        id,
        title: `${row.model} version ${row.version}`,
        sha256: row.onnx_sha256,
        at: Number(row.created_at),
      }
    );
  },
  async evaluation(db, id) {
    const row = await db
      .selectFrom('evaluation')
      .select(['outcome', 'sha256', 'created_at'])
      .where('id', '=', id)
      .executeTakeFirst();
    return row && { id, title: row.outcome, sha256: row.sha256, at: Number(row.created_at) };
  },
  async release(db, id) {
    const row = await db
      .selectFrom('release')
      .select(['name', 'semver', 'state', 'digest', 'created_at'])
      .where('id', '=', id)
      .executeTakeFirst();
    return (
      row && {
        id,
        title: `${row.name} ${row.semver}, ${row.state}`,
        sha256: row.digest,
        at: Number(row.created_at),
      }
    );
  },
  async rollout(db, id) {
    const row = await db
      .selectFrom('rollout')
      .select(['state', 'plan_digest', 'created_at'])
      .where('id', '=', id)
      .executeTakeFirst();
    return row && { id, title: row.state, sha256: row.plan_digest, at: Number(row.created_at) };
  },
  async rollout_decision(db, id) {
    const { rollout, seq } = decisionOf(id);
    const row = await db
      .selectFrom('rollout_decision')
      .select(['rule', 'action', 'to_state', 'inputs_digest', 'at'])
      .where('rollout_id', '=', rollout)
      .where('seq', '=', seq)
      .executeTakeFirst();
    return (
      row && {
        id,
        title: `${row.action} by ${row.rule}: ${row.to_state}`,
        sha256: row.inputs_digest,
        at: Number(row.at),
      }
    );
  },
};
