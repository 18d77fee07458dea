/**
 * The worker's part that makes units: it reads the scores inside each stored clip, once. What waits
 * is a row, so that a kill loses nothing; what cannot be read says why.
 */
import { asFault, type Json } from '@fieldloop/core';
import { openRecordings, type Recordings } from '../blob/recordings/pool.ts';
import type { Db } from '../store/db.ts';
import { sql } from '../store/kysely.ts';
import { keepPlace, openPlace } from '../store/place.ts';
import { propertiesAt } from '../store/properties.ts';
import { openTail } from '../store/tail.ts';
import { openLoop, type WorkerDeps } from '../store/work.ts';
import {
  intakeAttempts,
  intakeBatch,
  intakeEveryMs,
  scorePage,
  unitsTogether,
} from '../triage-limits.ts';
import { type ClipFacts, parseNote, type ScoreNote, unitsOf } from './note.ts';
import { unitStore } from './unit-store.ts';

const settingName = 'triage_intake';
const scoresTopic = '/fieldloop/scores';

export type IntakeDeps = Pick<WorkerDeps, 'write' | 'clock' | 'ids' | 'log'> & {
  readonly recordings: Recordings;
};

/** Opens the part; disposing it leaves nothing running. */
export async function openTriageIntake(deps: WorkerDeps): Promise<AsyncDisposable> {
  const { write, bytes, log } = deps;
  await using opened = new AsyncDisposableStack();
  const recordings = opened.use(openRecordings({ bytes, log }, { threads: 1 }));
  const at = deps.clock.now();
  const from = await openPlace(write, settingName, async (trx) => await queueStored(trx, at));
  const loop = opened.use(
    openLoop(deps, { name: 'triage intake', everyMs: intakeEveryMs }, async (signal) => {
      for (;;) {
        const done = await takeIn({ ...deps, recordings }, signal);
        if (done < intakeBatch || signal.aborted) return;
      }
    }),
  );
  opened.use(
    await openTail(deps, { from, kinds: ['clip.stored'] }, async (rows) => {
      await write.transaction().execute(async (trx) => {
        for (const { subject, at } of rows) await queue(trx, subject, at);
        await keepPlace(trx, settingName, rows.at(-1)?.seq ?? from);
      });
      loop.hurry();
    }),
  );
  return opened.move();
}

/** The first time every clip that is stored waits. */
async function queueStored(trx: Db, at: number): Promise<void> {
  await sql`insert into triage_intake (clip_id, state, units, attempts, at)
    select id, 'retry', 0, 0, ${sql.lit(at)} from clip where state = 'stored'`.execute(trx);
}

export async function queue(trx: Db, clip: string, at: number): Promise<void> {
  await trx
    .insertInto('triage_intake')
    .values({ clip_id: clip, state: 'retry', units: 0, attempts: 0, at })
    .onConflict((conflict) => conflict.column('clip_id').doNothing())
    .execute();
}

/** Reads what waits, the oldest first; how many clips that were. */
export async function takeIn(deps: IntakeDeps, signal?: AbortSignal): Promise<number> {
  const rows = await deps.write
    .selectFrom('triage_intake')
    .select('clip_id')
    .where('state', '=', 'retry')
    .where('at', '<=', BigInt(deps.clock.now()))
    .orderBy('at')
    .orderBy('clip_id')
    .limit(intakeBatch)
    .execute();
  for (const row of rows) {
    if (signal?.aborted === true) return 0;
    await takeClip(deps, row.clip_id);
  }
  return rows.length;
}

interface Ended {
  readonly state: 'read' | 'empty' | 'failed' | 'retry';
  readonly units: number;
  readonly problem?: string;
}

async function takeClip(deps: IntakeDeps, id: string): Promise<void> {
  const { write, clock, log } = deps;
  const at = clock.now();
  let ended: Ended;
  try {
    ended = await readClip(deps, id, at);
  } catch (error) {
    const { code, message } = asFault(error);
    // What is wrong with the file stays so; what is wrong with us does not.
    const stays = code === 'corrupt' || code === 'invalid' || code === 'not_found';
    ended = { state: stays ? 'failed' : 'retry', units: 0, problem: message };
    log.warn('the scores of a clip were not read', { clip: id, cause: error });
  }
  await write.transaction().execute(async (trx) => {
    const known = await trx
      .selectFrom('triage_intake')
      .select('attempts')
      .where('clip_id', '=', id)
      .executeTakeFirst();
    const attempts = Number(known?.attempts ?? 0n) + 1;
    const isOver = ended.state === 'retry' && attempts >= intakeAttempts;
    await trx
      .updateTable('triage_intake')
      .set({
        state: isOver ? 'failed' : ended.state,
        units: ended.units,
        problem: ended.problem ?? null,
        attempts,
        at: ended.state === 'retry' ? at + intakeEveryMs * attempts : at,
      })
      .where('clip_id', '=', id)
      .execute();
  });
}

async function readClip(deps: IntakeDeps, id: string, at: number): Promise<Ended> {
  const row = await deps.write
    .selectFrom('clip')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  if (row?.state !== 'stored') return { state: 'empty', units: 0, problem: 'it is not stored' };
  const source = { sha256: row.sha256, sizeBytes: Number(row.size_bytes), name: row.id };
  const notes = await notesOf(deps.recordings, source);
  const units = unitsOf(factsOf(row), notes);
  if (units.length === 0) return { state: 'empty', units: 0 };
  const startMs = Number(row.start_ns / 1_000_000n);
  const { site } = await propertiesAt(deps.write, row.device_id, startMs);
  const many = { clip: id, deviceId: row.device_id, session: row.session_id, ids: deps.ids, at };
  for (let from = 0; from < units.length; from += unitsTogether) {
    const some = units.slice(from, from + unitsTogether);
    await deps.write.transaction().execute(async (trx) => {
      const place = site === undefined ? undefined : String(site);
      await unitStore(trx).put({ ...many, site: place, units: some });
    });
  }
  return { state: 'read', units: units.length };
}

interface ClipRow {
  readonly start_ns: bigint;
  readonly end_ns: bigint;
  readonly size_bytes: bigint;
  readonly class: string;
  readonly manifest: string;
}

function factsOf(row: ClipRow): ClipFacts {
  const manifest = JSON.parse(row.manifest) as {
    readonly propensity?: unknown;
    readonly topics?: ClipFacts['topics'];
  };
  const { propensity } = manifest;
  const isChance = typeof propensity === 'number' && propensity > 0 && propensity <= 1;
  return {
    startNs: row.start_ns,
    endNs: row.end_ns,
    sizeBytes: Number(row.size_bytes),
    class: row.class,
    propensity: isChance ? propensity : 1,
    topics: manifest.topics ?? [],
  };
}

/** Every score record of a clip, page by page; none when it has no such topic. */
async function notesOf(
  recordings: Recordings,
  source: { readonly sha256: string; readonly sizeBytes: number; readonly name: string },
): Promise<readonly ScoreNote[]> {
  const topics = await recordings.call('topics', { source, withBytes: false });
  if (!topics.some(({ topic }) => topic === scoresTopic)) return [];
  const asked = { source, topics: [scoresTopic], limit: scorePage, full: true, lines: true };
  const notes: ScoreNote[] = [];
  for (let page = await recordings.call('messages', asked); ; ) {
    for (const line of new TextDecoder().decode(page.text).split('\n')) {
      if (line === '') continue;
      const { data } = JSON.parse(line) as { readonly data?: Json };
      const found = parseNote(data);
      if (found !== undefined) notes.push(found);
    }
    if (page.next === undefined) return notes;
    page = await recordings.call('messages', { ...asked, after: page.next });
  }
}
