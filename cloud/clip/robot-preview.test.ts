/**
 * Goal: an operator sees a clip before its bytes come and when they never will; what a robot sends
 * beside its manifest is believed only where it is what the manifest says.
 * Method: manifests as the wire brings them, read back over real HTTP.
 */
import { gzipSync } from 'node:zlib';
import { canonicalJson, sha256Hex } from '@fieldloop/core';
import { type ClipManifest, encodeManifest, type Preview } from '@fieldloop/proto';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { idOfUuid } from '../entity-id.ts';
import { type ApiWorld, openApiWorld } from '../http/world.sample.ts';
import { decodeRows } from '../ingest/decode-rows.ts';
import { clipCareStore } from './care-store.ts';
import { sampleManifest, sampleUuid } from './clip.sample.ts';
import { clipStore } from './store.ts';

const clipId = (n: number): string => idOfUuid('clp', sampleUuid(n));
const at = Date.UTC(2026, 0, 1);

const previewOf = (kind: string, bytes: Uint8Array): Preview => ({
  kind,
  sha256: sha256Hex(bytes),
  sizeBytes: bytes.length,
  inline: bytes,
});

const sketch = {
  startNs: '1',
  stepMs: 20,
  signals: [{ name: 'vx', unit: 'm/s', values: [0.1, null, 2] }],
};

async function jpeg(): Promise<Uint8Array> {
  const create = { width: 32, height: 24, channels: 3, background: '#204060' } as const;
  return new Uint8Array(await sharp({ create }).jpeg().toBuffer());
}

/** The manifest of clip `n`, as its robot sends it. */
async function send(
  world: ApiWorld,
  n: number,
  sent: readonly Preview[],
  more: Partial<ClipManifest> = {},
): Promise<string | undefined> {
  const previews = sent.map(({ kind, sha256, sizeBytes }) => ({
    kind: kind as 'thumbnail' | 'sketch',
    sha256,
    sizeBytes,
    mediaType: kind === 'sketch' ? 'application/json+gzip' : 'image/jpeg',
    ...(kind === 'sketch' ? {} : { topic: '/camera', atNs: '5', width: 32, height: 24 }),
  }));
  const manifest = { ...sampleManifest(n), previews, ...more };
  const payload = encodeManifest({
    origin: 1n,
    seq: BigInt(n),
    clipId: manifest.clipId,
    sha256: manifest.sha256,
    sizeBytes: manifest.sizeBytes,
    media: 'application/x-mcap',
    class: manifest.class,
    priority: 1,
    document: canonicalJson(manifest),
    previews: sent,
    state: 'held',
  });
  const { rows } = decodeRows({ device: 'amr-01', lane: 'manifests', payload, at });
  return await world.db.transaction().execute(async (trx) => await rows[0]?.put?.(trx));
}

test('a clip on its robot shows its picture, its sketch and what the robot told of it', async () => {
  await using world = await openApiWorld();
  const picture = await jpeg();
  const drawn = gzipSync(JSON.stringify(sketch));
  const sent = [previewOf('thumbnail', picture), previewOf('sketch', new Uint8Array(drawn))];
  const failed = [{ topic: '/fix', why: 'torn' }];
  const told = {
    files: [{ file: '/bags/a.mcap', fromOffset: 10, throughOffset: 900, chunks: 3 }],
    mergedFrom: [sampleUuid(77)],
    redaction: { digest: sha256Hex('policy'), topics: ['/fix'], failed },
    dropped: [{ topic: '/fix', why: 'redaction_failed' as const, messages: 0 }],
    clock: { source: 'system', synced: false },
  };
  expect(await send(world, 1, sent, told)).toBeUndefined();
  const path = `/v1/clips/${clipId(1)}`;
  expect(await (await world.get(path)).json()).toMatchObject({
    state: 'on_device',
    previews: [{ n: 0, kind: 'thumbnail', topic: '/camera', atNs: '5', width: 32 }],
    recordedIn: told.files,
    mergedFrom: [idOfUuid('clp', sampleUuid(77))],
    redaction: told.redaction,
    dropped: told.dropped,
    clock: told.clock,
  });
  const shown = await world.get(`${path}/previews/0`);
  expect(shown.headers.get('content-type')).toBe('image/jpeg');
  expect(new Uint8Array(await shown.arrayBuffer())).toEqual(picture);
  expect(await (await world.get(`${path}/sketch`)).json()).toEqual(sketch);
  expect((await world.get(`${path}/previews/1`)).status).toBe(404);
  await clipStore(world.db).markEvicted('amr-01', sampleManifest(1).sha256, at);
  expect((await world.get(`${path}/previews/0`)).status).toBe(200);
  expect((await world.get(`${path}/sketch`)).status).toBe(200);
});

test('the same manifest again changes nothing, and erasing takes what was shown', async () => {
  await using world = await openApiWorld();
  const sent = [previewOf('thumbnail', await jpeg())];
  await send(world, 1, sent);
  expect(await send(world, 1, sent)).toBeUndefined();
  const clip = await clipStore(world.db).get(clipId(1));
  if (clip === undefined) throw new Error('no clip');
  await clipCareStore(world.db).erase(clip, 'asked for', { at, by: 'test' });
  expect((await world.get(`/v1/clips/${clipId(1)}/previews/0`)).status).not.toBe(200);
  const left = await world.db.selectFrom('clip_robot_preview').selectAll().execute();
  expect(left).toEqual([]);
});

test('what is not what the manifest says is not shown, and the manifest is taken all the same', async () => {
  await using world = await openApiWorld();
  const page = new TextEncoder().encode('<script>alert(1)</script>');
  const picture = await jpeg();
  const wrong = { ...previewOf('thumbnail', picture), inline: page };
  const bomb = gzipSync(Buffer.alloc(900_000));
  const sent = [
    previewOf('thumbnail', page),
    { ...wrong, sizeBytes: page.length },
    previewOf('sketch', new Uint8Array(bomb)),
  ];
  expect(await send(world, 1, sent)).toBeUndefined();
  const path = `/v1/clips/${clipId(1)}`;
  expect(await (await world.get(path)).json()).toMatchObject({ previews: [] });
  expect((await world.get(`${path}/previews/0`)).status).not.toBe(200);
  expect((await world.get(`${path}/sketch`)).status).toBe(422);
});

test('a manifest of a later version is taken without what this one does not know', async () => {
  await using world = await openApiWorld();
  const later = { hologram: { sha256: 'x' } } as Partial<ClipManifest>;
  expect(await send(world, 1, [], later)).toBeUndefined();
  expect(await (await world.get(`/v1/clips/${clipId(1)}`)).json()).toMatchObject({ previews: [] });
});
