/**
 * Goal: a person at a terminal finds the run that needs them and steers it: tries again, leaves a
 * step out with a reason, hands the gate to another, decides, aborts; who comes late is told.
 * Method: the command line against a real API with a real worker, with keys of two people.
 */
import {
  type ApiWorld,
  openApiWorld,
  openSteered,
  personKey,
  type Steered,
} from '@fieldloop/cloud/sample';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sampleIo } from './io.sample.ts';
import { runCli } from './main.ts';

let world: ApiWorld;
let worker: Steered;
const keys = { ann: '', bob: '' };

async function as(person: keyof typeof keys, ...words: readonly string[]) {
  const io = sampleIo();
  const code = await runCli([...words, '--url', world.url, '--key', keys[person]], io);
  return { code, ...io.written };
}

beforeAll(async () => {
  world = await openApiWorld();
  keys.ann = await personKey(world.db, 'ann', 'engineer');
  keys.bob = await personKey(world.db, 'bob', 'engineer');
  worker = await openSteered(world.db);
}, 60_000);

afterAll(async () => {
  await worker[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

async function parked(): Promise<string> {
  worker.isBroken = true;
  const run = await worker.start();
  await worker.reaches(run, 'parked');
  return run;
}

const why = ['--why', 'the other side is down'];

test('a parked run is found with its context, and goes on where it failed once it is mended', async () => {
  const run = await parked();
  expect((await as('ann', 'runs', 'list', '--state', 'parked')).out).toContain(run);
  expect((await as('ann', 'runs', 'show', run)).out).toContain('the other side refused');
  expect((await as('ann', 'gates', 'list', '--mine')).out).toContain('escalation');
  worker.isBroken = false;
  expect((await as('ann', 'runs', 'retry', run, ...why)).code).toBe(0);
  await worker.reaches(run, 'waiting', 'approval');
  expect(worker.done.filter((one) => one === 'send')).toHaveLength(1);
  const late = await as('bob', 'runs', 'retry', run, ...why);
  expect(late).toMatchObject({ code: 5, err: expect.stringContaining('nothing of the run') });
});

test('a step is left out with a reason, which its history keeps; the gate goes to another', async () => {
  const run = await parked();
  expect((await as('ann', 'runs', 'skip', run)).code).toBe(2);
  expect((await as('ann', 'runs', 'skip', run, ...why)).code).toBe(0);
  await worker.reaches(run, 'waiting', 'approval');
  const handed = await as('ann', 'runs', 'reassign', run, '--to', 'usr_bob', ...why);
  expect(handed.code).toBe(0);
  const listed = await as('bob', 'gates', 'list', '--mine', '--json');
  const gates = JSON.parse(listed.out) as {
    items: { id: string; run: string; assignee: string }[];
  };
  const gate = gates.items.find((one) => one.run === run);
  expect(gate).toMatchObject({ assignee: 'usr_bob' });
  const decide = ['gates', 'decide', gate?.id ?? '', ...why, '--option'];
  const [first, second] = await Promise.all([
    as('ann', ...decide, 'approve'),
    as('bob', ...decide, 'reject'),
  ]);
  expect([first.code, second.code].toSorted((a, b) => a - b)).toEqual([0, 5]);
  const loser = first.code === 0 ? second : first;
  expect(loser.err).toMatch(/was decided: (approve, by usr_ann|reject, by usr_bob)/);
  await worker.reaches(run, 'ended');
  const shown = await as('ann', 'runs', 'show', run, '--json');
  expect(shown.out).toContain('"the other side is down"');
});

test('an abort takes back what was done, and says who asked for it', async () => {
  worker.isBroken = false;
  const run = await worker.start();
  await worker.reaches(run, 'waiting', 'approval');
  expect((await as('ann', 'runs', 'abort', run, '--yes', ...why)).code).toBe(0);
  await worker.reaches(run, 'ended');
  expect(worker.done.at(-1)).toBe('undo');
  const again = await as('bob', 'runs', 'abort', run, '--yes', ...why);
  expect(again).toMatchObject({ code: 5, err: expect.stringContaining('has ended') });
});
