/**
 * Goal: a folder that the ROS 1 recorder is writing into gives every message once, in order, while
 * the bag grows within its open chunk, splits, is renamed, and when the recorder is killed.
 * Method: bags as the recorder leaves them on the disk at each of its writes, the header of the
 * open chunk empty until it is whole; agents that look meanwhile, some of them for a short time.
 */
import { closeSync, existsSync, openSync, renameSync, writeSync } from 'node:fs';
import { seededRandom } from '@fieldloop/core';
import {
  type BagMessageSpec,
  chunkRecord,
  makeBag,
  messageRecord,
} from '@fieldloop/recording/bags';
import { expect, test } from 'vitest';
import { type Followed, isWaiting, type Life, openFollowed } from './life.cases.ts';
import type { SourceItem } from './source.ts';

const chunkMessages = 20;
const connections = [{ topic: '/odom' }, { topic: '/map', latching: true }];

/** A message is a `std_msgs/String` that says its number; ten come in a second. */
const said = (from: number, to: number): BagMessageSpec[] =>
  numbers(from, to).map((n) => {
    const text = Buffer.from(`${n}${' '.repeat(200)}`);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(text.length);
    return {
      connection: n % 2,
      seconds: 1_700_000_000 + Math.floor(n / 10),
      nanoseconds: (n % 10) * 100_000_000,
      data: Buffer.concat([length, text]),
    };
  });

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => from + i);

function chunksOf(messages: readonly BagMessageSpec[]): BagMessageSpec[][] {
  const count = Math.ceil(messages.length / chunkMessages);
  return numbers(0, count).map((i) => messages.slice(i * chunkMessages, (i + 1) * chunkMessages));
}

/** What the file holds while the recorder has its last chunk open; connections are in the first. */
function openBag(messages: readonly BagMessageSpec[]): Uint8Array {
  const chunks = chunksOf(messages);
  const open = messages.length % chunkMessages > 0 ? (chunks.pop() ?? []) : [];
  const whole = makeBag({ connections, chunks, index: false });
  if (open.length === 0) return whole;
  return Buffer.concat([whole, chunkRecord(new Uint8Array(0), 'none'), ...open.map(messageRecord)]);
}

/** As the recorder does: what was written is not cut off before it is written again. */
function put(path: string, bytes: Uint8Array): void {
  const file = openSync(path, existsSync(path) ? 'r+' : 'w');
  writeSync(file, bytes, 0, bytes.length, 0);
  closeSync(file);
}

type Step = () => void;

/** The writes of a recorder to one bag, of which each brings some messages; then it closes it. */
function recorded(path: string, messages: readonly BagMessageSpec[], seed: number): Step[] {
  const random = seededRandom(seed);
  const steps: Step[] = [];
  for (let count = chunkMessages; count < messages.length; count += 1 + random.integer(15)) {
    steps.push(() => put(`${path}.active`, openBag(messages.slice(0, count))));
  }
  const close = (): void => {
    put(`${path}.active`, makeBag({ connections, chunks: chunksOf(messages) }));
    renameSync(`${path}.active`, path);
  };
  return [...steps, close];
}

/** What agents saw one after the other, while the recorder goes on between their looks. */
async function seen(at: Followed, steps: readonly Step[], seed: number, stops: boolean) {
  const random = seededRandom(seed);
  const left = [...steps];
  const enough = (life: Life): boolean => {
    if (left.length === 0) return isWaiting(life);
    if (random.integer(3) > 0) left.shift()?.();
    return stops && left.length > 0 && random.integer(8) === 0;
  };
  const items: SourceItem[] = [];
  let agents = 0;
  for (let isOver = false; !isOver; agents += 1) {
    isOver = left.length === 0;
    items.push(...(await at.live(enough)));
  }
  const sessions = items.flatMap((item) => (item.kind === 'begin' ? [item.session.id] : []));
  return {
    agents,
    numbers: items.flatMap(numbersIn),
    ends: items.flatMap((item) => (item.kind === 'end' ? [item.fault?.code ?? 'whole'] : [])),
    sessions: new Set(sessions).size,
  };
}

/** Without those that only fill the window. */
function numbersIn(item: SourceItem): number[] {
  if (item.kind !== 'block' || item.isWarm === true) return [];
  const { count, data, starts, ends } = item.block;
  return numbers(0, count).map((i) =>
    Number(Buffer.from(data.subarray((starts[i] ?? 0) + 4, ends[i])).toString()),
  );
}

test.each([
  [1, false],
  [2, true],
  [3, true],
])('bags that grow, split and are renamed, seed %i, agents that stop: %s', async (seed, stops) => {
  using at = openFollowed();
  const steps = [
    ...recorded(at.at('r_2026-01-01-10-00-00_0.bag'), said(0, 130), seed),
    ...recorded(at.at('r_2026-01-01-10-00-13_1.bag'), said(130, 210), seed),
  ];
  const found = await seen(at, steps, seed, stops);
  expect(found).toMatchObject({ numbers: numbers(0, 210), ends: ['whole'], sessions: 1 });
  expect(found.agents > 2).toBe(stops);
});

test('a recorder that is killed within its chunk costs the torn message, and its next is read', async () => {
  using at = openFollowed();
  const path = at.at('r_2026-01-01-10-00-00.bag');
  const torn = openBag(said(0, 75));
  const killed = [
    ...recorded(path, said(0, 75), 7).slice(0, -1),
    () => {
      put(`${path}.active`, torn.subarray(0, torn.length - 30));
      at.rest('r_2026-01-01-10-00-00.bag.active', 60_000);
    },
  ];
  const next = recorded(at.at('r_2026-01-01-11-00-00.bag'), said(36_000, 36_050), 7);
  expect(await seen(at, [...killed, ...next], 7, false)).toMatchObject({
    numbers: [...numbers(0, 74), ...numbers(36_000, 36_050)],
    ends: ['corrupt', 'whole'],
    sessions: 2,
  });
});
