/**
 * Goal: what a Foxglove server publishes comes as it was sent, nothing else is asked of it, and a
 * server that goes, lies or falls silent is survived.
 * Method: the server of @foxglove/ws-protocol on 127.0.0.1, under both names of the protocol; bare
 * WebSocket servers for what a good server never does.
 */
import { type AddressInfo, connect, createServer } from 'node:net';
import { FoxgloveServer } from '@foxglove/ws-protocol';
import { seededRandom, silentLog } from '@fieldloop/core';
import { systemClock, systemIds } from '@fieldloop/core/system';
import { afterEach, expect, test } from 'vitest';
import { type WebSocket as Connection, WebSocketServer } from 'ws';
import { quietEveryMs } from '../limits.ts';
import { foxgloveSource } from './foxglove.ts';
import { readFrame, readText } from './foxglove-frames.ts';
import type { SourceItem } from './source.ts';
import { openWanted } from './wanted.ts';

let sockets: WebSocketServer[] = [];
afterEach(() => {
  for (const socket of sockets) {
    for (const client of socket.clients) client.terminate();
    socket.close();
  }
  sockets = [];
});

async function listen(
  protocol: string,
  onConnection: (connection: Connection) => void,
): Promise<string> {
  const socket = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    handleProtocols: (offered) => (offered.has(protocol) ? protocol : false),
  });
  sockets.push(socket);
  socket.on('connection', onConnection);
  await new Promise((resolve) => socket.once('listening', resolve));
  return `ws://127.0.0.1:${(socket.address() as AddressInfo).port}`;
}

const channel = (topic: string, encoding = 'json', more: object = {}) => ({
  topic,
  encoding,
  schemaName: 'Thing',
  schema: '{"type":"object"}',
  ...more,
});

const read = async (
  url: string,
  enough: (items: readonly SourceItem[]) => boolean,
  wanted = openWanted((topic) => topic !== '/camera'),
  slept: number[] = [],
): Promise<SourceItem[]> => {
  const stopping = new AbortController();
  const clock = {
    ...systemClock,
    sleep: (ms: number, signal?: AbortSignal) => {
      slept.push(ms);
      return systemClock.sleep(Math.min(ms, 20), signal);
    },
  };
  const deps = { clock, ids: systemIds, random: seededRandom(1), log: silentLog, wanted };
  const items: SourceItem[] = [];
  for await (const item of foxgloveSource({ name: 'live', url }, deps).items(stopping.signal)) {
    items.push(item);
    if (enough(items)) stopping.abort();
  }
  return items;
};

interface Came {
  readonly topic: string | undefined;
  readonly atNs: bigint;
  readonly sequence: number | undefined;
  readonly text: string;
}

function messages(items: readonly SourceItem[]): Came[] {
  const topics = new Map<number, string>();
  return items.flatMap((item) => {
    if (item.kind === 'channel') topics.set(item.channel.id, item.channel.topic);
    if (item.kind !== 'block') return [];
    const { block } = item;
    return Array.from({ length: block.count }, (_, i) => ({
      topic: topics.get(block.channelIds[i] ?? 0),
      atNs: block.baseNs + BigInt(block.timesNs[i] ?? 0),
      sequence: block.sequences[i],
      text: Buffer.from(block.data.subarray(block.starts[i], block.ends[i])).toString(),
    }));
  });
}

const channels = (items: readonly SourceItem[]) =>
  items.flatMap((item) => (item.kind === 'channel' ? [item.channel] : []));

test.each(['foxglove.websocket.v1', 'foxglove.sdk.v1'])(
  "%s: what is wanted is subscribed to, and comes with the server's times",
  async (protocol) => {
    const server = new FoxgloveServer({ name: 'robot' });
    const odom = server.addChannel(channel('/odom'));
    const camera = server.addChannel(channel('/camera'));
    const asked: number[] = [];
    server.on('subscribe', (id) => {
      asked.push(id);
      for (let i = 0; i < 500; i += 1) {
        server.sendMessage(odom, 1_700_000_000_000_000_000n + BigInt(i), Buffer.from(`{"i":${i}}`));
        server.sendMessage(camera, 1n, Buffer.from('not asked for'));
      }
    });
    const url = await listen(protocol, (connection) =>
      server.handleConnection(connection as never, 'test'),
    );
    const items = await read(url, (so) => messages(so).length >= 500);
    expect(asked).toEqual([odom]);
    const came = messages(items);
    expect(came).toHaveLength(500);
    expect(came[499]).toEqual({
      topic: '/odom',
      atNs: 1_700_000_000_000_000_499n,
      sequence: 500,
      text: '{"i":499}',
    });
    expect(items[0]).toMatchObject({
      kind: 'begin',
      session: { live: true, recording: `${url}/`.slice(0, -1) },
    });
    const [only] = channels(items);
    expect(only).toMatchObject({
      topic: '/odom',
      messageEncoding: 'json',
      schema: { encoding: 'jsonschema', name: 'Thing' },
    });
  },
);

test('schemas: base64 for protobuf, implied for ROS, as named otherwise', () => {
  const text = (more: object): string =>
    JSON.stringify({ op: 'advertise', channels: [{ id: 7, ...more }] });
  const schemaOf = (more: object) => {
    const said = readText(text(more));
    return said.kind === 'advertise' ? said.channels[0]?.schema : undefined;
  };
  const bytes = Buffer.from([1, 2, 250]);
  expect(schemaOf(channel('/a', 'protobuf', { schema: bytes.toString('base64') }))).toEqual({
    name: 'Thing',
    encoding: 'protobuf',
    data: new Uint8Array(bytes),
  });
  expect(schemaOf(channel('/a', 'cdr'))?.encoding).toBe('ros2msg');
  expect(schemaOf(channel('/a', 'ros1'))?.encoding).toBe('ros1msg');
  expect(schemaOf(channel('/a', 'cdr', { schemaEncoding: 'ros2idl' }))?.encoding).toBe('ros2idl');
  expect(schemaOf(channel('/a', 'json', { schema: '', schemaName: '' }))).toBeUndefined();
  // Its name is told; what nobody says how to read would make a clip that no reader takes.
  expect(schemaOf(channel('/a', 'cbor'))).toMatchObject({ name: 'Thing', encoding: '' });
  expect(schemaOf(channel('/a', 'cbor'))?.data).toHaveLength(0);
});

test('a topic that goes and comes again with another schema is another channel', async () => {
  const server = new FoxgloveServer({ name: 'robot' });
  let id = server.addChannel(channel('/odom'));
  let asked = 0;
  server.on('subscribe', () => {
    asked += 1;
    server.sendMessage(id, BigInt(asked), Buffer.from(`{"n":${asked}}`));
    if (asked > 3) return;
    server.removeChannel(id);
    // The second time it is the same, the third time not.
    id = server.addChannel(channel('/odom', 'json', asked < 2 ? {} : { schemaName: 'Other' }));
  });
  const url = await listen('foxglove.sdk.v1', (connection) =>
    server.handleConnection(connection as never, 'test'),
  );
  const items = await read(url, (so) => messages(so).length >= 4);
  expect(channels(items).map(({ schema }) => schema?.name)).toEqual(['Thing', 'Other']);
  expect(new Set(channels(items).map((one) => one.id)).size).toBe(2);
});

test('an id that is advertised anew as something else is subscribed to anew', async () => {
  const said: string[] = [];
  const url = await listen('foxglove.sdk.v1', (connection) => {
    const advertise = (topic: string, schemaName: string): void =>
      connection.send(
        JSON.stringify({ op: 'advertise', channels: [{ id: 1, ...channel(topic), schemaName }] }),
      );
    const send = (subscription: number, text: string): void => {
      const head = Buffer.alloc(13, 1);
      head.writeUInt32LE(subscription, 1);
      connection.send(Buffer.concat([head, Buffer.from(text)]));
    };
    connection.on('message', (data: Buffer) => {
      const { op } = JSON.parse(data.toString()) as { op: string };
      said.push(op);
      if (op !== 'subscribe') return;
      if (said.length > 1) return send(2, '{"b":2}');
      send(1, '{"a":1}');
      // The same again changes nothing.
      advertise('/a', 'Old');
      advertise('/b', 'New');
      // What was still sent under the old subscription may be either.
      send(1, '{"b":1}');
    });
    advertise('/a', 'Old');
  });
  const items = await read(url, (so) => messages(so).length >= 2);
  expect(said).toEqual(['subscribe', 'unsubscribe', 'subscribe']);
  expect(messages(items).map(({ topic, text }) => [topic, text])).toEqual([
    ['/a', '{"a":1}'],
    ['/b', '{"b":2}'],
  ]);
  expect(channels(items).map(({ schema }) => schema?.name)).toEqual(['Old', 'New']);
});

test('other rules: what they want is subscribed to, the rest is let go', async () => {
  const server = new FoxgloveServer({ name: 'robot' });
  const ids = new Map(
    ['/odom', '/scan'].map((topic) => [server.addChannel(channel(topic)), topic]),
  );
  const said: string[] = [];
  const timer = setInterval(() => {
    for (const id of ids.keys()) server.sendMessage(id, 5n, Buffer.from('{}'));
  }, 5);
  server.on('subscribe', (id) => said.push(`+${ids.get(id) ?? ''}`));
  server.on('unsubscribe', (id) => said.push(`-${ids.get(id) ?? ''}`));
  const url = await listen('foxglove.sdk.v1', (connection) =>
    server.handleConnection(connection as never, 'test'),
  );
  const wanted = openWanted((topic) => topic === '/odom');
  let changed = false;
  const items = await read(
    url,
    (so) => {
      if (!changed && messages(so).length > 3) {
        changed = true;
        wanted.set((topic) => topic === '/scan');
      }
      return messages(so).some(({ topic }) => topic === '/scan');
    },
    wanted,
  );
  clearInterval(timer);
  expect(said.slice(0, 3)).toEqual(['+/odom', '-/odom', '+/scan']);
  expect(channels(items).map(({ topic }) => topic)).toEqual(['/odom', '/scan']);
});

test('a server that goes away is connected with again, as another session', async () => {
  const server = new FoxgloveServer({ name: 'robot' });
  const odom = server.addChannel(channel('/odom'));
  let first: Connection | undefined;
  let asked = 0;
  server.on('subscribe', () => {
    asked += 1;
    server.sendMessage(odom, 5n, Buffer.from('{}'));
    if (asked === 1) setTimeout(() => first?.terminate(), 50);
  });
  const url = await listen('foxglove.sdk.v1', (connection) => {
    first ??= connection;
    server.handleConnection(connection as never, 'test');
  });
  const items = await read(url, (so) => messages(so).length === 2);
  const kinds = items.map(({ kind }) => kind).filter((kind) => kind !== 'quiet');
  expect(kinds).toEqual([
    'begin',
    'channel',
    'block',
    'end',
    'waiting',
    'begin',
    'channel',
    'block',
  ]);
  const sessions = items.flatMap((item) => (item.kind === 'begin' ? [item.session.id] : []));
  expect(new Set(sessions).size).toBe(2);
});

test.each([
  ['a text that is not JSON', 'hello'],
  ['a text without op', '{"a":1}'],
  ['channels that are no list', '{"op":"advertise","channels":7}'],
  ['a channel without a topic', '{"op":"advertise","channels":[{"id":1}]}'],
  ['a channel without a number', '{"op":"advertise","channels":[{"id":"x","topic":"/a"}]}'],
  ['a frame without a head', Buffer.from([1, 2, 3])],
  ['an empty frame', Buffer.alloc(0)],
])('%s: the connection ends with its fault, and is tried again', async (_, rubbish) => {
  const url = await listen('foxglove.sdk.v1', (connection) => connection.send(rubbish));
  const items = await read(url, (so) => so.at(-1)?.kind === 'waiting');
  const end = items.find(({ kind }) => kind === 'end');
  expect(end).toMatchObject({ fault: { code: 'corrupt' } });
});

test.each([
  ['that closes each connection', (connection: Connection) => connection.close()],
  ['that says rubbish each time', (connection: Connection) => connection.send('hello')],
])('a server %s is tried ever more seldom', async (_, answer) => {
  const url = await listen('foxglove.sdk.v1', answer);
  const slept: number[] = [];
  const items = await read(
    url,
    (so) => so.filter(({ kind }) => kind === 'end').length === 12,
    undefined,
    slept,
  );
  expect(items.filter(({ kind }) => kind === 'begin')).toHaveLength(12);
  expect(Math.max(...slept)).toBeGreaterThan(4_000);
});

test.each([
  ['its time', Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 0]), 0],
  ['its status', JSON.stringify({ op: 'status', level: 0, message: 'fine' }), 3 * quietEveryMs],
])(
  'a server that sends %s and nothing else is silent, told of as seldom as any',
  async (_, frame, leastMs) => {
    const timers: NodeJS.Timeout[] = [];
    const url = await listen('foxglove.sdk.v1', (connection) => {
      timers.push(setInterval(() => connection.send(frame), 1));
    });
    const items = await read(url, (so) => so.filter(({ kind }) => kind === 'quiet').length === 4);
    for (const timer of timers) clearInterval(timer);
    const quietMs = items.flatMap((item) => (item.kind === 'quiet' ? [item.ms] : []));
    expect(quietMs).toHaveLength(4);
    expect(Math.max(...quietMs)).toBeGreaterThan(leastMs);
  },
);

test('a machine that was off for a moment is connected with again, though nobody said goodbye', async () => {
  const server = new FoxgloveServer({ name: 'robot' });
  const odom = server.addChannel(channel('/odom'));
  server.on('subscribe', () => server.sendMessage(odom, 5n, Buffer.from('{}')));
  const url = new URL(
    await listen('foxglove.sdk.v1', (connection) =>
      server.handleConnection(connection as never, 'test'),
    ),
  );
  // Of the first connection nothing is known any more once a message came.
  let isOff = false;
  const between = createServer((near) => {
    const far = connect(Number(url.port), url.hostname);
    const isFirst = !isOff;
    near.on('data', (data) => (isOff && isFirst ? near.resetAndDestroy() : far.write(data)));
    far.on('data', (data) => near.write(data));
    for (const socket of [near, far]) socket.on('error', () => undefined);
    near.on('close', () => far.destroy());
  });
  await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve));
  let ms = 0;
  const clock = {
    ...systemClock,
    monotonicMs: () => ms,
    async sleep(asked: number, signal?: AbortSignal) {
      ms += asked;
      await systemClock.sleep(1, signal);
    },
  };
  const wanted = openWanted(() => true);
  const deps = { clock, ids: systemIds, random: seededRandom(1), log: silentLog, wanted };
  const stopping = new AbortController();
  const near = `ws://127.0.0.1:${(between.address() as AddressInfo).port}`;
  let begun = 0;
  for await (const { kind } of foxgloveSource({ name: 'live', url: near }, deps).items(
    stopping.signal,
  )) {
    begun += Number(kind === 'begin');
    isOff ||= kind === 'block';
    if (begun === 2 || ms > 60_000) stopping.abort();
  }
  between.close();
  expect(begun).toBe(2);
});

test('nobody there, and a server of another protocol: it says so and waits', async () => {
  const other = await listen('mqtt', () => undefined);
  for (const url of [other, 'ws://127.0.0.1:1']) {
    const items = await read(url, (so) => so.length === 2);
    expect(items).toEqual([
      { kind: 'waiting', reason: 'the Foxglove server does not answer' },
      { kind: 'waiting', reason: 'the Foxglove server does not answer' },
    ]);
  }
});

test('frames that this version does not know are passed over', () => {
  expect(readFrame(new Uint8Array([9, 1, 2]))).toEqual({ kind: 'other' });
  expect(readText('{"op":"newThing"}')).toEqual({ kind: 'other' });
  const time = new Uint8Array(9);
  time[0] = 2;
  time[1] = 7;
  expect(readFrame(time)).toEqual({ kind: 'time', ns: 7n });
});
