/**
 * Random recordings and the ways to feed them: whole, in blocks, with the watermark moved, with
 * restarts at checkpoints. Every way must give the same outputs and counters, byte for byte.
 */
import { canonicalJson, type Json } from '@fieldloop/core';
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Engine } from './engine.ts';
import type { ScoreRecord } from './engine-state.ts';
import { blockOf, channelsOf, originNs, type TestMessage } from './test-blocks.ts';
import { type EngineOutput, outputJson } from './verdict.ts';

export type Step =
  | { readonly kind: 'message'; readonly message: TestMessage }
  | { readonly kind: 'score'; readonly record: ScoreRecord }
  /** A person asks for a clip. */
  | { readonly kind: 'ask'; readonly ruleId: string; readonly atNs: bigint };

/** Three directions, as a model gives them. */
const embeddings = [
  [1, 0],
  [0.8, 0.6],
  [0, 1],
].map((vector) => Buffer.from(Float32Array.from(vector).buffer).toString('base64'));

/** Rules that are asked; most are of no trigger `manual`, and then nothing comes of it. */
const asked = ['asked', 'r0', 'r1', 'r2', 'r3', 'r4'];

/** Steps in order of arrival: mostly forward, sometimes out of order, late or far back. */
export const steps = fc
  .array(
    fc.record({
      what: fc.constantFrom('/x', '/x', '/x', '/y', '/y', '/mode', '/other', 'score', 'ask'),
      forwardMs: fc.integer({ min: 0, max: 60 }),
      backMs: fc.oneof(
        { weight: 60, arbitrary: fc.constant(0) },
        { weight: 20, arbitrary: fc.integer({ min: 1, max: 190 }) },
        { weight: 2, arbitrary: fc.integer({ min: 200, max: 4_900 }) },
        { weight: 1, arbitrary: fc.integer({ min: 5_001, max: 9_000 }) },
      ),
      pauseMs: fc.oneof(
        { weight: 30, arbitrary: fc.constant(0) },
        { weight: 1, arbitrary: fc.integer({ min: 500, max: 4_000 }) },
      ),
      value: fc.integer({ min: 0, max: 5 }),
    }),
    { minLength: 1, maxLength: 120, size: 'max' },
  )
  .map((draws) => {
    let nowMs = 0;
    return draws.map(({ what, forwardMs, backMs, pauseMs, value }): Step => {
      nowMs += forwardMs + pauseMs;
      const ms = Math.max(0, nowMs - backMs);
      const atNs = originNs + BigInt(ms) * 1_000_000n;
      if (what === 'ask') return { kind: 'ask', ruleId: asked[value] ?? '', atNs };
      if (what === 'score') {
        const values = { entropy: value / 5, margin: 1 - value / 5 };
        const embedding = embeddings[value % 3] ?? '';
        return {
          kind: 'score',
          record: { scorer: 'net', atNs, values, embedding, latencyMs: 1, modelSha256: '' },
        };
      }
      const list = Array.from({ length: value }, (_, k) => ({ a: k, b: value }));
      const shown = what === '/mode' ? 'ABC'.charAt(value % 3) : what === '/other' ? list : value;
      return { kind: 'message', message: { topic: what, ms, value: shown } };
    });
  });

const channels = channelsOf(
  ['/x', '/y', '/mode', '/other'].map((topic) => ({ topic, ms: 0, value: 0 })),
);

export function declare(engine: Engine): void {
  for (const channel of channels) engine.channel(0, channel);
}

export function feed(engine: Engine, part: readonly Step[]): EngineOutput[] {
  const messages: TestMessage[] = [];
  const outputs: EngineOutput[] = [];
  const flushBlock = (): void => {
    if (messages.length > 0) outputs.push(...engine.block(0, blockOf(messages, channels)));
    messages.length = 0;
  };
  for (const step of part) {
    if (step.kind === 'message') messages.push(step.message);
    else if (step.kind === 'ask') {
      flushBlock();
      engine.ask(step.ruleId, step.atNs);
    } else {
      flushBlock();
      outputs.push(...engine.score(step.record));
    }
  }
  flushBlock();
  return outputs;
}

export function resultOf(engine: Engine, outputs: readonly EngineOutput[]): string {
  const counters = engine.counters() as unknown as Json;
  const suppressions = engine.takeSuppressions().map((one) => ({
    ...one,
    hourNs: String(one.hourNs),
  }));
  return canonicalJson({ outputs: outputs.map(outputJson), suppressions, counters });
}

/** Everything in one piece. */
export function whole(open: () => Engine, all: readonly Step[]): string {
  const engine = open();
  declare(engine);
  return resultOf(engine, [...feed(engine, all), ...engine.flush()]);
}

/** In blocks of these sizes, again and again. */
export function inBlocks(
  open: () => Engine,
  all: readonly Step[],
  sizes: readonly number[],
): string {
  const engine = open();
  declare(engine);
  const outputs: EngineOutput[] = [];
  for (let at = 0, i = 0; at < all.length; i += 1) {
    const size = sizes[i % sizes.length] ?? 1;
    outputs.push(...feed(engine, all.slice(at, at + size)));
    at += size;
  }
  outputs.push(...engine.flush());
  return resultOf(engine, outputs);
}

/** With the watermark moved behind each step, as far as nothing earlier comes. */
export function withWatermark(
  open: () => Engine,
  all: readonly Step[],
  shares: readonly number[],
): string {
  const bounds = boundsOf(all);
  const engine = open();
  declare(engine);
  const outputs: EngineOutput[] = [];
  for (const [i, step] of all.entries()) {
    outputs.push(...feed(engine, [step]));
    const { newest, restFrom } = bounds[i] ?? { newest: 0, restFrom: 0 };
    if (newest < 0) continue;
    // Up to what has come less the lateness, or further while nothing earlier follows.
    const most = Math.min(Math.max(newest - 200, restFrom), bounds.at(-1)?.newest ?? 0);
    const isAhead = restFrom >= newest;
    const toMs = (isAhead ? most : newest - 200) * (shares[i % shares.length] ?? 1);
    outputs.push(...engine.advance(originNs + BigInt(Math.floor(toMs)) * 1_000_000n));
  }
  outputs.push(...engine.flush());
  return resultOf(engine, outputs);
}

/** With a restart behind each of these steps; the state that comes back is the saved one. */
export function withRestarts(
  open: () => Engine,
  all: readonly Step[],
  cuts: readonly number[],
): string {
  const places = [...new Set(cuts.map((cut) => cut % all.length))].sort((a, b) => a - b);
  let engine = open();
  declare(engine);
  const outputs: EngineOutput[] = [];
  let from = 0;
  for (const place of [...places, all.length]) {
    outputs.push(...feed(engine, all.slice(from, place)));
    from = place;
    const saved = canonicalJson(engine.checkpoint());
    engine = open();
    // Channels may be declared before or after the state is back.
    if (place % 2 === 0) declare(engine);
    engine.restore(JSON.parse(saved) as Json);
    if (place % 2 === 1) declare(engine);
    expect(canonicalJson(engine.checkpoint())).toBe(saved);
  }
  outputs.push(...engine.flush());
  return resultOf(engine, outputs);
}

interface Bounds {
  /** Largest log time of a message so far, in the epoch that it belongs to. */
  readonly newest: number;
  /** Smallest log time of all that follows, scores and asks too. */
  readonly restFrom: number;
}

function boundsOf(all: readonly Step[]): Bounds[] {
  const times = all.map((step) => {
    if (step.kind === 'message') return step.message.ms;
    const { atNs } = step.kind === 'ask' ? step : step.record;
    return Number((atNs - originNs) / 1_000_000n);
  });
  let newest = Number.NEGATIVE_INFINITY;
  let byTopic = new Map<string, number>();
  return all.map((step, i) => {
    if (step.kind === 'message') {
      const { topic, ms } = step.message;
      if (ms < (byTopic.get(topic) ?? ms) - 5_000) {
        newest = ms;
        byTopic = new Map();
      }
      newest = Math.max(newest, ms);
      byTopic.set(topic, Math.max(byTopic.get(topic) ?? ms, ms));
    }
    return { newest, restFrom: Math.min(...times.slice(i + 1), Number.POSITIVE_INFINITY) };
  });
}
