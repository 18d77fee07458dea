/**
 * Goal: live, the newest frame is scored and nothing piles up; a bad model is switched off.
 * Method: a port that answers when the test says so, and a clock that the test moves.
 */
import type { Clock } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { maxFaultsInRow } from '../limits.ts';
import { jsonBytes, jsonChannel } from '../source/testing.ts';
import { blockOf } from '../window/testing.ts';
import type { FromScoring, ToScoring } from './protocol.ts';
import { openScoring, type ScoreRecord } from './scoring.ts';
import { type Frame, openTap, type ScorerPlan } from './tap.ts';

const second = 1_000_000_000n;
const plan: ScorerPlan = {
  id: 'who',
  model: 'tiny',
  topic: '/camera',
  everyNs: second,
  deadlineNs: second / 10n,
};
const channel = jsonChannel(1, '/camera');

function frame(atS: number): Frame {
  const block = blockOf([{ channelId: 1, atNs: BigInt(atS) * second, data: jsonBytes({ atS }) }]);
  return { plan, channel, block, i: 0, atNs: BigInt(atS) * second };
}

/** Sleeps end only by being aborted, unless `pass` lets them. */
function handClock(): Clock & { pass(): void } {
  const sleeping = new Set<() => void>();
  return {
    ...systemClock,
    sleep: (_, signal) =>
      new Promise((resolve, reject) => {
        sleeping.add(resolve);
        signal?.addEventListener('abort', () => {
          sleeping.delete(resolve);
          reject(new Error('aborted'));
        });
      }),
    pass: () => sleeping.forEach((wake) => wake()),
  };
}

function open() {
  const sent: Extract<ToScoring, { kind: 'frame' }>[] = [];
  const offs: string[] = [];
  const scores: ScoreRecord[] = [];
  const clock = handClock();
  let tell: (message: FromScoring) => void = () => {};
  const scoring = openScoring({
    clock,
    onOff: ({ model, why }) => offs.push(`${model}: ${why}`),
  });
  const port = {
    post: (message: ToScoring) => {
      if (message.kind === 'frame') sent.push(message);
    },
    listen: (listener: (message: FromScoring) => void) => {
      tell = listener;
    },
  };
  scoring.connect(port);
  const answer = (id: number): void => {
    const values = { entropy: 0.5, margin: 0.25, energy: -1 };
    const scored = { values, topClass: 'a', latencyMs: 3 };
    tell({ kind: 'scored', id, scored, sha256: 'a'.repeat(64) });
  };
  const offer = (atS: number): void => scoring.offer(frame(atS), (record) => scores.push(record));
  const seen = (): unknown[] =>
    sent.map(({ bytes }) => (JSON.parse(Buffer.from(bytes).toString()) as { atS: number }).atS);
  return { scoring, clock, sent, offs, scores, answer, offer, seen, port, tell: () => tell };
}

test('one frame is in work, one waits, a newer one takes its place', () => {
  const { scoring, sent, scores, answer, offer, seen } = open();
  for (const atS of [1, 2, 3, 4]) offer(atS);
  expect(seen()).toEqual([1]);
  answer(sent[0]?.id ?? 0);
  expect(seen()).toEqual([1, 4]);
  answer(sent[1]?.id ?? 0);
  expect(scores.map(({ atNs }) => atNs)).toEqual([second, 4n * second]);
  expect(scoring.figures).toMatchObject({ count: 2, skipped: 2, faults: 0 });
  expect(scoring.busy).toBe(0);
});

test('a frame without an answer in time has no score; its late answer changes nothing', async () => {
  const { scoring, clock, sent, scores, answer, offer } = open();
  offer(1);
  clock.pass();
  await Promise.resolve();
  expect(scoring.figures.faults).toBe(1);
  answer(sent[0]?.id ?? 0);
  expect(scores).toEqual([]);
  expect(scoring.figures.count).toBe(0);
});

test('ten faults in a row switch the model off; a score in between begins the count anew', () => {
  const { scoring, sent, offs, answer, offer, tell } = open();
  const fault = (): void => {
    offer(1);
    const id = sent.at(-1)?.id ?? 0;
    tell()({ kind: 'fault', id, reason: 'run', message: 'no numbers' });
  };
  for (let i = 1; i < maxFaultsInRow; i += 1) fault();
  offer(1);
  answer(sent.at(-1)?.id ?? 0);
  for (let i = 1; i < maxFaultsInRow; i += 1) fault();
  expect(offs).toEqual([]);
  fault();
  expect(offs).toEqual(['tiny: no numbers']);
  const before = sent.length;
  offer(2);
  expect(sent).toHaveLength(before);
  expect(scoring.figures.skipped).toBe(1);
});

test('a worker that died leaves no frame behind, and the next one goes on', async () => {
  const { scoring, sent, scores, answer, offer, port } = open();
  const asked = scoring.ask(frame(1));
  scoring.connect(undefined);
  expect(await asked).toBeUndefined();
  offer(2);
  scoring.connect(port);
  offer(3);
  answer(sent.at(-1)?.id ?? 0);
  expect(scores.map(({ atNs }) => atNs)).toEqual([3n * second]);
  expect(scoring.figures).toMatchObject({ faults: 0, skipped: 1 });
});

test('the tap takes one frame each `every` of log time, on its topic alone', () => {
  const tap = openTap([plan]);
  tap.channel(channel);
  tap.channel(jsonChannel(2, '/other'));
  const data = jsonBytes({});
  const messages = Array.from({ length: 40 }, (_, i) => ({
    channelId: 1 + (i % 2),
    atNs: (BigInt(i) * second) / 8n,
    data,
  }));
  const first = tap.take(blockOf(messages.slice(0, 20))).map(({ i }) => i);
  const rest = tap.take(blockOf(messages.slice(20))).map(({ i }) => i + 20);
  expect([...first, ...rest]).toEqual([0, 8, 16, 24, 32]);
});
