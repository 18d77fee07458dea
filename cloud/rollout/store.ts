/** Rows of rollouts: every change of state is one compare-and-set with its decision beside it. */
import { canonicalJson, Fault, type Json, sha256Hex } from '@fieldloop/core';
import { bit, type Db } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import type { OutboxKind } from '../store/outbox-kinds.ts';
import type { RolloutPlan } from './document.ts';
import { noEvidence } from './judge.ts';
import type { FrozenRow } from './plan.ts';
import {
  type Answer,
  type Rollout,
  type RolloutPhase,
  type RolloutState,
  type Target,
} from './rollout.ts';
import { rolloutFromRow, targetFromRow } from './rows.ts';

export interface NewRollout {
  readonly id: string;
  readonly releaseId: string;
  readonly releaseDigest: string;
  readonly plan: RolloutPlan;
  readonly planDigest: string;
  readonly rows: readonly FrozenRow[];
  readonly urgency: 'normal' | 'emergency';
  readonly by: string;
  readonly person?: string | undefined;
  readonly at: number;
}

export interface RolloutChange {
  readonly state: RolloutState;
  readonly stage?: number | undefined;
  readonly phase?: RolloutPhase | undefined;
  readonly stageAt?: number | undefined;
  readonly bakeAt?: number | null | undefined;
  readonly haltRequested?: boolean | undefined;
  readonly reason?: string | null | undefined;
  readonly answers?: readonly Answer[] | undefined;
  readonly startedAt?: number | undefined;
  readonly endedAt?: number | undefined;
  /** Its run is over: another one takes it up. */
  readonly isAnew?: boolean | undefined;
  /** Fails unless nobody asked for a halt meanwhile. */
  readonly unlessHalted?: boolean | undefined;
}

export interface DecisionNote {
  readonly rule: string;
  readonly action: string;
  readonly inputs: Json;
  readonly actor: string;
  readonly reason?: string | undefined;
  readonly at: number;
  readonly told?: Extract<OutboxKind, `rollout.${string}`> | undefined;
}

export interface DecisionRow {
  readonly seq: number;
  readonly from: RolloutState;
  readonly to: RolloutState;
  readonly rule: string;
  readonly action: string;
  readonly inputs: Json;
  readonly inputsDigest: string;
  readonly actor: string;
  readonly reason?: string;
  readonly at: number;
}

const rollouts = (db: Db) =>
  db
    .selectFrom('rollout')
    .innerJoin('release', 'release.id', 'rollout.release_id')
    .selectAll('rollout')
    .select(['release.name as name', 'release.semver as semver']);

export const rolloutRows = rollouts;

const rowsTogether = 100;

export const rolloutStore = (db: Db) => ({
  async create(made: NewRollout): Promise<Rollout> {
    const { id, at, plan, planDigest } = made;
    await db
      .insertInto('rollout')
      .values({
        id,
        release_id: made.releaseId,
        release_digest: made.releaseDigest,
        plan: canonicalJson(plan),
        plan_digest: planDigest,
        urgency: made.urgency,
        state: 'waiting_approval',
        stage: -1,
        phase: 'none',
        stage_at: at,
        halt_requested: 0,
        answers: '[]',
        evidence: JSON.stringify(noEvidence),
        judged_n: 0,
        judged_at: 0,
        created_by: made.by,
        created_person: made.person ?? null,
        created_at: at,
        updated_at: at,
        version: 1,
      })
      .execute();
    await this.addTargets(id, made.rows, at);
    const rollout = await this.get(id);
    const body = { release: rollout.release, planDigest };
    await putOutbox(db, { kind: 'rollout.planned', subject: id, at, body });
    return rollout;
  },

  async addTargets(id: string, targets: readonly FrozenRow[], at: number): Promise<void> {
    for (let from = 0; from < targets.length; from += rowsTogether) {
      const rows = targets.slice(from, from + rowsTogether).map((row) => targetRow(id, row, at));
      await db.insertInto('rollout_target').values(rows).execute();
    }
  },

  async find(id: string): Promise<Rollout | undefined> {
    const row = await rollouts(db).where('rollout.id', '=', id).executeTakeFirst();
    return row && rolloutFromRow(row);
  },

  /** Fault `not_found` with what to do. */
  async get(id: string): Promise<Rollout> {
    const found = await this.find(id);
    if (found !== undefined) return found;
    throw new Fault('not_found', `there is no rollout "${id.slice(0, 64)}"`, {
      remedy: 'List them with `fieldloop rollouts list`.',
    });
  },

  /** Those that still do something, the oldest first. */
  async inStates(states: readonly RolloutState[]): Promise<readonly Rollout[]> {
    const rows = await rollouts(db)
      .where('rollout.state', 'in', states)
      .orderBy('rollout.id')
      .execute();
    return rows.map(rolloutFromRow);
  },

  /** Completed ones that some devices were away from. */
  async unfinished(): Promise<readonly Rollout[]> {
    const rows = await rollouts(db)
      .where('rollout.state', '=', 'completed')
      .where('rollout.id', 'in', (from) =>
        from
          .selectFrom('rollout_target')
          .select('rollout_target.rollout_id')
          .where('rollout_target.arm', '<>', 'excluded')
          .where('rollout_target.state', 'in', ['eligible', 'offered', 'in_progress']),
      )
      .orderBy('rollout.id')
      .execute();
    return rows.map(rolloutFromRow);
  },

  /**
   * Writes a decision and the change that it makes; undefined when the rollout moved on since it
   * was read, or a halt came first: then the decision is void.
   */
  async decided(of: Rollout, to: RolloutChange, note: DecisionNote): Promise<Rollout | undefined> {
    let update = db
      .updateTable('rollout')
      .set({
        state: to.state,
        ...(to.stage === undefined ? {} : { stage: to.stage }),
        ...(to.phase === undefined ? {} : { phase: to.phase }),
        ...(to.stageAt === undefined ? {} : { stage_at: to.stageAt }),
        ...(to.bakeAt === undefined ? {} : { bake_at: to.bakeAt }),
        ...(to.haltRequested === undefined ? {} : { halt_requested: bit(to.haltRequested) }),
        ...(to.reason === undefined ? {} : { reason: to.reason }),
        ...(to.answers === undefined ? {} : { answers: JSON.stringify(to.answers) }),
        ...(to.startedAt === undefined ? {} : { started_at: to.startedAt }),
        ...(to.endedAt === undefined ? {} : { ended_at: to.endedAt }),
        ...(to.isAnew === true ? { run_id: null } : {}),
        updated_at: note.at,
        version: of.version + 1,
      })
      .where('id', '=', of.id)
      .where('version', '=', BigInt(of.version));
    if (to.unlessHalted === true) update = update.where('halt_requested', '=', 0n);
    const done = await update.executeTakeFirst();
    if (done.numUpdatedRows !== 1n) return undefined;
    await this.note(of, to.state, note);
    const changed = await this.get(of.id);
    if (note.told !== undefined) await tell(db, changed, { ...note, kind: note.told });
    return changed;
  },

  /** A decision that changes rows of devices alone, or nothing but what is on record. */
  async note(of: Rollout, to: RolloutState, note: DecisionNote): Promise<void> {
    const last = await db
      .selectFrom('rollout_decision')
      .select('seq')
      .where('rollout_id', '=', of.id)
      .orderBy('seq', 'desc')
      .limit(1)
      .executeTakeFirst();
    const inputs = canonicalJson(note.inputs);
    await db
      .insertInto('rollout_decision')
      .values({
        rollout_id: of.id,
        seq: Number(last?.seq ?? 0n) + 1,
        from_state: of.state,
        to_state: to,
        rule: note.rule,
        action: note.action,
        inputs,
        inputs_digest: sha256Hex(inputs),
        actor: note.actor,
        reason: note.reason ?? null,
        at: note.at,
      })
      .execute();
  },

  async decisions(
    id: string,
    page: { readonly after?: number | undefined; readonly limit: number },
  ): Promise<readonly DecisionRow[]> {
    const rows = await db
      .selectFrom('rollout_decision')
      .selectAll()
      .where('rollout_id', '=', id)
      .where('seq', '>', BigInt(page.after ?? 0))
      .orderBy('seq')
      .limit(page.limit)
      .execute();
    return rows.map((row) => ({
      seq: Number(row.seq),
      from: row.from_state as RolloutState,
      to: row.to_state as RolloutState,
      rule: row.rule,
      action: row.action,
      inputs: JSON.parse(row.inputs) as Json,
      inputsDigest: row.inputs_digest,
      actor: row.actor,
      ...(row.reason === null ? {} : { reason: row.reason }),
      at: Number(row.at),
    }));
  },

  /** In the order of devices' ids. */
  async targets(
    id: string,
    page: { readonly after?: string | undefined; readonly limit?: number } = {},
  ): Promise<readonly Target[]> {
    let rows = db
      .selectFrom('rollout_target')
      .selectAll()
      .where('rollout_id', '=', id)
      .orderBy('device_id');
    if (page.after !== undefined) rows = rows.where('device_id', '>', page.after);
    if (page.limit !== undefined) rows = rows.limit(page.limit);
    return (await rows.execute()).map(targetFromRow);
  },

  /** False when the row moved on since it was read. */
  async moveTarget(target: Target, to: TargetChange, at: number): Promise<boolean> {
    const done = await db
      .updateTable('rollout_target')
      .set({
        ...(to.state === undefined ? {} : { state: to.state, changed_at: at }),
        ...(to.role === undefined ? {} : { role: to.role }),
        ...(to.attempt === undefined ? {} : { attempt: to.attempt }),
        ...(to.offeredAt === undefined ? {} : { offered_at: to.offeredAt }),
        ...(to.activatedAt === undefined ? {} : { activated_at: to.activatedAt }),
        ...(to.reportAt === undefined ? {} : { report_at: to.reportAt }),
        ...(to.fault === undefined ? {} : { fault: JSON.stringify(to.fault) }),
        ...(to.told === undefined ? {} : { told: JSON.stringify(to.told) }),
        version: target.version + 1,
      })
      .where('rollout_id', '=', target.rolloutId)
      .where('device_id', '=', target.deviceId)
      .where('version', '=', BigInt(target.version))
      .executeTakeFirst();
    return done.numUpdatedRows === 1n;
  },

  async setRun(id: string, run: string): Promise<void> {
    await db.updateTable('rollout').set({ run_id: run }).where('id', '=', id).execute();
  },
});

export interface TargetChange {
  readonly state?: Target['state'] | undefined;
  readonly role?: Target['role'] | undefined;
  readonly attempt?: number | undefined;
  readonly offeredAt?: number | undefined;
  readonly activatedAt?: number | null | undefined;
  readonly reportAt?: number | undefined;
  readonly fault?: Target['fault'] | undefined;
  readonly told?: Target['told'] | undefined;
}

const targetRow = (rollout: string, row: FrozenRow, at: number) => ({
  rollout_id: rollout,
  device_id: row.deviceId,
  device: row.device,
  site: row.site,
  stratum: row.stratum,
  arm: row.arm,
  stage: row.stage,
  shadow: bit(row.shadow),
  position: row.position,
  why: row.why ?? null,
  offsets: canonicalJson(row.offsets),
  state: 'frozen',
  role: 'none',
  attempt: 0,
  changed_at: at,
  report_at: 0,
  told: '{}',
  version: 1,
});

/** Tells of a step in a rollout's life. */
export async function tell(
  db: Db,
  rollout: Rollout,
  about: {
    readonly kind: Extract<OutboxKind, `rollout.${string}`>;
    readonly at: number;
    readonly reason?: string | undefined;
    readonly device?: string | undefined;
    readonly state?: string | undefined;
  },
): Promise<void> {
  const { kind, at, reason, device, state } = about;
  const stage = rollout.plan.stages[rollout.stage]?.name;
  await putOutbox(db, {
    kind,
    subject: rollout.id,
    at,
    body: {
      release: rollout.release,
      ...(stage === undefined ? {} : { stage }),
      ...(reason === undefined ? {} : { reason }),
      ...(device === undefined ? {} : { device }),
      ...(state === undefined ? {} : { state }),
    },
  });
}
