import { Fault } from '@fieldloop/core';
import { annotatorSeenMs, goldShare, goldWindow } from '../annotation-limits.ts';
import { bit, type Db, type Row } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import type { OutboxKind } from '../store/outbox-kinds.ts';
import type { Annotator, AnnotatorState } from './annotator.ts';

export interface AnnotatorChange {
  readonly name?: string | undefined;
  readonly skills?: readonly string[] | undefined;
  readonly sites?: readonly string[] | undefined;
  readonly senior?: boolean | undefined;
  readonly goldShare?: number | undefined;
}

export const annotatorStore = (db: Db) => ({
  async get(id: string): Promise<Annotator | undefined> {
    const row = await db
      .selectFrom('annotator')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    return row && annotatorOfRow(row);
  },

  /** Fault `not_found`. */
  async demand(id: string): Promise<Annotator> {
    const found = await this.get(id);
    if (found !== undefined) return found;
    throw new Fault('not_found', `there is no annotator "${id.slice(0, 64)}"`, {
      remedy: 'Who takes a task first becomes one; `fieldloop annotators list` lists them.',
    });
  },

  /** Whoever takes a task is an annotator from then on. */
  async ensure(
    who: { readonly id: string; readonly name: string },
    at: number,
  ): Promise<Annotator> {
    const found = await this.get(who.id);
    if (found !== undefined) return found;
    await db
      .insertInto('annotator')
      .values({
        id: who.id,
        name: who.name,
        skills: '[]',
        sites: '[]',
        senior: 0,
        state: 'active',
        gold_share: goldShare,
        given: 0,
        gold_given: 0,
        good_at: at,
        judged_at: at,
        seen_at: at,
        created_at: at,
        updated_at: at,
        version: 1,
      })
      .execute();
    return await this.demand(who.id);
  },

  async change(known: Annotator, change: AnnotatorChange, at: number): Promise<Annotator> {
    const { name, skills, sites, senior } = change;
    await db
      .updateTable('annotator')
      .set({
        ...(name === undefined ? {} : { name }),
        ...(skills === undefined ? {} : { skills: JSON.stringify(skills) }),
        ...(sites === undefined ? {} : { sites: JSON.stringify(sites) }),
        ...(senior === undefined ? {} : { senior: bit(senior) }),
        ...(change.goldShare === undefined ? {} : { gold_share: change.goldShare }),
        updated_at: at,
        version: known.version + 1,
      })
      .where('id', '=', known.id)
      .execute();
    return await told(db, known.id, { kind: 'annotator.changed', at });
  },

  async pause(known: Annotator, reason: string, at: number): Promise<Annotator> {
    await setState(db, known, { state: 'paused', reason, at });
    return await told(db, known.id, { kind: 'annotator.paused', at, reason });
  },

  /** What they say from now on is a fresh start: nothing of before is held against them. */
  async resume(known: Annotator, at: number): Promise<Annotator> {
    await setState(db, known, { state: 'active', reason: null, at });
    await db
      .updateTable('annotator')
      .set({ good_at: at, judged_at: at })
      .where('id', '=', known.id)
      .execute();
    return await told(db, known.id, { kind: 'annotator.resumed', at });
  },

  /** Counts what they were given. */
  async countGiven(known: Annotator, isGold: boolean): Promise<Annotator> {
    const given = known.given + 1;
    const goldGiven = known.goldGiven + (isGold ? 1 : 0);
    await db
      .updateTable('annotator')
      .set({ given, gold_given: goldGiven })
      .where('id', '=', known.id)
      .execute();
    return { ...known, given, goldGiven };
  },

  /** They are at work: what others answered waits for them too. */
  async markSeen(known: Annotator, at: number): Promise<void> {
    if (at - known.seenAt < annotatorSeenMs) return;
    await db.updateTable('annotator').set({ seen_at: at }).where('id', '=', known.id).execute();
  },

  async markGood(id: string, at: number): Promise<void> {
    await db.updateTable('annotator').set({ good_at: at }).where('id', '=', id).execute();
  },

  /** Whether their last answers to gold questions that count were right, the last first. */
  async goldAnswers(known: Annotator): Promise<readonly boolean[]> {
    const rows = await db
      .selectFrom('gold_answer')
      .select('correct')
      .where('annotator_id', '=', known.id)
      .where('at', '>=', BigInt(known.judgedAt))
      .orderBy('n', 'desc')
      .limit(goldWindow)
      .execute();
    return rows.map(({ correct }) => correct === 1n);
  },
});

async function told(
  db: Db,
  id: string,
  of: { readonly kind: OutboxKind; readonly at: number; readonly reason?: string },
): Promise<Annotator> {
  const after = await annotatorStore(db).demand(id);
  const { kind, at, reason } = of;
  const body = { name: after.name, ...(reason === undefined ? {} : { reason }) };
  await putOutbox(db, { kind, subject: id, at, body });
  return after;
}

async function setState(
  db: Db,
  known: Annotator,
  to: { readonly state: AnnotatorState; readonly reason: string | null; readonly at: number },
): Promise<void> {
  await db
    .updateTable('annotator')
    .set({
      state: to.state,
      paused_reason: to.reason,
      updated_at: to.at,
      version: known.version + 1,
    })
    .where('id', '=', known.id)
    .execute();
}

export function annotatorOfRow(row: Row<'annotator'>): Annotator {
  return {
    id: row.id,
    name: row.name,
    skills: JSON.parse(row.skills) as string[],
    sites: JSON.parse(row.sites) as string[],
    senior: row.senior === 1n,
    state: row.state === 'paused' ? 'paused' : 'active',
    ...(row.paused_reason === null ? {} : { pausedReason: row.paused_reason }),
    goldShare: row.gold_share,
    given: Number(row.given),
    goldGiven: Number(row.gold_given),
    goodAt: Number(row.good_at),
    judgedAt: Number(row.judged_at),
    seenAt: Number(row.seen_at),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    version: Number(row.version),
  };
}
