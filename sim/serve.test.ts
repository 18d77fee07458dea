/**
 * Goal: readers get a whole MCAP stream in simulated time, come and go, and slow nobody down.
 * Method: real sockets on 127.0.0.1; a clock that jumps from slice to slice instead of waiting.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type Clock, silentLog } from '@fieldloop/core';
import { openMcapParser, type RecordingItem } from '@fieldloop/recording';
import { expect, test } from 'vitest';
import { outputs } from './channels.ts';
import { defaultStartNs, recordRobot } from './record.ts';
import { type Fleet, type FleetOptions, serveFleet } from './serve.ts';
import type { TruthLine } from './truth.ts';

/** Each sleep is over after a turn of the event loop; the world sees time pass all the same. */
function jumpingClock(): Clock {
  let ms = 0;
  return {
    now: () => Number(defaultStartNs / 1_000_000n),
    monotonicMs: () => ms,
    sleep: async (wanted) => {
      await new Promise((resolve) => setImmediate(resolve));
      ms += wanted;
    },
  };
}

async function open(options: Partial<FleetOptions> = {}): Promise<Fleet> {
  return serveFleet({ seed: '7', robots: 1, clock: jumpingClock(), log: silentLog, ...options });
}

function portOf(fleet: Fleet, robot = 0): number {
  return Number(new URL(fleet.robots[robot]?.url ?? '').port);
}

interface Reader {
  readonly items: RecordingItem[];
  readonly socket: Socket;
  /** Resolves when so many messages came. */
  until(messages: number): Promise<void>;
  count(): number;
}

function read(fleet: Fleet, robot = 0): Reader {
  const socket = connect(portOf(fleet, robot), '127.0.0.1');
  const parser = openMcapParser('live');
  const items: RecordingItem[] = [];
  const count = (): number =>
    items.reduce((sum, item) => sum + (item.kind === 'block' ? item.block.count : 0), 0);
  let wake = (): void => {};
  socket.on('data', (bytes) => {
    items.push(...parser.push(new Uint8Array(bytes)));
    wake();
  });
  return {
    items,
    socket,
    count,
    until: (messages) =>
      new Promise((resolve) => {
        wake = () => (count() >= messages ? resolve() : undefined);
        wake();
      }),
  };
}

interface Line {
  readonly topic: string;
  readonly atNs: bigint;
  readonly data: string;
}

function messagesOf(items: readonly RecordingItem[]): Line[] {
  const topics = new Map<number, string>();
  const lines: Line[] = [];
  for (const item of items) {
    if (item.kind === 'channel') topics.set(item.channel.id, item.channel.topic);
    if (item.kind !== 'block') continue;
    const { block } = item;
    for (let i = 0; i < block.count; i += 1) {
      lines.push({
        topic: topics.get(block.channelIds[i] ?? -1) ?? '',
        atNs: block.baseNs + BigInt(block.timesNs[i] ?? 0),
        data: Buffer.from(block.data.subarray(block.starts[i], block.ends[i])).toString('base64'),
      });
    }
  }
  return lines;
}

test('a reader gets every channel first, the latched message, then what a recording holds', async () => {
  const pieces: Uint8Array[] = [];
  const out = {
    write: async (bytes: Uint8Array) => void pieces.push(bytes.slice()),
    sync: async () => {},
  };
  await recordRobot({ seed: '7', robots: 1, robot: 'amr-01', seconds: 3, out });
  const parser = openMcapParser('recorded');
  const wanted = messagesOf(parser.push(new Uint8Array(Buffer.concat(pieces))));

  await using fleet = await open({ start: 'readers' });
  const reader = read(fleet);
  await reader.until(wanted.length);
  const kinds = reader.items.map((item) => item.kind);
  const firstBlock = kinds.indexOf('block');
  expect(kinds.slice(0, firstBlock).filter((kind) => kind === 'channel')).toHaveLength(
    outputs.length,
  );
  const live = messagesOf(reader.items).slice(0, wanted.length);
  expect(live[0]?.topic).toBe('/tf_static');
  expect(live).toEqual(wanted);
});

test('a reader that comes later starts in the middle, and the stream ends in order', async () => {
  const fleet = await open();
  const first = read(fleet);
  await first.until(400);
  first.socket.destroy();
  const second = read(fleet);
  await second.until(100);
  const lines = messagesOf(second.items);
  expect(lines[0]?.topic).toBe('/tf_static');
  expect(lines[1]?.atNs).toBeGreaterThan(defaultStartNs + 1_000_000_000n);
  const ended = once(second.socket, 'end');
  await fleet.close();
  await ended;
  expect(second.items.at(-1)?.kind).toBe('block');
});

test('two readers of one robot get the same, and robots have streams of their own', async () => {
  await using fleet = await open({ robots: 2, start: 'readers' });
  const readers = [read(fleet, 0), read(fleet, 0), read(fleet, 1)];
  await Promise.all(readers.map((reader) => reader.until(300)));
  const [one, two, other] = readers.map((reader) => messagesOf(reader.items).slice(20, 280));
  const both = Math.min(one?.length ?? 0, two?.length ?? 0);
  expect(both).toBe(260);
  const images = (lines: readonly Line[] | undefined): string[] =>
    (lines ?? []).filter(({ topic }) => topic === '/odom').map(({ data }) => data);
  expect(images(one).slice(10, 40)).not.toEqual(images(other).slice(10, 40));
});

test('a reader that does not read loses whole messages; another loses none', async () => {
  await using fleet = await open({ start: 'readers', speed: 20, backlogBytes: 64 * 1024 });
  const lazy = connect(portOf(fleet), '127.0.0.1');
  lazy.pause();
  await once(lazy, 'connect');
  const keen = read(fleet);
  while ((fleet.stats().robots[0]?.dropped ?? 0) === 0) await keen.until(keen.count() + 500);
  const before = fleet.stats().simulatedSeconds;
  await keen.until(keen.count() + 500);
  expect(fleet.stats().simulatedSeconds).toBeGreaterThan(before);
  const imu = messagesOf(keen.items).filter(({ topic }) => topic === '/imu/data');
  imu.slice(1).forEach(({ atNs }, i) => expect(atNs - (imu[i]?.atNs ?? 0n)).toBe(10_000_000n));

  const parser = openMcapParser('lazy');
  const got: RecordingItem[] = [];
  lazy.on('data', (bytes) => got.push(...parser.push(new Uint8Array(bytes))));
  lazy.resume();
  await once(lazy, 'data');
  expect(parser.damage).toBeUndefined();
  expect(messagesOf(got).length).toBeGreaterThan(0);
  lazy.destroy();
});

test('without readers nothing is published, and truth is told all the same', async () => {
  const truth: TruthLine[] = [];
  const told = Promise.withResolvers<void>();
  await using fleet = await open({
    robots: 2,
    onTruth: (line) => {
      truth.push(line);
      if (truth.length === 20) told.resolve();
    },
  });
  await told.promise;
  expect(fleet.stats().robots.map(({ messages }) => messages)).toEqual([0, 0]);
  expect(new Set(truth.map(({ robot }) => robot))).toEqual(new Set(['amr-01', 'amr-02']));
});

test.each([0, -1, 1e9, Number.NaN])('speed %s is refused', async (speed) => {
  await expect(open({ speed })).rejects.toThrow('cannot run at speed');
});
