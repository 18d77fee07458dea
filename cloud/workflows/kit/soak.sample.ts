/**
 * Proofs of the kit that take too long for every day: each case of each pattern with a death at
 * every boundary and with pairs of deaths, here and by SIGKILL of real processes; and processes
 * that are killed at any time while many runs are open.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once as heard } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { canonicalJson, Fault, type Random, seededRandom } from '@fieldloop/core';
import { openProcessWorkers } from './crash-processes.sample.ts';
import { crashEverywhere, type CrashFindings, type PatternCase } from './crash.sample.ts';
import { decideGate, type KitWorld, kitWorld, type WorldKind } from './kit.sample.ts';
import { startMany } from './measure.sample.ts';
import { soakedRun, soakEffects, soakKind } from './soaked.sample.ts';

interface SoakOptions {
  readonly seed: string;
  readonly runs: number;
  readonly deaths: number;
}

interface Soaked {
  readonly runs: number;
  readonly deaths: number;
  readonly effects: number;
  /** What is not as it must be; empty when all is. */
  readonly wrong: readonly string[];
}

const entry = fileURLToPath(new URL('soak-worker.sample.ts', import.meta.url));
/** A worker lives so long at most once it works. */
const longestLifeMs = 700;
/** What the last workers, which nobody kills, may take. */
const patienceMs = 120_000;

/** One worker on SQLite, two on PostgreSQL; one dies after the other until all deaths are used. */
export async function soakProcesses(kind: WorldKind, options: SoakOptions): Promise<Soaked> {
  const random = seededRandom(`${options.seed}/${kind}`);
  await using world = await kitWorld(kind, { isDurable: true });
  await using opened = new AsyncDisposableStack();
  const count = kind === 'sqlite' ? 1 : 2;
  const workers: ChildProcess[] = [];
  opened.defer(async () => {
    for (const worker of workers) await kill(worker);
  });
  for (let n = 0; n < count; n += 1) workers.push(await spawned(world));
  const input = {};
  const ids = await startMany(world, soakedRun, { count: options.runs, input });
  let deaths = 0;
  for (; deaths < options.deaths && (await openRuns(world)) > 0; deaths += 1) {
    await delay(random.next() * longestLifeMs);
    const n = random.integer(workers.length);
    const worker = workers[n];
    if (worker !== undefined) await kill(worker);
    workers[n] = await spawned(world);
    await approve(world, random);
  }
  const until = performance.now() + patienceMs;
  while ((await openRuns(world)) > 0 && !(await isParked(world))) {
    if (performance.now() > until) break;
    await approve(world, random);
    await delay(50);
  }
  return { runs: ids.length, deaths, ...(await judged(world, ids)) };
}

export interface PatternWishes {
  readonly seed: string;
  /** Boundaries at which a worker of this process dies; default every one. */
  readonly boundaries?: number | undefined;
  /** Pairs of boundaries of this process, drawn. */
  readonly pairs: number;
  /** Boundaries, drawn, at which a real process dies by SIGKILL. */
  readonly kills: number;
  /** Pairs of those. */
  readonly killPairs: number;
}

/** One case of a pattern: one worker on SQLite, two on PostgreSQL. */
export async function soakPattern(
  kind: WorldKind,
  one: PatternCase,
  wishes: PatternWishes,
): Promise<{ readonly here: CrashFindings; readonly processes: CrashFindings }> {
  const random = seededRandom(`${wishes.seed}/${kind}/${one.name}`);
  const workers = kind === 'sqlite' ? 1 : 2;
  const { boundaries, pairs, kills, killPairs } = wishes;
  const singles = boundaries === undefined ? {} : { singles: boundaries };
  const here = await crashEverywhere(kind, one, { workers, random, pairs, ...singles });
  const drawn = { singles: kills, pairs: killPairs };
  const processes =
    kills + killPairs === 0
      ? { ...here, crashes: 0, differing: [] }
      : await crashEverywhere(kind, one, { workers, random, ...drawn, open: openProcessWorkers });
  return { here, processes };
}

async function spawned({ database, dataDir }: KitWorld): Promise<ChildProcess> {
  const child = spawn(process.execPath, [entry, JSON.stringify({ database, dataDir })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = heard(child, 'exit').then(() => {
    throw new Fault('internal', 'a worker ended before it worked');
  });
  await Promise.race([heard(child.stdout as NodeJS.ReadableStream, 'data'), ended]);
  ended.catch(() => undefined);
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = heard(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

const openRuns = async ({ db }: KitWorld): Promise<number> =>
  (await db.selectFrom('run').select('id').where('state', '!=', 'ended').execute()).length;

/** A step failed for good: nobody answers there. */
const isParked = async ({ db }: KitWorld): Promise<boolean> =>
  (await db.selectFrom('run').select('id').where('state', '=', 'parked').limit(1).execute())
    .length > 0;

/** People answer some of the open gates. */
async function approve(world: KitWorld, random: Random): Promise<void> {
  const open = await world.db
    .selectFrom('gate')
    .select('run_id')
    .where('state', '=', 'open')
    .where('kind', '=', 'approval')
    .execute();
  for (const { run_id } of open) {
    if (random.next() < 0.5) await decideGate(world, run_id, 'approve');
  }
}

async function judged(
  { db }: KitWorld,
  ids: readonly string[],
): Promise<Pick<Soaked, 'effects' | 'wrong'>> {
  const wrong: string[] = [];
  const runs = await db.selectFrom('run').select(['id', 'state', 'outcome', 'trouble']).execute();
  const whole = canonicalJson({ kind: 'done', made: 'done', answer: 'decided' });
  for (const id of ids) {
    const run = runs.find((one) => one.id === id);
    const end = run?.outcome == null ? '' : canonicalJson(JSON.parse(run.outcome));
    if (end !== whole) wrong.push(`${id} is ${run?.state} ${run?.trouble ?? ''} ${end}`);
  }
  const asked = db.selectFrom('gate').select('question').where('kind', '=', 'escalation');
  for (const { question } of await asked.execute()) wrong.push(question);
  const rows = await db
    .selectFrom('outbox')
    .select('subject')
    .where('kind', '=', soakKind)
    .execute();
  const keys = new Set(rows.map(({ subject }) => subject));
  if (keys.size !== rows.length) wrong.push(`${rows.length - keys.size} effects were done twice`);
  const expected = ids.length * soakEffects;
  if (keys.size !== expected) wrong.push(`${keys.size} effects, not ${expected}`);
  return { effects: rows.length, wrong };
}
