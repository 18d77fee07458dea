/**
 * Goal: a run that is aborted takes back what it did, a replay comes to where a run stands, an
 * engine that lost everything is filled again, and a local time that comes twice fires once.
 * Method: a body with compensation on the real engine, rows set back, slots round clock changes.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runStore } from '../../run/store.ts';
import { slotsOf } from './cron.ts';
import { explainRun } from './explain.ts';
import { decideGate, kitWorld } from './kit.sample.ts';
import { waitingRun } from './measure.sample.ts';
import { sweepRuns } from './sweep.ts';
import { openWorkflows } from './worker.ts';
import { workflow } from './workflow.ts';

const undone: string[] = [];
const undoing = workflow({
  name: 'undoing',
  version: 1,
  deps: () => ({}),
  body: async (flow) => {
    await flow.must('offer', async () => await Promise.resolve('offered'));
    const answer = await flow.gate('stage', {
      kind: 'stage',
      question: 'Promote?',
      subject: { id: 'rol_1', digest: 'd' },
      evidence: [],
      options: ['promote', 'hold'],
      who: { role: 'engineer' },
      withinMs: 60_000,
      onDeadline: 'hold',
    });
    if (answer.kind !== 'aborted') return { kind: 'completed' };
    await flow.must('undo', async () => await Promise.resolve(undone.push('offer')));
    return { kind: 'aborted', by: answer.by };
  },
});

test('an abort reaches the body once, which takes back what it did; the replay agrees', async () => {
  await using world = await kitWorld('sqlite');
  const engine = await world.engine();
  const workflows = [undoing];
  await using _worker = await openWorkflows(world.ground('w1'), { engine, workflows });
  const run = await world.start(undoing, {});
  await world.reaches(run, 'waiting');
  const ground = { ...world.ground('api'), workflows };
  expect(await explainRun(ground, run)).toMatchObject({ agrees: true, lastStep: 'stage' });
  await world.db.transaction().execute(async (trx) => {
    const store = runStore(trx);
    const why = { by: 'usr_ann', reason: 'wrong robots', at: world.clock.now() };
    await store.abort(await store.demand(run), why);
  });
  expect(await world.outcome(run)).toEqual({ kind: 'aborted', by: 'usr_ann' });
  expect(undone).toEqual(['offer']);
  expect(await explainRun(ground, run)).toMatchObject({
    agrees: true,
    path: ['offer', 'stage', 'undo'],
  });
});

test('an engine that lost its runs is filled again from the rows', async () => {
  await using world = await kitWorld('sqlite');
  const engine = await world.engine();
  const ground = world.ground('w1');
  await using _worker = await openWorkflows(ground, { engine, workflows: [waitingRun] });
  const run = await world.start(waitingRun, {});
  await world.reaches(run, 'waiting');
  const lost = { engine_id: '00000000-0000-0000-0000-000000000000', updated_at: 1 };
  await world.db.updateTable('run').set(lost).where('id', '=', run).execute();
  await sweepRuns({ ...ground, engine }, '');
  await world.reaches(run, 'waiting');
  await decideGate(world, run, 'approve');
  expect(await world.outcome(run)).toEqual({ kind: 'decided' });
});

test('slots follow local time: one that comes twice fires once, one that never comes moves', () => {
  const daily = slotsOf('30 2 * * *', 'Europe/Zurich');
  const first = daily.after(Date.parse('2026-10-24T12:00:00Z')) ?? 0;
  expect(new Date(first).toISOString()).toBe('2026-10-25T00:30:00.000Z');
  expect(new Date(daily.after(first) ?? 0).toISOString()).toBe('2026-10-26T01:30:00.000Z');
});

test('bodies catch nothing', () => {
  const folder = join(import.meta.dirname, '..');
  const bodies = readdirSync(folder).filter(
    (name) => name.endsWith('.ts') && !/(\.test|\.sample|-deps|^engine|^limits|^list)/.test(name),
  );
  for (const name of bodies) {
    expect(readFileSync(join(folder, name), 'utf8'), name).not.toMatch(
      /^\s*(\} )?(try|catch) ?[({]/m,
    );
  }
});
