/**
 * Goal: a model that is beyond its limits is refused, whatever the rest of the agent does
 * meanwhile. Method: real ONNX Runtime, with a clock and a memory that are told.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readModel } from './model.ts';
import { filesIn } from './model-files.ts';
import { scorerDeps } from './scorer.cases.ts';
import { openScorer, type Scorer } from './scorer.ts';
import { tinyOnnx, tinyYaml, writeModel } from './testing.ts';
import { tryOut } from './trial.ts';

const MiB = 2 ** 20;
const onnx = tinyOnnx();

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fl-trial-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Told {
  readonly limits?: { readonly latencyMs?: number; readonly memoryMiB?: number };
  /** What each look at the clock finds later than the one before. */
  readonly stepMs?: number;
  /** What the process grows by, bytes. */
  readonly grows?: number;
}

/** How the trial ends, and whether its scorer is closed then. */
async function tried({ limits = {}, stepMs = 0, grows = 0 }: Told) {
  const dir = writeModel(join(folder, 'm'), { ...tinyYaml(), limits }, onnx);
  const model = readModel(filesIn(dir));
  let nowMs = 0;
  let rss = 100 * MiB - grows;
  let isClosed = false;
  const clock = { ...scorerDeps.clock, monotonicMs: () => (nowMs += stepMs) };
  const open = async (): Promise<Scorer> => {
    const scorer = await openScorer(model, scorerDeps);
    return {
      ...scorer,
      golden: () => scorer.golden(),
      [Symbol.asyncDispose]: async () => {
        isClosed = true;
        await scorer[Symbol.asyncDispose]();
      },
    };
  };
  try {
    await using _ = await tryOut(model, open, { clock, rss: () => (rss += grows) });
    return { ended: 'taken', wasClosedBefore: isClosed };
  } catch (error) {
    return { ended: String(error), wasClosedBefore: isClosed };
  }
}

test.each<[string, Told]>([
  ['within the limits of every model', { stepMs: 250, grows: 512 * MiB }],
  ['within its own limits', { limits: { latencyMs: 9, memoryMiB: 2 }, stepMs: 9, grows: 2 * MiB }],
  ['as large as its limit', { limits: { memoryMiB: onnx.length / MiB } }],
])('%s it is taken', async (_, told) => {
  expect(await tried(told)).toEqual({ ended: 'taken', wasClosedBefore: false });
});

test.each<[string, Told, RegExp]>([
  ['slower than any model may be', { stepMs: 251 }, /takes 251\.0 ms a frame, the limit is 250 ms/],
  ['slower than it says', { limits: { latencyMs: 9 }, stepMs: 10 }, /the limit is 9 ms/],
  ['larger than any model may be', { grows: 513 * MiB }, /takes 513 MiB, the limit is 512 MiB/],
  ['larger than it says', { limits: { memoryMiB: 2 }, grows: 3 * MiB }, /the limit is 2 MiB/],
  [
    'larger than it says while other threads give memory back',
    { limits: { memoryMiB: (onnx.length - 1) / MiB }, grows: -5 * MiB },
    /takes 0 MiB, the limit is/,
  ],
])('%s it is refused, and closed', async (_, told, why) => {
  const { ended, wasClosedBefore } = await tried(told);
  expect(ended).toMatch(why);
  expect(wasClosedBefore).toBe(true);
});
