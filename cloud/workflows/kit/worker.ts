/** A worker: everything that advances runs, in each process that works; there is no leader. */
import { Fault } from '@fieldloop/core';
import { kindOf } from '../../store/kind.ts';
import { sql } from '../../store/kysely.ts';
import type { Engine } from '../engine.ts';
import { maxSkewMs } from '../limits.ts';
import type { OnBoundary } from './boundary.ts';
import { openDispatch } from './dispatch.ts';
import { type Bodies, openRunner } from './runner.ts';
import { openSchedules } from './schedule.ts';
import { openSweep } from './sweep.ts';
import { openWakes } from './wakes.ts';
import type { Workflow, WorkflowGround } from './workflow.ts';

export interface WorkflowOptions {
  readonly slots?: number;
  readonly onBoundary?: OnBoundary;
}

export interface WorkflowWorker extends AsyncDisposable {
  /** Looks at once for runs to begin or to wake. */
  hurry(): void;
}

/**
 * Advances runs until it is disposed, which lets effects finish. Fault `unavailable` when the
 * clock of this machine is not that of the database: times of gates would mean different things.
 */
export async function openWorkflows(
  ground: WorkflowGround,
  parts: { readonly engine: Engine; readonly workflows: readonly Workflow[] },
  options: WorkflowOptions = {},
): Promise<WorkflowWorker> {
  const { engine, workflows } = parts;
  await demandSameClock(ground);
  demandDifferent(workflows);
  const log = ground.log.child('workflows');
  await using opened = new AsyncDisposableStack();
  const runner = opened.use(
    await openRunner(
      {
        ...ground,
        log,
        engine,
        bodies: bodiesOf(workflows, ground),
        onBoundary: options.onBoundary,
      },
      options.slots,
    ),
  );
  const wakes = opened.use(openWakes({ ...ground, log, engine, onReady: () => runner.hurry() }));
  const dispatch = { ...ground, log, workflows, onRuns: () => wakes.hurry() };
  opened.use(await openDispatch(dispatch));
  opened.use(openSchedules(dispatch));
  opened.use(openSweep({ ...ground, log, engine }));
  const all = opened.move();
  return {
    hurry: () => wakes.hurry(),
    [Symbol.asyncDispose]: async () => await all.disposeAsync(),
  };
}

/** The bodies of these workflows on this ground. */
export function bodiesOf(workflows: readonly Workflow[], ground: WorkflowGround): Bodies {
  const bound = new Map(
    workflows.map((one) => [`${one.name} v${one.version}`, one.bind(ground)] as const),
  );
  return {
    of: (workflow, version) => bound.get(`${workflow} v${version}`),
    newest(workflow) {
      const versions = workflows.filter((one) => one.name === workflow).map((one) => one.version);
      return versions.length === 0 ? undefined : Math.max(...versions);
    },
  };
}

function demandDifferent(workflows: readonly Workflow[]): void {
  const seen = new Set<string>();
  const names = [
    ...workflows.map((one) => `workflow ${one.name} v${one.version}`),
    ...workflows.flatMap((one) => one.triggers.map((trigger) => `trigger ${trigger.name}`)),
  ];
  for (const name of names) {
    if (seen.has(name)) throw new TypeError(`there are two of ${name}`);
    seen.add(name);
  }
}

async function demandSameClock({ write, clock }: WorkflowGround): Promise<void> {
  if (kindOf(write) === 'sqlite') return;
  const { rows } = await sql<{
    ms: number | bigint;
  }>`select extract(epoch from now()) * 1000 as ms`.execute(write);
  const skewMs = Math.abs(Number(rows[0]?.ms ?? 0) - clock.now());
  if (skewMs <= maxSkewMs) return;
  throw new Fault('unavailable', `the clocks of worker and database differ by ${skewMs} ms`, {
    remedy: 'Let both machines follow the same time servers, then start the worker again.',
  });
}
