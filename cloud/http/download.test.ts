/**
 * Goal: a download is the robot's file, byte for byte, whole, in part, resumed or not at all.
 * Method: every conditional and range request over real HTTP; an object that breaks off half way.
 */
import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { idOfUuid } from '../entity-id.ts';
import { sampleUuid } from '../clip/clip.sample.ts';
import { openApiWorld } from './world.sample.ts';

const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7) % 251);
const path = `/v1/clips/${idOfUuid('clp', sampleUuid(1))}/data`;
const bodyOf = async (response: Response): Promise<Uint8Array> =>
  new Uint8Array(await response.arrayBuffer());

test('the whole file, with everything a cache and a sceptic need', async () => {
  await using world = await openApiWorld();
  const { sha256 } = await world.putClip(1, { bytes });
  const response = await world.get(path);
  expect(response.status).toBe(200);
  const digest = `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`;
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'accept-ranges': 'bytes',
    'cache-control': 'private, max-age=31536000, immutable',
    'content-digest': digest,
    'content-disposition': 'attachment; filename="amr-01_20240531T160838Z_near-miss_00000001.mcap"',
    'content-length': '1000',
    'content-type': 'application/octet-stream',
    etag: `"${sha256}"`,
    'repr-digest': digest,
  });
  expect(await bodyOf(response)).toEqual(bytes);
});

test.each([
  ['bytes=0-0', 0, 1],
  ['bytes=10-19', 10, 20],
  ['bytes=990-', 990, 1000],
  ['bytes=990-5000', 990, 1000],
  ['bytes=-10', 990, 1000],
  ['bytes=-5000', 0, 1000],
  ['Bytes = 5-9', 5, 10],
])('the range %s', async (range, start, end) => {
  await using world = await openApiWorld();
  await world.putClip(1, { bytes });
  const response = await world.get(path, { range });
  expect(response.status).toBe(206);
  expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end - 1}/1000`);
  expect(response.headers.get('content-length')).toBe(String(end - start));
  expect(response.headers.get('content-digest')).toBeNull();
  expect(await bodyOf(response)).toEqual(bytes.subarray(start, end));
});

test.each(['lines=1-2', 'nonsense'])('the unknown unit %s is ignored', async (range) => {
  await using world = await openApiWorld();
  await world.putClip(1, { bytes });
  const response = await world.get(path, { range });
  expect(response.status).toBe(200);
  expect(await bodyOf(response)).toEqual(bytes);
});

test('a range that cannot be had says how long the file is', async () => {
  await using world = await openApiWorld();
  await world.putClip(1, { bytes });
  for (const range of ['bytes=1000-', 'bytes=-0', 'bytes=5-2', 'bytes=0-1,5-6', 'bytes=a-b']) {
    const response = await world.get(path, { range });
    expect(response.status, range).toBe(416);
    expect(response.headers.get('content-range'), range).toBe('bytes */1000');
    await response.arrayBuffer();
  }
});

test('a resumed download goes on only with the same file', async () => {
  await using world = await openApiWorld();
  const { sha256 } = await world.putClip(1, { bytes });
  const same = await world.get(path, { range: 'bytes=500-', 'if-range': `"${sha256}"` });
  expect(same.status).toBe(206);
  const other = await world.get(path, { range: 'bytes=500-', 'if-range': '"other"' });
  expect(other.status).toBe(200);
  expect(await bodyOf(other)).toEqual(bytes);
  await same.arrayBuffer();
});

test('who has the file already gets no bytes', async () => {
  await using world = await openApiWorld();
  const { sha256 } = await world.putClip(1, { bytes });
  for (const tag of [`"${sha256}"`, `W/"${sha256}"`, `"x", "${sha256}"`, '*']) {
    const response = await world.get(path, { 'if-none-match': tag });
    expect(response.status, tag).toBe(304);
    expect(response.headers.get('etag')).toBe(`"${sha256}"`);
  }
  expect((await world.get(path, { 'if-none-match': '"x"' })).status).toBe(200);
});

test('HEAD tells the size without a byte of the body', async () => {
  await using world = await openApiWorld();
  await world.putClip(1, { bytes });
  const head = await fetch(`${world.url}${path}`, {
    method: 'HEAD',
    headers: { authorization: `Bearer ${world.key}`, range: 'bytes=0-9' },
  });
  expect(head.status).toBe(200);
  expect(head.headers.get('content-length')).toBe('1000');
  expect(await bodyOf(head)).toHaveLength(0);
});

test('an empty file is a whole file', async () => {
  await using world = await openApiWorld();
  await world.putClip(1, { bytes: new Uint8Array() });
  const response = await world.get(path);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-length')).toBe('0');
  expect((await world.get(path, { range: 'bytes=0-' })).status).toBe(416);
});

test('a clip whose object is missing is unavailable, not empty', async () => {
  await using world = await openApiWorld();
  const { sha256 } = await world.putClip(1, { bytes });
  await world.bytes.remove(sha256);
  expect((await world.get(path)).status).toBe(503);
});

test('a read that breaks off never looks like the end of the file', async () => {
  await using world = await openApiWorld();
  const { sha256 } = await world.putClip(1, { bytes: new Uint8Array(3_000_000) });
  world.brokenObject = sha256;
  const received = await new Promise<string>((resolve) => {
    const headers = { authorization: `Bearer ${world.key}` };
    request(`${world.url}${path}`, { headers }, (response) => {
      text(response).then(
        (body) => resolve(`whole: ${body.length}`),
        (error: NodeJS.ErrnoException) => resolve(error.code ?? ''),
      );
    }).end();
  });
  expect(received).toBe('ECONNRESET');
  expect(world.errors).toEqual(['answer broke off']);
  world.brokenObject = undefined;
  expect(await bodyOf(await world.get(path))).toHaveLength(3_000_000);
});

test('a client that goes away in the middle of a file is no failure', async () => {
  await using world = await openApiWorld();
  await world.putClip(1, { bytes: new Uint8Array(8_000_000) });
  for (let i = 0; i < 3; i += 1) {
    const stop = new AbortController();
    const headers = { authorization: `Bearer ${world.key}` };
    const response = await fetch(`${world.url}${path}`, { headers, signal: stop.signal });
    const reader = response.body?.getReader();
    expect((await reader?.read())?.value?.length).toBeGreaterThan(0);
    stop.abort();
    await expect(reader?.read()).rejects.toThrow();
  }
  expect(await bodyOf(await world.get(path))).toHaveLength(8_000_000);
  expect(world.errors).toEqual([]);
});
