/**
 * Goal: whoever watches sees every event once, also when the connection breaks in between.
 * Method: a real API; behind a server that cuts each connection after one event, the same events.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ApiWorld, openApiWorld } from '@fieldloop/cloud/sample';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sampleIo } from './io.sample.ts';
import { runCli } from './main.ts';

let world: ApiWorld;
beforeEach(async () => {
  world = await openApiWorld();
});
afterEach(async () => await world[Symbol.asyncDispose]());

async function watch(line: string, url = world.url) {
  const io = sampleIo({ env: { FIELDLOOP_API_URL: url, FIELDLOOP_API_KEY: world.key } });
  const code = await runCli(['watch', ...line.split(' ')], io);
  return { code, ...io.written };
}

/** Hands requests to the API and cuts a stream behind its first event. */
async function cutting(): Promise<{ url: string; asked: string[] } & AsyncDisposable> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const last = request.headers['last-event-id'];
    asked.push(String(last));
    const headers = {
      authorization: request.headers.authorization ?? '',
      ...(last === undefined ? {} : { 'last-event-id': String(last) }),
    };
    void fetch(`${world.url}${request.url ?? ''}`, { headers }).then(async ({ status, body }) => {
      response.writeHead(status, { 'content-type': 'text/event-stream' });
      let text = '';
      for await (const part of body ?? []) {
        text += new TextDecoder().decode(part);
        const first = text.split('\n\n').find((one) => /^data: .*$/m.test(one));
        if (first === undefined || !text.includes(`${first}\n\n`)) continue;
        response.end(`${first}\n\n`);
        break;
      }
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}

test('events are lines for people and documents for programs, and a topic narrows them', async () => {
  await world.putClip(1);
  const lines = await watch('--after 1 --limit 2');
  expect(lines.code).toBe(0);
  expect(lines.out).toMatch(/device.created +amr-02 +dev_\w+\n.* clip.known +amr-01 +clp_\w+/);
  const rows = await watch('--after 1 --limit 1 --topics clips -o ndjson');
  expect(JSON.parse(rows.out)).toMatchObject({ kind: 'clip.known', body: { device: 'amr-01' } });
  const wrong = await watch('--q devise:x');
  expect(wrong).toMatchObject({ code: 2 });
  expect(wrong.err).toContain('  devise:x\n  ^^^^^^\n');
});

test('after a break it goes on behind the last event that came', async () => {
  for (const n of [1, 2, 3]) await world.putClip(n);
  await using cut = await cutting();
  const { code, out, err } = await watch('--after 1 --limit 3 -o ndjson', cut.url);
  expect(code).toBe(0);
  const seqs = out
    .trim()
    .split('\n')
    .map((line) => Number((JSON.parse(line) as { seq: string }).seq));
  expect(seqs).toHaveLength(3);
  expect(cut.asked).toEqual(['1', ...seqs.slice(0, 2).map(String)]);
  expect(err).toMatch(/^the stream broke off \(the cloud ended it\); it goes on in a moment\n/);
});

test('a stop ends it well, a cloud that never answered is a fault, and a gap is said', async () => {
  const io = sampleIo({
    env: { FIELDLOOP_API_URL: world.url, FIELDLOOP_API_KEY: world.key },
    stopRequested: async () => await Promise.resolve(),
  });
  expect(await runCli(['watch'], io)).toBe(0);
  expect((await watch('--limit 1', 'http://127.0.0.1:65534')).code).toBe(8);
  await using cut = await cutting();
  const stopped = Promise.withResolvers<undefined>();
  let said = '';
  const gap = sampleIo({
    env: { FIELDLOOP_API_URL: cut.url, FIELDLOOP_API_KEY: world.key },
    stopRequested: async () => await stopped.promise,
    err: (text) => {
      said += text;
      stopped.resolve(undefined);
    },
  });
  expect(await runCli(['watch', '--after', '999999'], gap)).toBe(0);
  expect(said).toContain('some events are missing');
});
