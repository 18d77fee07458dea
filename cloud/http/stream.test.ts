/**
 * Goal: whoever listens hears every change once and in order, also after a break, and nobody who
 * may not.
 * Method: real connections, changes meanwhile, breaks with Last-Event-ID, keys that end.
 */
import { systemClock } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { maxStreamsOfCaller, streamBeatMs } from '../limits.ts';
import { putOutbox } from '../store/outbox.ts';
import { type OutboxKind, outboxKinds } from '../store/outbox-kinds.ts';
import { topicOf } from './stream.ts';
import { type ApiWorld, openApiWorld } from './world.sample.ts';

interface Heard {
  readonly id: string;
  readonly event: string;
  readonly data: { readonly subject: string; readonly kind: string };
}

async function put(
  world: ApiWorld,
  subject: string,
  kind: OutboxKind = 'clip.stored',
): Promise<void> {
  const body = { device: subject.startsWith('b') ? 'amr-02' : 'amr-01' };
  await world.db
    .transaction()
    .execute(async (trx) => await putOutbox(trx, { kind, subject, at: Date.now(), body }));
}

/** Reads events until `count` of them came, then goes away. */
async function hear(
  world: ApiWorld,
  options: {
    readonly count: number;
    readonly query?: string;
    readonly last?: string;
    readonly onOpen?: () => Promise<void>;
  },
): Promise<readonly Heard[]> {
  const headers = options.last === undefined ? {} : { 'last-event-id': options.last };
  const response = await world.get(`/v1/stream${options.query ?? ''}`, headers);
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const heard: Heard[] = [];
  let text = '';
  let isOpen = false;
  const decoder = new TextDecoder();
  for await (const part of response.body ?? []) {
    text += decoder.decode(part, { stream: true });
    if (!isOpen) await options.onOpen?.();
    isOpen = true;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const one = eventOf(text.slice(0, end));
      text = text.slice(end + 2);
      if (one !== undefined) heard.push(one);
    }
    if (heard.length >= options.count) break;
  }
  return heard;
}

function eventOf(text: string): Heard | undefined {
  if (text.startsWith(':')) return undefined;
  const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1] ?? '';
  return { id: field('id'), event: field('event'), data: JSON.parse(field('data')) };
}

test('a client hears what is committed while it listens', async () => {
  await using world = await openApiWorld();
  await put(world, 'before');
  const heard = await hear(world, {
    count: 2,
    onOpen: async () => {
      await put(world, 'one');
      await put(world, 'two');
    },
  });
  expect(heard.map(({ data }) => data.subject)).toEqual(['one', 'two']);
  expect(heard[0]).toMatchObject({ event: 'clip.stored', data: { kind: 'clip.stored' } });
});

test('a client that comes back hears everything since its last event, once, then goes on', async () => {
  await using world = await openApiWorld();
  const [first] = await hear(world, { count: 1, onOpen: async () => await put(world, 'first') });
  await world.db.transaction().execute(async (trx) => {
    for (let n = 0; n < 1200; n += 1) {
      const row = { subject: `missed ${n}`, at: Date.now(), body: {} };
      await putOutbox(trx, { ...row, kind: 'clip.stored' });
    }
  });
  const heard = await hear(world, {
    count: 1201,
    last: first?.id ?? '',
    onOpen: async () => await put(world, 'live'),
  });
  const subjects = heard.map(({ data }) => data.subject);
  expect(new Set(subjects).size).toBe(subjects.length);
  expect(subjects.filter((one) => one.startsWith('missed'))).toEqual(
    Array.from({ length: 1200 }, (_, n) => `missed ${n}`),
  );
});

test('a client that heard nothing before its connection broke misses nothing either', async () => {
  await using world = await openApiWorld();
  await put(world, 'before');
  const stop = new AbortController();
  const headers = { authorization: `Bearer ${world.key}` };
  const quiet = await fetch(`${world.url}/v1/stream`, { headers, signal: stop.signal });
  const { value } = (await quiet.body?.getReader().read()) ?? {};
  const last = /^id: (\d+)$/m.exec(new TextDecoder().decode(value))?.[1] ?? '';
  stop.abort();
  await put(world, 'meanwhile');
  const [heard] = await hear(world, { count: 1, last });
  expect(heard?.data.subject).toBe('meanwhile');
});

test('a client that was away for longer than is kept is told to begin anew', async () => {
  await using world = await openApiWorld();
  for (const n of [1, 2, 3]) await put(world, `old ${n}`);
  await world.db.deleteFrom('outbox').execute();
  await put(world, 'new');
  const [reset] = await hear(world, { count: 1, last: '1' });
  expect(reset?.event).toBe('reset');
  const [ahead] = await hear(world, { count: 1, last: '999999' });
  expect(ahead?.event).toBe('reset');
});

test('topics and device narrow what is heard, and rights bound it', async () => {
  await using world = await openApiWorld();
  const heard = await hear(world, {
    count: 1,
    query: `?topics=clips&q=${encodeURIComponent('device:amr-02 and not kind:alert.*')}`,
    onOpen: async () => {
      await put(world, 'a');
      await put(world, 'b', 'alert.fired');
      await put(world, 'b2');
    },
  });
  expect(heard.map(({ data }) => data.subject)).toEqual(['b2']);
  const key = await world.makeKey(['clips:read']);
  const headers = { authorization: `Bearer ${key}` };
  expect((await world.get('/v1/stream?topics=alerts', headers)).status).toBe(403);
  expect((await world.get('/v1/stream?topics=clip')).status).toBe(400);
  expect((await world.get('/v1/stream?q=devise:x')).status).toBe(400);
  expect((await world.get('/v1/stream', { 'last-event-id': 'x' })).status).toBe(400);
  expect((await fetch(`${world.url}/v1/stream`)).status).toBe(401);
});

test('rights that are taken away while somebody listens end what they gave', async () => {
  let beats = 0;
  const sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
    beats += Number(ms === streamBeatMs);
    await systemClock.sleep(ms === streamBeatMs ? 20 : ms, signal);
  };
  await using world = await openApiWorld({ clock: { ...systemClock, sleep } });
  const key = await world.makeKey(['clips:read', 'alerts:read']);
  const id = `key_${key.split('_')[1]}`;
  const headers = { authorization: `Bearer ${key}` };
  const change = async (body: object): Promise<void> => {
    expect((await world.patch(`/v1/apiKeys/${id}`, body, { 'if-match': '*' })).status).toBe(200);
  };
  const named = await world.get('/v1/stream?topics=alerts', headers);
  const all = await world.get('/v1/stream', headers);
  await change({ scopes: ['clips:read'] });
  expect(await named.text()).not.toContain('alert');
  // Rights are looked at before each beat: the second from here on knows of the change.
  const seen = beats;
  await expect.poll(() => beats).toBeGreaterThan(seen + 1);
  await put(world, 'secret', 'alert.fired');
  await put(world, 'a');
  let text = '';
  for await (const part of all.body ?? []) {
    text += new TextDecoder().decode(part);
    if (text.includes('clip.stored')) break;
  }
  expect(text).not.toContain('alert.fired');
  const rest = await world.get('/v1/stream', headers);
  const made = await world.post('/v1/cohorts', { name: 'some', devices: ['amr-01'] });
  const { id: cohort } = (await made.json()) as { id: string };
  await change({ cohorts: [cohort] });
  expect(await rest.text()).toContain(': hello');
});

test('nobody takes every place of the stream, and HEAD takes none', async () => {
  await using world = await openApiWorld();
  const viewer = { authorization: `Bearer ${await world.keyAs('viewer')}` };
  const head = await fetch(`${world.url}/v1/stream`, { method: 'HEAD', headers: viewer });
  expect([head.status, head.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  await expect.poll(() => world.api.streams()).toBe(0);
  const stop = new AbortController();
  const open = async (): Promise<number> =>
    (await fetch(`${world.url}/v1/stream`, { headers: viewer, signal: stop.signal })).status;
  for (let n = 0; n < maxStreamsOfCaller; n += 1) expect(await open()).toBe(200);
  expect(await open()).toBe(429);
  expect((await hear(world, { count: 1, onOpen: async () => await put(world, 'a') })).length).toBe(
    1,
  );
  stop.abort();
  await expect.poll(() => world.api.streams(), { timeout: 5000 }).toBe(0);
});

test('a stream ends when the cloud stops, and no client is left', async () => {
  const world = await openApiWorld();
  const response = await world.get('/v1/stream');
  expect(world.api.streams()).toBe(1);
  const ended = response.text();
  await world[Symbol.asyncDispose]();
  expect(await ended).toContain(': hello');
  expect(world.api.streams()).toBe(0);
});

test('every kind of the outbox is of a topic', () => {
  expect(Object.keys(outboxKinds).filter((kind) => topicOf(kind) === undefined)).toEqual([]);
});
