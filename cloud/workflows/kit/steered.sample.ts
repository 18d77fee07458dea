/** A run whose step fails until it is mended, for tests of how people steer. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault, silentLog as log } from '@fieldloop/core';
import { systemClock as clock, systemIds } from '@fieldloop/core/system';
import type { Db } from '../../store/db.ts';
import { startRun } from '../../store/run-queue.ts';
import { openEngine } from '../engine.ts';
import { groundOf } from './kit.sample.ts';
import { runRow } from './turn.ts';
import { openWorkflows } from './worker.ts';
import { workflow } from './workflow.ts';

export interface Steered extends AsyncDisposable {
  /** The step fails for good while it is. */
  isBroken: boolean;
  /** What was done, in its order. */
  readonly done: readonly string[];
  start(): Promise<string>;
  /** Resolves when the run stands in this state, waiting for this where it is given. */
  reaches(run: string, state: string, what?: string): Promise<void>;
}

/** A worker on this database, beside its API. */
export async function openSteered(db: Db): Promise<Steered> {
  await using opened = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), 'fieldloop-steered-'));
  opened.defer(async () => await rm(dataDir, { recursive: true }));
  const done: string[] = [];
  const state = { isBroken: true };
  const steered = workflow({
    name: 'steered',
    version: 1,
    deps: () => ({}),
    body: async (flow) => {
      const did = async (what: string): Promise<string> => {
        if (what === 'send' && state.isBroken) throw new Fault('invalid', 'the other side refused');
        done.push(what);
        return await Promise.resolve(what);
      };
      const sent = await flow.must('send', async () => await did('send'), { skippable: true });
      if (sent.kind === 'aborted') return { kind: 'aborted', by: sent.by };
      const answer = await flow.gate('approval', {
        kind: 'approval',
        question: 'Go on?',
        subject: { id: 'sub_1', digest: 'd' },
        evidence: [],
        options: ['approve', 'reject'],
        who: { role: 'engineer' },
        withinMs: 3_600_000,
        onDeadline: 'reject',
      });
      if (answer.kind === 'aborted') await flow.must('undo', async () => await did('undo'));
      return { kind: answer.kind, sent: sent.kind };
    },
  });
  const engine = opened.use(
    await openEngine(
      { database: { kind: 'sqlite', path: '' }, dataDir },
      { write: db, log, clock },
    ),
  );
  const ground = groundOf({ read: db, write: db }, { node: 'steered', clock, log });
  opened.use(await openWorkflows(ground, { engine, workflows: [steered] }));
  const all = opened.move();
  return {
    get isBroken() {
      return state.isBroken;
    },
    set isBroken(is) {
      state.isBroken = is;
    },
    done,
    async start() {
      const id = systemIds.ulid('run');
      const run = { id, workflow: 'steered', workflowVersion: 1, subject: 'sub_1', input: {} };
      const at = clock.now();
      return await db
        .transaction()
        .execute(async (trx) => await startRun(trx, { ...run, actor: 'usr_zoe', at }));
    },
    async reaches(run, is, what) {
      for (;;) {
        const row = await runRow(db, run);
        if (row?.state === is && (what === undefined || row.waiting_for === what)) return;
        await clock.sleep(5);
      }
    },
    [Symbol.asyncDispose]: async () => await all.disposeAsync(),
  };
}
