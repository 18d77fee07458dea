/**
 * Replays a body on what was recorded, touching nothing: it must come to where the run stands. If
 * it does not, the body has changed under an open run, or decides by what is not recorded.
 */
import { canonicalJson, type Json, seededRandom, silentLog } from '@fieldloop/core';
import type { Db } from '../../store/db.ts';
import type { Advance } from './advance.ts';
import { engineFlow } from './engine-flow.ts';
import type { Flow } from './flow.ts';
import { type RunRow, runRow, type StepRow } from './turn.ts';
import { bodiesOf } from './worker.ts';
import type { Workflow, WorkflowGround } from './workflow.ts';

export interface Explanation {
  /** The replay came to where the rows say that the run is. */
  readonly agrees: boolean;
  /** Steps in the order in which the body asked for them. */
  readonly path: readonly string[];
  /** The step at which the replay ended; absent when it came to the end. */
  readonly lastStep?: string;
  readonly outcome?: Json;
  /** Why it does not agree. */
  readonly why?: string;
}

export type ExplainDeps = Pick<
  WorkflowGround,
  'read' | 'write' | 'clock' | 'ids' | 'bytes' | 'randomBytes'
> & { readonly workflows: readonly Workflow[] };

/** Nothing more is recorded. */
class NothingRecorded extends Error {}

export async function explainRun(deps: ExplainDeps, id: string): Promise<Explanation> {
  const run = await runRow(deps.read, id);
  if (run === undefined) return { agrees: false, path: [], why: 'there is no such run' };
  const rows = await deps.read
    .selectFrom('run_step')
    .selectAll()
    .where('run_id', '=', id)
    .orderBy('n')
    .execute();
  const ground = { ...deps, random: seededRandom(id), log: silentLog, node: 'explain' };
  const bodies = bodiesOf(deps.workflows, ground);
  const body = bodies.of(run.workflow, Number(run.workflow_version));
  if (body === undefined) {
    return { agrees: false, path: [], why: `${run.workflow} v${run.workflow_version} is unknown` };
  }
  const path: string[] = [];
  const flow = noted(engineFlow(onRecords(deps, run, rows)), path);
  try {
    const outcome = await body(flow, JSON.parse(run.input) as Json);
    return judgedEnd(run, { path, outcome });
  } catch (error) {
    if (!(error instanceof NothingRecorded)) {
      const why = error instanceof Error ? error.message : 'the body threw';
      return { agrees: run.state === 'stuck' || run.state === 'retrying', path, why };
    }
    return judgedStop(run, { path, rows });
  }
}

function onRecords(deps: ExplainDeps, run: RunRow, rows: readonly StepRow[]): Advance {
  const refuse = (): never => {
    throw new NothingRecorded();
  };
  return {
    write: new Proxy({} as Db, { get: refuse }),
    clock: deps.clock,
    ids: deps.ids,
    node: 'explain',
    turn: { run, n: run.turn, steps: new Map(rows.map((row) => [row.name, row])) },
    stop: new AbortController().signal,
    boundary: async () => await Promise.resolve(),
    versionOf: refuse,
  };
}

/** Keeps the names of the steps that are asked for. */
function noted(flow: Flow, path: string[]): Flow {
  const note = (name: string): void => void path.push(name);
  return {
    run: flow.run,
    async act(step, effect, policy) {
      note(step);
      return await flow.act(step, effect, policy);
    },
    async must(step, effect, policy) {
      note(step);
      return await flow.must(step, effect, policy);
    },
    async gate(name, spec) {
      note(name);
      return await flow.gate(name, spec);
    },
    async watch(name, look, limits) {
      note(name);
      return await flow.watch(name, look, limits);
    },
    async child(name, workflow, input) {
      note(name);
      return await flow.child(name, workflow, input);
    },
  };
}

function judgedEnd(
  run: RunRow,
  { path, outcome }: { readonly path: readonly string[]; readonly outcome: Json },
): Explanation {
  const recorded = run.outcome === null ? undefined : (JSON.parse(run.outcome) as Json);
  if (recorded === undefined) {
    // The end itself is written a moment after the last step.
    return { agrees: run.state === 'running', path, outcome };
  }
  const agrees = canonicalJson(recorded) === canonicalJson(outcome);
  return { agrees, path, outcome, ...(!agrees && { why: 'the recorded outcome is another one' }) };
}

function judgedStop(
  run: RunRow,
  { path, rows }: { readonly path: readonly string[]; readonly rows: readonly StepRow[] },
): Explanation {
  const lastStep = path.at(-1) ?? '';
  if (run.state === 'ended') {
    return { agrees: false, path, lastStep, why: 'the run has ended, the replay has not' };
  }
  const open = rows.find((row) => row.state === 'running' || row.state === 'retrying');
  const agrees = open === undefined || open.name === lastStep || isPartOf(open.name, lastStep);
  const why = agrees ? {} : { why: `the run is at ${open.name}` };
  return { agrees, path, lastStep, ...why };
}

/** Retries and escalations of a step bear its name. */
const isPartOf = (name: string, step: string): boolean =>
  name.startsWith(`${step}#`) || name.startsWith(`${step}/escalation`);
