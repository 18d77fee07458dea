/**
 * Goal: live, the newest frame is scored and nothing piles up; a bad model is switched off.
 * Method: a port that answers when the test says so, and a clock that the test moves.
 */
import type { Clock } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { faultsWithin, maxFaultsInRow, modelAgain } from '../limits.ts';
import { jsonBytes } from '../source/testing.ts';
import type { FromScoring, ToScoring } from './protocol.ts';
import { camera as channel, plan, second, state, twoInputs } from './plan.cases.ts';
import { openScoring, type ScoreRecord } from './scoring.ts';
import type { Frame } from './tap.ts';

const documentSha256 = 'd'.repeat(64);

function frame(atS: number): Frame {
  return { plan, channel, bytes: jsonBytes({ atS }), atNs: BigInt(atS) * second, more: [] };
}

/** Sleeps end only by being aborted, unless `pass` lets them. */
function handClock(): Clock & { pass(): void; ms: number } {
  const sleeping = new Set<() => void>();
  return {
    ...systemClock,
    ms: 0,
    monotonicMs() {
      return this.ms;
    },
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
  const figures = { closed: 0 };
  let tell: (message: FromScoring) => void = () => {};
  const scoring = openScoring({
    clock,
    onOff: ({ model, why }) => offs.push(`${model}: ${why}`),
    onBack: (model) => offs.push(`${model} is back`),
  });
  const port = {
    post: (message: ToScoring) => {
      if (message.kind === 'frame') sent.push(message);
    },
    listen: (listener: (message: FromScoring) => void) => {
      tell = listener;
    },
    close: () => {
      figures.closed += 1;
    },
  };
  scoring.connect(port);
  const answer = (id: number): void => {
    const values = { entropy: 0.5, margin: 0.25, energy: -1 };
    const scored = { values, topClass: 'a', latencyMs: 3 };
    tell({ kind: 'scored', id, scored, sha256: 'a'.repeat(64), documentSha256 });
  };
  const offer = (atS: number): void => scoring.offer(frame(atS), (record) => scores.push(record));
  const seen = (): unknown[] =>
    sent.map(({ bytes }) => (JSON.parse(Buffer.from(bytes).toString()) as { atS: number }).atS);
  const hands = { answer, offer, tell: () => tell };
  return { scoring, clock, sent, offs, scores, seen, port, figures, ...hands };
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

test('a live frame that waits while a replay asks goes before the next one', async () => {
  const { scoring, sent, scores, answer, offer, seen } = open();
  const asked = scoring.ask(frame(100));
  offer(1);
  answer(sent[0]?.id ?? 0);
  await asked;
  offer(2);
  for (let k = 1; k < sent.length; k += 1) answer(sent[k]?.id ?? 0);
  expect(seen()).toEqual([100, 1, 2]);
  expect(scores.map(({ atNs }) => atNs)).toEqual([second, 2n * second]);
});

test('the frame before is that of the same scorer: one of redaction is not', () => {
  const { scoring, sent } = open();
  const apart = { ...frame(2), plan: { ...frame(2).plan, id: 'redaction tiny' } };
  for (const one of [frame(1), apart, frame(3)]) void scoring.ask(one);
  const [first, between, third] = sent.map(({ key }) => key);
  expect(third).toBe(first);
  expect(between).not.toBe(first);
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

/** Another worker's end of a port. */
function worker() {
  const frames: Extract<ToScoring, { kind: 'frame' }>[] = [];
  const kinds: string[] = [];
  let tell: (message: FromScoring) => void = () => {};
  const port = {
    post: (message: ToScoring) => {
      kinds.push(message.kind);
      if (message.kind === 'frame') frames.push(message);
    },
    listen: (listener: (message: FromScoring) => void) => {
      tell = listener;
    },
    close: () => undefined,
  };
  const says = (id: number, topClass: string, latencyMs: number): void =>
    tell({
      kind: 'scored',
      id,
      scored: { values: { entropy: 0, margin: 0, energy: 0 }, topClass, latencyMs },
      sha256: 'b'.repeat(64),
      documentSha256,
    });
  return { port, frames, kinds, says, tell: (message: FromScoring) => tell(message) };
}

test('when another worker takes over, the frame in work keeps its score and faults are forgiven', () => {
  const { scoring, sent, scores, answer, offer, tell, offs, figures } = open();
  for (let i = 1; i < maxFaultsInRow; i += 1) {
    offer(1);
    tell()({ kind: 'fault', id: sent.at(-1)?.id ?? 0, reason: 'run', message: 'no numbers' });
  }
  offer(2);
  const next = worker();
  scoring.connect(next.port, 'lives');
  expect(figures.closed).toBe(0);
  answer(sent.at(-1)?.id ?? 0);
  expect(figures.closed).toBe(1);
  offer(3);
  expect(next.kinds).toEqual(['channel', 'frame']);
  next.says(next.frames[0]?.id ?? 0, 'b', 1);
  expect(scores.map(({ topClass, modelSha256 }) => topClass + modelSha256.slice(0, 1))).toEqual([
    'aa',
    'bb',
  ]);
  offer(4);
  next.tell({ kind: 'fault', id: next.frames[1]?.id ?? 0, reason: 'run', message: 'no numbers' });
  expect(offs).toEqual([]);
});

test('every other frame without a score switches a model off, too', () => {
  const { sent, offs, answer, offer, tell } = open();
  for (let i = 0; i < faultsWithin.frames && offs.length === 0; i += 1) {
    offer(i);
    const id = sent.at(-1)?.id ?? 0;
    if (i % 2 === 0) tell()({ kind: 'fault', id, reason: 'run', message: 'no numbers' });
    else answer(id);
  }
  expect(offs).toEqual(['tiny: no numbers']);
});

test('a model that is off is tried with one frame now and then, and goes on when it scores', async () => {
  const { scoring, clock, sent, offs, scores, answer, offer, tell } = open();
  const fails = (): void => {
    offer(1);
    tell()({ kind: 'fault', id: sent.at(-1)?.id ?? 0, reason: 'run', message: 'no numbers' });
  };
  const pauses = async (ms: number): Promise<number> => {
    const before = sent.length;
    clock.ms += ms - 1;
    fails();
    expect(await scoring.ask(frame(2))).toBeUndefined();
    clock.ms += 1;
    return sent.length - before;
  };
  for (let i = 0; i < maxFaultsInRow; i += 1) fails();
  expect(offs).toEqual(['tiny: no numbers']);
  // Ever more seldom.
  expect(await pauses(modelAgain.firstMs)).toBe(0);
  fails();
  expect(await pauses(modelAgain.firstMs * 2)).toBe(0);
  offer(3);
  offer(4);
  answer(sent.at(-1)?.id ?? 0);
  expect(scores.map(({ atNs }) => atNs)).toEqual([3n * second]);
  answer(sent.at(-1)?.id ?? 0);
  expect(scores.map(({ atNs }) => atNs)).toEqual([3n * second, 4n * second]);
  expect(offs).toEqual(['tiny: no numbers', 'tiny is back']);
  // A relapse waits longer; one that scored for long begins with the shortest wait again.
  for (let i = 0; i < maxFaultsInRow; i += 1) fails();
  expect(await pauses(modelAgain.firstMs * 4)).toBe(0);
  offer(5);
  answer(sent.at(-1)?.id ?? 0);
  clock.ms += modelAgain.mostMs + 1;
  for (let i = 0; i < maxFaultsInRow; i += 1) fails();
  expect(await pauses(modelAgain.firstMs)).toBe(0);
  const tries = sent.length;
  fails();
  expect(sent).toHaveLength(tries + 1);
});

test('a frame that somebody waits for tries a model that is off, too, and brings it back', async () => {
  const { scoring, clock, sent, offs, answer, offer, tell } = open();
  for (let i = 0; i < maxFaultsInRow; i += 1) {
    offer(i);
    tell()({ kind: 'fault', id: sent.at(-1)?.id ?? 0, reason: 'run', message: 'no numbers' });
  }
  clock.ms += modelAgain.firstMs;
  const asked = scoring.ask(frame(2));
  expect(await scoring.ask(frame(3))).toBeUndefined();
  answer(sent.at(-1)?.id ?? 0);
  expect(await asked).toMatchObject({ atNs: 2n * second });
  expect(offs).toEqual(['tiny: no numbers', 'tiny is back']);
});

test('a shadow gets the frames it has time for, is compared, and gives no score', () => {
  const { scoring, sent, scores, answer, offer, tell } = open();
  const shadow = worker();
  scoring.shadow(shadow.port, [{ id: 'tiny', sha256: 'c'.repeat(64) }]);
  offer(1);
  const first = sent.at(-1)?.id ?? 0;
  expect(shadow.frames.map(({ id }) => id)).toEqual([first]);
  answer(first);
  // Busy with the first, it does not see the second.
  offer(2);
  answer(sent.at(-1)?.id ?? 0);
  expect(shadow.frames).toHaveLength(1);
  shadow.says(first, 'b', 6);
  offer(3);
  const third = sent.at(-1)?.id ?? 0;
  shadow.says(third, 'a', 3);
  answer(third);
  offer(4);
  const fourth = sent.at(-1)?.id ?? 0;
  shadow.tell({ kind: 'fault', id: fourth, reason: 'not_a_number', message: 'no numbers' });
  answer(fourth);
  offer(5);
  const fifth = sent.at(-1)?.id ?? 0;
  tell()({ kind: 'fault', id: fifth, reason: 'run', message: 'no numbers' });
  shadow.says(fifth, 'a', 3);
  expect(scoring.shadowFigures['tiny']).toEqual({
    sha256: 'c'.repeat(64),
    frames: 2,
    disagreement: 1,
    nan: 1,
    faults: 1,
    latencyMs: 9,
    actingLatencyMs: 6,
  });
  expect(scores.map(({ topClass }) => topClass)).toEqual(['a', 'a', 'a', 'a']);
  scoring.shadow(undefined, []);
  offer(6);
  expect(shadow.frames).toHaveLength(4);
});

test('a frame is new by its distance to the frames that went into clips', () => {
  const { scoring, sent, scores, offer, tell } = open();
  const told = (atS: number, vector: readonly number[], sha256 = 'a'.repeat(64)): number => {
    offer(atS);
    const embedding = Buffer.from(Float32Array.from(vector).buffer).toString('base64');
    const scored = { values: {}, embedding, latencyMs: 1 };
    tell()({ kind: 'scored', id: sent.at(-1)?.id ?? 0, scored, sha256, documentSha256 });
    return scores.at(-1)?.values.novelty ?? Number.NaN;
  };
  expect(told(1, [1, 0])).toBeNaN();
  scoring.kept(scores);
  expect(told(2, [2, 0])).toBeCloseTo(0, 6);
  expect(told(3, [0, 1])).toBeCloseTo(1, 6);
  scoring.kept(scores);
  expect(told(4, [1, 1])).toBeCloseTo(1 - Math.SQRT1_2, 6);
  // What another model says cannot be compared.
  expect(told(5, [1, 1], 'c'.repeat(64))).toBeNaN();
});

test('a model of several inputs gets them by name, and a frame that lacks one no score', async () => {
  const { scoring, sent, scores, answer } = open();
  const full: Frame = {
    ...frame(1),
    plan: twoInputs,
    more: [{ channel: state, bytes: Uint8Array.of(7), atNs: second }],
  };
  const lacking = { ...full, more: [], lacks: '/state' };
  scoring.offer(lacking, (record) => scores.push(record));
  expect(await scoring.ask(lacking)).toBeUndefined();
  expect(scoring.figures).toMatchObject({ skipped: 0, faults: 0, unfed: 2, lacks: '/state' });
  const asked = scoring.ask(full);
  expect(sent).toMatchObject([{ more: [{ name: 'state', bytes: Uint8Array.of(7) }] }]);
  expect(sent[0]?.more[0]?.key).not.toBe(sent[0]?.key);
  answer(sent[0]?.id ?? 0);
  expect(await asked).toMatchObject({ topic: '/camera', moreTopics: ['/state'] });
});
