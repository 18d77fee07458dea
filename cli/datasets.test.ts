/**
 * Goal: base data in a folder becomes a version that trains, its bundle proves itself here, and the
 * bundle of one cloud is base data of another; a person types all of it.
 * Method: the command line against a real API and worker; a folder with a clip and labels, a bundle
 * unpacked by this test, a file changed in it.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  type ApiWorld,
  openApiWorld,
  sampleDrive,
  sampleRecording,
  unzipped,
} from '@fieldloop/cloud/sample';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sampleIo } from './io.sample.ts';
import { runCli } from './main.ts';

let world: ApiWorld;
let folder = '';

async function cli(...words: readonly string[]) {
  const io = sampleIo();
  const code = await runCli([...words, '--url', world.url, '--key', world.key], io);
  return { code, ...io.written };
}

const classes = ['left', 'right'] as const;

beforeAll(async () => {
  world = await openApiWorld({ worker: true });
  folder = await mkdtemp(join(tmpdir(), 'fieldloop-import-'));
  await mkdir(join(folder, 'base/clips'), { recursive: true });
  const drive = sampleDrive();
  await writeFile(join(folder, 'base/clips/one.mcap'), await sampleRecording(drive));
  const ontology = { name: 'wall', classes: classes.map((name) => ({ name })) };
  await writeFile(join(folder, 'base/ontology.json'), JSON.stringify(ontology));
  const lines = drive.slice(10, 40).map(({ atNs }, i) =>
    JSON.stringify({
      file: 'clips/one.mcap',
      topic: '/odom',
      startNs: String(atNs),
      class: classes[i % 2],
      session: 'drive 1',
    }),
  );
  await writeFile(join(folder, 'base/items.ndjson'), `${lines.join('\n')}\n`);
}, 60_000);

afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

test('a folder is imported, built, exported, proved, and imported again', async () => {
  const ontology = await readFile(join(folder, 'base/ontology.json'), 'utf8');
  await world.post('/v1/ontologies', JSON.parse(ontology));
  const gates = '{"classMinimum": 1, "testMinimum": 0}';
  const create = ['datasets', 'create', 'spare', '--ontology', 'wall', '--gates', gates];
  expect((await cli(...create)).code).toBe(0);
  // Ids of the one drive differ from run to run: no share may draw it into test.
  await world.post('/v1/datasets', {
    name: 'base',
    selection: { ontology: 'wall' },
    gates: JSON.parse(gates) as object,
    splitRule: { buckets: { test: 0, calibration: 0 } },
  });
  const imported = await cli('datasets', 'import', join(folder, 'base'), '--dataset', 'base');
  expect(imported.err).toContain('1 clip and 30 items are here');
  const built = await cli('datasets', 'build', 'base', '--json');
  const version = JSON.parse(built.out) as {
    readonly id: string;
    readonly lanes: object;
    readonly splits: { readonly test: number };
  };
  expect(version).toMatchObject({ lanes: { imported: 30 }, splits: { test: 0 } });
  const id = version.id.slice(0, 12);
  const signed = await cli('datasets', 'sign-off', id, '--reason', 'base data');
  expect(signed.out).toContain('ready: base data');
  expect((await cli('datasets', 'rebuild', id)).out).toContain('the same id again');
  expect((await cli('datasets', 'verify', id)).out).toMatch(/every hash +matches/);
  const file = join(folder, 'bundle.zip');
  const exported = await cli('datasets', 'export', id, '-f', file);
  expect(exported.err).toContain('verified');
  for (const [name, content] of unzipped(await readFile(file))) {
    const path = join(folder, 'bundle', name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
  const proof = await cli('datasets', 'verify', join(folder, 'bundle'));
  expect(proof.out).toContain(version.id);
  expect(proof.code).toBe(0);
  // The bundle of one cloud is base data of the next: the same clip comes with the same labels.
  const words = ['--dataset', 'base', '--device', 'other-robot'];
  const again = await cli('datasets', 'import', join(folder, 'bundle'), ...words);
  expect(again.err).toContain('1 clip and 30 items are here');
  await writeFile(join(folder, 'bundle/items.ndjson'), '{}');
  const broken = await cli('datasets', 'verify', join(folder, 'bundle'));
  expect(broken.code).toBe(6);
  expect(broken.out).toContain('items.ndjson: it has another SHA-256');
  const labels = await world.db.selectFrom('label').select('id').orderBy('id').limit(1).execute();
  const lineage = await cli('lineage', labels[0]?.id ?? '', '--up', '--verify');
  expect(lineage.out).toContain('every hash matches');
}, 60_000);

test('labels off the ontology and files outside the folder are refused', async () => {
  const bad = join(folder, 'bad');
  await mkdir(bad);
  await writeFile(join(bad, 'ontology.json'), await readFile(join(folder, 'base/ontology.json')));
  const clip = await readFile(join(folder, 'base/clips/one.mcap'));
  await writeFile(join(bad, 'one.mcap'), clip);
  const line = (more: object): string =>
    JSON.stringify({ file: 'one.mcap', topic: '/odom', startNs: '1', class: 'left', ...more });
  await writeFile(join(bad, 'items.ndjson'), line({ class: 'lefft' }));
  const off = await cli('datasets', 'import', bad, '--dataset', 'base', '--device', 'bad-robot');
  expect(off.code).toBe(2);
  expect(off.err).toContain('left');
  await writeFile(join(bad, 'items.ndjson'), line({ file: '../base/clips/one.mcap' }));
  const outside = await cli('datasets', 'import', bad, '--dataset', 'base');
  expect(outside.err).toContain('not a file inside the folder');
});
