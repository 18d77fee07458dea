/**
 * Goal: who plans a rollout is told what it cannot show, and who watches one sees each decision
 * once, and the end.
 * Method: a real API with a release; two robots are too few for the plan.
 */
import { sha256Hex } from '@fieldloop/core';
import { type ApiWorld, openApiWorld } from '@fieldloop/cloud/sample';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sampleIo } from './io.sample.ts';
import { runCli } from './main.ts';

let world: ApiWorld;
let folder: string;
beforeEach(async () => {
  world = await openApiWorld();
  folder = await mkdtemp(join(tmpdir(), 'fieldloop-rollouts-'));
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function rollouts(...words: string[]) {
  const io = sampleIo({ env: { FIELDLOOP_API_URL: world.url, FIELDLOOP_API_KEY: world.key } });
  const code = await runCli(['rollouts', ...words], io);
  return { code, ...io.written };
}

const program = new TextEncoder().encode('a program of two robots');
const manifest = JSON.stringify({
  apiVersion: 'fieldloop.release/v1',
  kind: 'Release',
  name: 'brain',
  version: '1.0.0',
  order: ['brain'],
  components: [
    {
      name: 'brain',
      kind: 'sim',
      version: '1.0.0',
      artifact: { path: 'brain', sha256: sha256Hex(program), size: program.length },
      sim: { script: ['good'] },
    },
  ],
});
const plan = JSON.stringify({
  apiVersion: 'fieldloop.rollout/v1',
  kind: 'Rollout',
  release: 'brain@1.0.0',
  selector: 'name:amr-*',
  stages: [
    { name: 'canary', percent: 10, bake: '1h', maxBake: '4h' },
    { name: 'final', percent: 100 },
  ],
  analysis: { metrics: [{ name: 'crash', source: 'event:crash', weightBp: 10_000 }] },
});

test('two robots: the dry run says what is passed over, and watch shows a rollout to its end', async () => {
  const headers = { 'content-type': 'application/octet-stream' };
  await fetch(`${world.url}/v1/artifacts?sha256=${sha256Hex(program)}&kind=sim&name=brain`, {
    method: 'POST',
    headers: { authorization: `Bearer ${world.key}`, ...headers },
    body: program,
  });
  expect((await world.post('/v1/releases', { text: manifest })).status).toBe(201);
  await world.db.updateTable('release').set({ state: 'released', released_at: 1 }).execute();
  const file = join(folder, 'plan.json');
  await writeFile(file, plan);
  const dry = await rollouts('preview', file);
  expect(dry.out).toContain('canary: 0 robots; no robot: passed over');
  expect(dry.out).toContain('final: 2 robots');
  expect(dry.out).toContain('No stage before the last has robots to compare with the control.');
  const [, id = '', digest = ''] = /--id (rol_\w+) --plan ([0-9a-f]{64})/.exec(dry.out) ?? [];
  const started = await rollouts('start', file, '--id', id, '--plan', digest);
  expect(started.out).toMatch(/next +waits: a person decides/);
  await rollouts('abort', id, '--reason', 'too few', '--yes');
  const watched = await rollouts('watch', id);
  expect(watched.code).toBe(0);
  expect(watched.out.match(/abort: person, waiting approval > cancelled/g)).toHaveLength(1);
  expect(watched.out).toMatch(/state +cancelled/);
});
