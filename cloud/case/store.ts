import { canonicalJson, type Json, sha256Hex } from '@fieldloop/core';
import { caseAckMs, promoteWindowMs } from '../care-limits.ts';
import { caseHealth } from '../store/case-facts.ts';
import {
  type By,
  caseRows,
  changeCase,
  demandCase,
  putCaseStep,
  tellCase,
} from '../store/case-queue.ts';
import type { Db } from '../store/db.ts';
import { holdDevice, liftHold } from '../store/device-hold.ts';
import { putOutbox } from '../store/outbox.ts';
import { regionsOfDevices } from '../store/regions.ts';
import {
  type Case,
  type CaseState,
  type CaseStep,
  checkCaseStep,
  type CloseCode,
  isEnded,
  type PatternCase,
  type Proposal,
  proposalOf,
  routeOf,
  soaked,
  stateOfCode,
} from './case.ts';
import { listQueues } from './queue-store.ts';

export interface Evidence {
  readonly name: string;
  readonly sha256: string;
  readonly body: Json;
  readonly at: number;
}

export interface Closing {
  readonly code: CloseCode;
  readonly cause: string;
  readonly proof?: string | undefined;
}

/** Each function runs inside the caller's transaction when it writes. */
export const caseStore = (db: Db) => ({
  demand: async (id: string): Promise<Case> => await demandCase(db, id),

  async history(
    id: string,
    page: { readonly after: number; readonly limit: number },
  ): Promise<readonly CaseStep[]> {
    const rows = await db
      .selectFrom('case_step')
      .selectAll()
      .where('case_id', '=', id)
      .where('n', '>', BigInt(page.after))
      .orderBy('n')
      .limit(page.limit)
      .execute();
    return rows.map((row) => ({
      n: Number(row.n),
      at: Number(row.at),
      actor: row.actor,
      action: row.action,
      state: row.state as CaseState,
      ...(row.text === null ? {} : { text: row.text }),
      detail: JSON.parse(row.detail) as Record<string, Json>,
    }));
  },

  async evidence(id: string): Promise<readonly Evidence[]> {
    const rows = await db
      .selectFrom('case_evidence')
      .selectAll()
      .where('case_id', '=', id)
      .orderBy('name')
      .execute();
    return rows.map(({ name, sha256, body, at }) => ({
      name,
      sha256,
      body: JSON.parse(body) as Json,
      at: Number(at),
    }));
  },

  /** Kept under its name with its digest; the newest counts. */
  async attach(
    id: string,
    { name, body }: { readonly name: string; readonly body: Json },
    { at, by }: By,
  ): Promise<string> {
    const text = canonicalJson(body);
    const sha256 = sha256Hex(text);
    const row = { sha256, body: text, at };
    await db
      .insertInto('case_evidence')
      .values({ case_id: id, name, ...row })
      .onConflict((conflict) => conflict.columns(['case_id', 'name']).doUpdateSet(row))
      .execute();
    const detail = { name, sha256 };
    await putCaseStep(db, id, { action: 'attach', actor: by, at, text: name, detail });
    return sha256;
  },

  /** The run that takes care of it; false when another one does. */
  async claim(id: string, run: string, { at }: Pick<By, 'at'>): Promise<boolean> {
    const known = await demandCase(db, id);
    if (known.run !== undefined || isEnded(known.state)) return known.run === run;
    await db
      .updateTable('maintenance_case')
      .set({ run_id: run, updated_at: at, version: known.version + 1 })
      .where('id', '=', id)
      .execute();
    return true;
  },

  async hold(id: string, { at, by }: By): Promise<boolean> {
    const known = await demandCase(db, id);
    const { deviceId, kind } = known;
    const reason = `case ${kind}`;
    const isNew = await holdDevice(db, { deviceId, caseId: id, reason, heldAt: at });
    if (isNew) await putCaseStep(db, id, { action: 'hold', actor: by, at, text: known.device });
    if (isNew) await tellCase(db, id, { kind: 'case.held', at });
    return isNew;
  },

  /** Only a person lifts a hold: with the end of the case, or before it. */
  async lift(id: string, { at, by }: By): Promise<boolean> {
    const done = await liftHold(db, id, { by, at });
    if (done) await putCaseStep(db, id, { action: 'return', actor: by, at });
    if (done) await tellCase(db, id, { kind: 'case.returned', at });
    return done;
  },

  /** To the queue for its kind and region, and the person there with the least to do. */
  async route(id: string, how: By): Promise<Case> {
    const known = await demandCase(db, id);
    const region = (await regionsOfDevices(db, [known.deviceId])).get(known.deviceId);
    const route = routeOf({ kind: known.kind, region }, await listQueues(db), await load(db));
    const { queue, skill, assignee } = route;
    const detail = { ...route, ...(region === undefined ? {} : { region }) };
    return await changeCase(db, known, {
      step: { action: 'route', actor: how.by, at: how.at, text: queue ?? 'nobody', detail },
      told: 'case.routed',
      set: {
        queue: queue ?? null,
        skill: skill ?? null,
        region: region ?? null,
        assignee: known.assignee ?? assignee ?? null,
        due_at: how.at + caseAckMs[known.severity],
      },
    });
  },

  /** Once; who took it first stays. */
  async acknowledge(id: string, how: By & { readonly tier?: number }): Promise<Case> {
    const known = await demandCase(db, id);
    if (known.state !== 'open') return known;
    const { at, by, tier } = how;
    return await changeCase(db, known, {
      step: { action: 'acknowledge', actor: by, at },
      state: 'acknowledged',
      told: 'case.acknowledged',
      set: {
        acknowledged_by: by,
        acknowledged_at: at,
        due_at: null,
        assignee: known.assignee ?? by,
        ...(tier === undefined ? {} : { tier }),
      },
    });
  },

  async note(id: string, text: string, { at, by }: By): Promise<Case> {
    const known = await demandCase(db, id);
    return await changeCase(db, known, { step: { action: 'note', actor: by, at, text } });
  },

  async assign(id: string, person: string | undefined, how: By): Promise<Case> {
    const known = await demandCase(db, id);
    const detail = { to: person ?? null };
    return await changeCase(db, known, {
      step: { action: 'assign', actor: how.by, at: how.at, text: person ?? 'nobody', detail },
      told: 'case.assigned',
      set: { assignee: person ?? null },
    });
  },

  /**
   * Looks at what the robot reports. Good reports have to last; a bad one begins anew, and takes
   * the proof back when there was one.
   */
  async look(id: string, how: By): Promise<Case> {
    const known = await demandCase(db, id);
    if (isEnded(known.state)) return known;
    const { at, by } = how;
    const health = await caseHealth(db, known, at);
    const { healthySince, verified } = soaked(known, health.healthy, at);
    const isVerified = known.state === 'verified';
    if (verified === isVerified && healthySince === known.healthySince) return known;
    const detail = { missing: [...health.missing], digests: { ...health.digests } };
    const action = verified ? 'verify' : healthySince === undefined ? 'unwell' : 'well';
    const state = verified ? 'verified' : isVerified ? 'acknowledged' : undefined;
    return await changeCase(db, known, {
      step: { action, actor: by, at, text: health.missing.join('; '), detail },
      state: state === known.state ? undefined : state,
      told: verified ? 'case.verified' : 'case.changed',
      set: {
        healthy_since: healthySince ?? null,
        verified_at: verified ? at : null,
      },
    });
  },

  /** Fault `conflict` for a repair whose robot has not yet reported well for long enough. */
  async close(id: string, { code, cause, proof }: Closing, { at, by }: By): Promise<Case> {
    const known = await demandCase(db, id);
    const state = stateOfCode(code);
    if (known.state === state && known.code === code) return known;
    checkCaseStep(known.state, state);
    return await changeCase(db, known, {
      step: { action: 'close', actor: by, at, text: cause, detail: { code, proof: proof ?? '' } },
      state,
      told: 'case.closed',
      set: {
        code,
        cause,
        ...(proof === undefined ? {} : { proof }),
        closed_by: by,
        closed_at: at,
        due_at: null,
      },
    });
  },

  /** What the cases of its kind ask for together, written down once in the window. */
  async promote(id: string, { at }: Pick<By, 'at'>): Promise<KeptProposal | undefined> {
    const { kind } = await demandCase(db, id);
    const since = BigInt(at - promoteWindowMs);
    const known = await db
      .selectFrom('case_proposal')
      .selectAll()
      .where('kind', '=', kind)
      .where('created_at', '>=', since)
      .limit(1)
      .executeTakeFirst();
    if (known !== undefined) return undefined;
    const cases = await ofKind(db, kind, since);
    const proposal = proposalOf(cases);
    if (proposal === undefined) return undefined;
    return await keepProposal(db, { kind, cases, proposal, at });
  },
});

export interface KeptProposal {
  readonly id: string;
  readonly kind: string;
  readonly proposal: string;
  readonly subject?: string;
}

async function keepProposal(
  db: Db,
  of: {
    readonly kind: string;
    readonly cases: readonly PatternCase[];
    readonly proposal: Proposal;
    readonly at: number;
  },
): Promise<KeptProposal> {
  const { kind, cases, proposal, at } = of;
  const subject = proposal.proposal === 'withdraw' ? proposal.subject : undefined;
  const first = cases[0]?.id ?? '';
  const id = `cpr_${first.slice(4)}`;
  const real = cases.filter(({ state }) => state !== 'not_a_fault');
  const devices = new Set(real.map(({ deviceId }) => deviceId)).size;
  await db
    .insertInto('case_proposal')
    .values({
      id,
      kind,
      proposal: proposal.proposal,
      subject: subject ?? null,
      cases: canonicalJson(real.map((one) => one.id)),
      device_count: devices,
      created_at: at,
    })
    .execute();
  await putOutbox(db, {
    kind: 'case.promoted',
    subject: id,
    at,
    body: { kind, proposal: proposal.proposal, cases: real.length, devices },
  });
  return {
    id,
    kind,
    proposal: proposal.proposal,
    ...(subject === undefined ? {} : { subject }),
  };
}

/** Newest first, so that the id of the newest names the proposal. */
async function ofKind(db: Db, kind: string, since: bigint): Promise<readonly PatternCase[]> {
  const rows = await db
    .selectFrom('maintenance_case')
    .select(['id', 'device_id', 'rollout_id', 'clip_id', 'state'])
    .where('kind', '=', kind)
    .where('created_at', '>=', since)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(500)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    deviceId: row.device_id,
    state: row.state as CaseState,
    ...(row.rollout_id === null ? {} : { rollout: row.rollout_id }),
    ...(row.clip_id === null ? {} : { clip: row.clip_id }),
  }));
}

/** Live cases by the person they are assigned to. */
async function load(db: Db): Promise<Readonly<Record<string, number>>> {
  const rows = await caseRows(db)
    .where('maintenance_case.state', 'in', ['open', 'acknowledged', 'verified'])
    .where('maintenance_case.assignee', 'is not', null)
    .execute();
  const counts: Record<string, number> = {};
  for (const { assignee } of rows) counts[assignee ?? ''] = (counts[assignee ?? ''] ?? 0) + 1;
  return counts;
}
