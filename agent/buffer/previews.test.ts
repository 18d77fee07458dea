/**
 * Goal: what a clip looks like reaches the cloud before its bytes and outlives them, and a manifest
 * that is missing is seen.
 * Method: real buffers on the disk; the rows that wait for the cloud are decoded.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Hex } from '@fieldloop/core';
import { decodeManifest, type Manifest, parseClipManifest, wireLimits } from '@fieldloop/proto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BufferFolder } from './buffer.cases.ts';

let at: BufferFolder;
beforeEach(async () => {
  at = await BufferFolder.make();
});
afterEach(() => at.remove());

const told = (): Manifest[] =>
  at.buffer.rows
    .read('manifests', 0, { rows: 99, bytes: 1e7 })
    .map(({ body }) => decodeManifest(body));

test('previews go up with the manifest, and stay told of when the bytes are evicted', async () => {
  const { clip, cut } = await at.cut({ previews: [2_000, 900] });
  await at.buffer.seal(cut);
  const shown = clip.previews.map(({ kind, sha256, bytes }) => ({
    kind,
    sha256,
    sizeBytes: bytes.length,
    inline: bytes,
  }));
  expect(told()).toMatchObject([{ state: 'held', previews: shown }]);
  await at.reopen({ quotaBytes: cut.sizeBytes });
  await at.seal({ class: 'critical' });
  expect(told()).toMatchObject([
    { state: 'held', clipId: clip.clipId, previews: shown },
    { state: 'evicted', clipId: clip.clipId },
    { state: 'held' },
  ]);
});

test('a clip that is found without its row has the previews that stand in its file', async () => {
  const clip = await at.seal({ previews: [3_000] });
  await at.buffer.close();
  for (const tail of ['', '-wal', '-shm'])
    await rm(join(at.dir, `buffer.db${tail}`), { force: true });
  await at.open();
  expect(told()).toMatchObject([{ clipId: clip.clipId, previews: [{ sizeBytes: 3_000 }] }]);
  expect(sha256Hex(await readFile(at.filePath(clip)))).toBe(clip.sha256);
});

test('a robot with another name offers its clips again, previews and all', async () => {
  await at.buffer.rows.belongTo('amr-1');
  await at.seal({ previews: [500] });
  at.listAll();
  await at.buffer.rows.belongTo('amr-2');
  expect(told().at(-1)).toMatchObject({ state: 'held', previews: [{ sizeBytes: 500 }] });
});

test('previews that the message has no room for are left out, the document never', async () => {
  const wish = { markers: 60, why: 'w'.repeat(300), previews: [3_000, 3_000, 100, 5_000] };
  const { cut } = await at.cut(wish);
  await at.buffer.seal(cut);
  const [manifest] = told();
  expect(manifest?.previews.map(({ sizeBytes }) => sizeBytes)).toContain(100);
  expect(manifest?.previews.length).toBeLessThan(4);
  const [row] = at.buffer.rows.read('manifests', 0, { rows: 1, bytes: 1e6 });
  expect(row?.body.length).toBeLessThanOrEqual(wireLimits.maxManifestBytes);
  expect(parseClipManifest(JSON.parse(manifest?.document ?? '')).markers.length).toBeGreaterThan(0);
});

test('each manifest names the hash of the one before it, across restarts and evictions', async () => {
  await at.seal();
  await at.reopen();
  await at.seal();
  await at.seal({ markers: 60, why: '机'.repeat(200) });
  const documents = told().map(({ document }) => document);
  const prevs = documents.map((text) => parseClipManifest(JSON.parse(text)).prev);
  expect(prevs).toEqual([undefined, ...documents.slice(0, -1).map((text) => sha256Hex(text))]);
});
