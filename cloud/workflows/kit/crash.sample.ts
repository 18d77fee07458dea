/**
 * The crash kit: plays one case of a workflow on the real engine, first undisturbed, then once for
 * each boundary with the worker killed there: before each effect, after it and before its record,
 * at each wake-up and when a wait was written that the engine does not know. Each time the end must
 * be the same and each effect done once. Time is the kit's own: nothing waits.
 *
 * A case opens a fresh script on a fresh database:
 *
 *     const approval: CrashCase = {
 *       name: 'approved',
 *       async open(world) {
 *         return {
 *           workflows: [myWorkflow(worldOf(world))],
 *           begin: async () => void (await world.start('my-workflow', { n: 1 })),
 *           // Whenever all runs stand still people decide, robots answer; true: something was.
 *           react: async () => await world.decide((gate) => 'approve'),
 *           // What is left, without ids and times.
 *           end: async () => await rowsThatMatter(world.db),
 *         };
 *       },
 *     };
 *     const found = await crashEverywhere('sqlite', approval);
 *     expect(found.differing).toEqual([]);
 *
 * Effects outside the database report themselves by `world.did(what)`, where they are made: what
 * was done is compared as well, and must have been done as often as without a crash.
 */
import {
  canonicalJson,
  type Clock,
  Fault,
  type Ids,
  type Json,
  type Random,
} from '@fieldloop/core';
import { systemIds } from '@fieldloop/core/system';
import type { Decider, Gate } from '../../gate/gate.ts';
import { gateOfRow } from '../../gate/rows.ts';
import { gateStore } from '../../gate/store.ts';
import type { Db } from '../../store/db.ts';
import { startRun } from '../../store/run-queue.ts';
import type { Boundary } from './boundary.ts';
import { openCrashWorkers, type OpenCrashWorkers } from './crash-workers.sample.ts';
import { type KitWorld, kitWorld, type WorldKind } from './kit.sample.ts';
import type { Workflow, WorkflowGround } from './workflow.ts';

export interface CrashCase {
  readonly name: string;
  open(world: CrashWorld): Promise<CrashScript>;
}

/** A case of one pattern: its workflows are the same in every play, here or in other processes. */
export interface PatternCase extends CrashCase {
  readonly workflows: readonly Workflow[];
}

export const patternCase = (
  name: string,
  workflows: readonly Workflow[],
  open: (world: CrashWorld) => Promise<Omit<CrashScript, 'workflows'>>,
): PatternCase => ({
  name,
  workflows,
  open: async (world) => ({ ...(await open(world)), workflows }),
});

export interface CrashScript {
  /** The one that is played and those that it starts. */
  readonly workflows: readonly Workflow[];
  begin(): Promise<void>;
  react(): Promise<boolean>;
  end(): Promise<Json>;
}

export interface CrashWorld {
  /** Never killed: for the script itself. Effects use the ground that their adapters are given. */
  readonly db: Db;
  /** Stands still but for waits that nothing else ends. */
  readonly clock: Clock & { advance(ms: number): void };
  readonly ids: Ids;
  /** An effect outside the database was made. */
  did(what: string): void;
  start(workflow: string, input: Json, subject?: string): Promise<string>;
  /** Decides at every open gate for which an option is given; by people made for it. */
  decide(choose: (gate: Gate) => string | undefined): Promise<boolean>;
}

export interface CrashOptions {
  /** Workers at once; the one that dies is replaced when there is no other. */
  readonly workers?: 1 | 2;
  /** A kit broken on purpose: the crash kit must find it out. */
  readonly mutant?: Mutant;
  /** People and the world react before the engine knows of a wait, not after it. */
  readonly isEarly?: boolean;
  /** Kills at so many drawn boundaries only; default at each. */
  readonly singles?: number;
  /** Kills at so many drawn pairs of boundaries as well. */
  readonly pairs?: number;
  /** Draws boundaries; needed where some are drawn. */
  readonly random?: Random;
  /** Opens the workers; default workers of this process. */
  readonly open?: OpenCrashWorkers;
}

/** An effect whose key is not the step's; a wake-up that is forgotten once it was sent. */
export type Mutant = 'unstable_key' | 'signal_is_truth';

export interface CrashFindings {
  /** Boundaries of the undisturbed play, each of which was a death. */
  readonly points: number;
  readonly crashes: number;
  /** The undisturbed end. */
  readonly end: Json;
  /** One line for each crash after which the end was another one. */
  readonly differing: readonly string[];
}

export async function crashEverywhere(
  kind: WorldKind,
  one: CrashCase,
  options: CrashOptions = {},
): Promise<CrashFindings> {
  const { workers = 1 } = options;
  const calm = await play(kind, one, { workers, crashes: [] });
  // Processes reach the boundaries that workers of this process reach.
  const isCalm = options.mutant === undefined && options.isEarly !== true;
  const first = isCalm ? calm : await play(kind, one, { ...options, crashes: [] });
  const points = first.boundaries.length;
  const plans = plansOf(points, options);
  const differing: string[] = [];
  const compare = (played: Played, where: string): void => {
    if (canonicalJson(played.end) === canonicalJson(calm.end)) return;
    differing.push(`${one.name}: ${where}: ${canonicalJson(played.end)}`);
  };
  if (first !== calm) compare(first, 'not killed');
  for (const crashes of plans) {
    const where = crashes.map((n) => placeOf(first.boundaries[n - 1])).join(' and ');
    compare(await play(kind, one, { ...options, crashes }), `killed ${where}`);
  }
  return { points, crashes: plans.length, end: calm.end, differing };
}

/** Where workers die in each play; a second number counts from the first death. */
function plansOf(points: number, options: CrashOptions): readonly (readonly number[])[] {
  const { singles, pairs = 0, random } = options;
  const draw = (): number => {
    if (random === undefined) throw new TypeError('boundaries are drawn with a seed');
    return 1 + random.integer(points);
  };
  const one =
    singles === undefined
      ? Array.from({ length: points }, (_, n) => [n + 1])
      : Array.from({ length: singles }, () => [draw()]);
  return [...one, ...Array.from({ length: pairs }, () => [draw(), draw()])];
}

const placeOf = (at: Boundary | undefined): string =>
  at === undefined ? 'nowhere' : `${at.kind} ${at.workflow}/${at.step}`;

interface Played {
  readonly end: Json;
  readonly boundaries: readonly Boundary[];
}

type Plan = CrashOptions & {
  /** Numbers of boundaries from 1, counted anew after each death. */
  readonly crashes: readonly number[];
};

async function play(kind: WorldKind, one: CrashCase, plan: Plan): Promise<Played> {
  const clock = stillClock();
  await using world = await kitWorld(kind, { clock });
  const done: string[] = [];
  const script = await one.open(scriptWorld(world, clock, done));
  await using workers = await (plan.open ?? openCrashWorkers)(world, {
    name: one.name,
    workflows: plan.mutant === 'unstable_key' ? script.workflows.map(unstable) : script.workflows,
    count: plan.workers ?? 1,
    crashes: plan.crashes,
    forgetsSignals: plan.mutant === 'signal_is_truth',
    early: plan.isEarly === true ? async () => await script.react() : undefined,
  });
  await script.begin();
  try {
    await untilOver(world, { clock, workers, script, isDeaf: plan.mutant === 'signal_is_truth' });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { end: { hangs: error.message }, boundaries: workers.boundaries };
  }
  const end = { runs: await endsOf(world.db), left: await script.end(), done: done.toSorted() };
  return { end, boundaries: workers.boundaries };
}

const isAtWork = async (db: Db): Promise<boolean> =>
  (await db.selectFrom('run').select('id').where('state', '=', 'running').limit(1).execute())
    .length > 0;

/** Rounds in which nothing but a worker may move. */
const idleRounds = 5;
/** More rounds than any case needs. */
const maxRounds = 1000;

async function untilOver(
  world: KitWorld,
  by: {
    readonly clock: CrashWorld['clock'];
    readonly workers: Awaited<ReturnType<typeof openCrashWorkers>>;
    readonly script: CrashScript;
    /** Waits do not end by themselves. */
    readonly isDeaf: boolean;
  },
): Promise<void> {
  let idle = 0;
  for (let round = 0; round < maxRounds; round += 1) {
    await by.workers.settle();
    if (await by.script.react()) continue;
    const next = await nextWait(world.db, by.clock.now());
    // A process may have begun something by itself since it was at rest.
    if (next === undefined && (idle += 1) < idleRounds && (await isAtWork(world.db))) continue;
    idle = 0;
    if (next === undefined || by.isDeaf) break;
    by.clock.advance(Math.max(0, next - by.clock.now()));
    await by.workers.ring();
  }
  const open = await world.db
    .selectFrom('run')
    .select(['workflow', 'state', 'waiting_for', 'trouble'])
    .where('state', '!=', 'ended')
    .execute();
  if (open.length > 0) throw new Fault('timeout', `runs stand still: ${JSON.stringify(open)}`);
}

/** When the next wait of any run is over; undefined when none has an end. */
async function nextWait(db: Db, now: number): Promise<number | undefined> {
  const runs = await db
    .selectFrom('run')
    .select('waiting_until as at')
    .where('state', 'not in', ['ended', 'running', 'stuck'])
    .execute();
  const wakes = await db.selectFrom('wake').select('next_at as at').execute();
  const all = [...runs, ...wakes].flatMap(({ at }) => (at === null ? [] : [Number(at)]));
  return all.length === 0 ? undefined : Math.max(now, Math.min(...all));
}

/** How each run ended, and what became of gates; without ids. */
async function endsOf(db: Db): Promise<Json> {
  const runs = await db.selectFrom('run').select(['workflow', 'subject', 'outcome']).execute();
  const gates = await db.selectFrom('gate').select(['name', 'state', 'option']).execute();
  const steps = await db.selectFrom('run_step').select(['name', 'kind', 'state']).execute();
  const lines = [
    ...runs.map((row) => `run ${row.workflow} ${row.subject}: ${row.outcome ?? 'open'}`),
    ...gates.map((row) => `gate ${row.name}: ${row.state} ${row.option ?? ''}`),
    ...steps.map((row) => `step ${row.name}: ${row.kind} ${row.state}`),
  ];
  return lines
    .map((line) => line.replaceAll(/_[0-9A-HJKMNP-TV-Z]{26}\b|\b[0-9a-f]{64}\b/g, '_…'))
    .toSorted();
}

function stillClock(): CrashWorld['clock'] {
  let now = 1_700_000_000_000;
  return {
    now: () => now,
    monotonicMs: () => now,
    advance(ms) {
      now += ms;
    },
    sleep: async () => await Promise.resolve(),
  };
}

const deciders: readonly Decider[] = ['ada', 'bea', 'cyd'].map((name) => ({
  id: `usr_${name}`,
  userId: `usr_${name}`,
  role: 'admin',
  scopes: ['*:admin'],
}));

function scriptWorld(world: KitWorld, clock: CrashWorld['clock'], done: string[]): CrashWorld {
  const { db } = world;
  return {
    db,
    clock,
    ids: systemIds,
    did: (what) => void done.push(what),
    start: async (workflow, input, subject = 'sub_1') =>
      await db.transaction().execute(
        async (trx) =>
          await startRun(trx, {
            id: systemIds.ulid('run'),
            workflow,
            workflowVersion: 1,
            subject,
            input,
            actor: 'usr_ann',
            at: clock.now(),
          }),
      ),
    async decide(choose) {
      const rows = await db.selectFrom('gate').selectAll().where('state', '=', 'open').execute();
      let did = false;
      for (const row of rows) {
        const option = choose(gateOfRow(row));
        if (option === undefined) continue;
        did = true;
        await voted(db, row.id, { option, at: clock.now() });
      }
      return did;
    },
  };
}

/** As many people as it takes. */
async function voted(
  db: Db,
  id: string,
  { option, at }: { readonly option: string; readonly at: number },
): Promise<void> {
  for (const decider of deciders) {
    await db.transaction().execute(async (trx) => {
      const gate = await gateStore(trx).demand(id);
      if (gate.state !== 'open') return;
      await gateStore(trx).decide(gate, decider, { option, reason: 'by the script', at });
    });
  }
}

/** Each call of an effect has a key of its own: nothing knows that it was done before. */
function unstable(one: Workflow): Workflow {
  let calls = 0;
  return {
    ...one,
    bind(ground: WorkflowGround) {
      const body = one.bind(ground);
      return async (flow, input) =>
        await body(
          {
            ...flow,
            act: async (step, effect, policy) =>
              await flow.act(
                step,
                async (e) => await effect({ ...e, key: `${e.key}/${(calls += 1)}` }),
                policy,
              ),
            must: async (step, effect, policy) =>
              await flow.must(
                step,
                async (e) => await effect({ ...e, key: `${e.key}/${(calls += 1)}` }),
                policy,
              ),
          },
          input,
        );
    },
  };
}
