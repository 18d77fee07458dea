/**
 * Goal: verdicts depend on the messages and the watermark alone: not on blocks, on how often the
 * watermark is moved, or on a restart at a checkpoint.
 * Method: random messages, out of order, with jumps; every way to feed them gives the same
 * verdicts and counters, byte for byte in canonical JSON.
 */
import { canonicalJson, type Json } from '@fieldloop/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseRuleSet } from './document.ts';
import { type Engine, openEngine } from './engine.ts';
import type { ScoreRecord } from './engine-state.ts';
import { problemLine } from './problem.ts';
import { blockOf, channelsOf, originNs, type TestMessage } from './test-blocks.ts';
import { type EngineOutput, outputJson } from './verdict.ts';

const text = `
apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: all, version: 1}
signals:
  x: {topic: /x, path: data, type: double, maxAge: 250ms}
  y: {topic: /y, path: data, type: double}
  mode: {topic: /mode, path: data, type: string, latched: true}
models: {net: {ref: net, input: {topic: /camera}, maxAge: 400ms}}
rules:
- {id: level, when: x > 2.0 && y < 3.0}
- {id: hold, when: x > 1.0, for: 130ms, clearWhen: x < 1.0}
- {id: cool, when: x > 2.0 || y > 4.0, limits: {cooldown: 300ms}}
- {id: change, when: changed(mode) && prev(mode) != "B"}
- {id: steps, when: 'rise(x > 2.0) || fall(y > 2.0)'}
- {id: windows, when: 'max(x, "300ms") - min(x, "200ms") > 2.0 && avg(y, "400ms") > 1.5'}
- {id: quantile, when: 'p(y, 0.75, "500ms") > 3.0 || drop(x, "200ms") > 3.0'}
- {id: unusual, when: 'zscore(x, "1s") > 1.2'}
- {id: past, when: 'held(x > 0.5, "150ms") && once(y > 3.0, "200ms") && count(x > 2.0, "1s") > 1.0'}
- {id: topic, when: 'rate("/x", "500ms") < 5.0 && age(y) > duration("120ms") && gap("/y") < duration("1s")'}
- {id: nested, when: 'count(changed(mode), "1s") > 1.0 || max(abs(x - prev(x)), "300ms") > 4.0'}
- {id: silent, absent: {topic: /x, for: 200ms, minHz: 4, window: 500ms, arm: mode != "C"}}
- {id: turns, every: {period: 300ms, first: 0s}, when: y > 0.5}
- {id: ahead, every: {period: 100ms}, capture: {pre: 0s, post: 100ms}}
- {id: unsure, when: 'net.entropy > 0.5 && net.margin < 0.5'}
`;

const parsed = parseRuleSet(text, 'all.yaml');
if (parsed.ruleSet === undefined) throw new Error(parsed.problems.map(problemLine).join('\n'));
const { ruleSet } = parsed;

const open = (): Engine => openEngine(ruleSet, { device: 'amr-01', seed: 7 });

type Step =
  | { readonly kind: 'message'; readonly message: TestMessage }
  | { readonly kind: 'score'; readonly record: ScoreRecord };

/** Steps in order of arrival: mostly forward, sometimes out of order, late or far back. */
const steps = fc
  .array(
    fc.record({
      what: fc.constantFrom('/x', '/x', '/x', '/y', '/y', '/mode', '/other', 'score'),
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
      if (what === 'score') {
        const atNs = originNs + BigInt(ms) * 1_000_000n;
        const values = { entropy: value / 5, margin: 1 - value / 5 };
        return {
          kind: 'score',
          record: { scorer: 'net', atNs, values, latencyMs: 1, modelSha256: '' },
        };
      }
      const shown = what === '/mode' ? 'ABC'.charAt(value % 3) : value;
      return { kind: 'message', message: { topic: what, ms, value: shown } };
    });
  });

const channels = channelsOf(
  ['/x', '/y', '/mode', '/other'].map((topic) => ({ topic, ms: 0, value: 0 })),
);

function declare(engine: Engine): void {
  for (const channel of channels) engine.channel(0, channel);
}

function feed(engine: Engine, part: readonly Step[]): EngineOutput[] {
  const messages: TestMessage[] = [];
  const verdicts: EngineOutput[] = [];
  const flushBlock = (): void => {
    if (messages.length > 0) verdicts.push(...engine.block(0, blockOf(messages, channels)));
    messages.length = 0;
  };
  for (const step of part) {
    if (step.kind === 'message') messages.push(step.message);
    else {
      flushBlock();
      verdicts.push(...engine.score(step.record));
    }
  }
  flushBlock();
  return verdicts;
}

function resultOf(engine: Engine, verdicts: readonly EngineOutput[]): string {
  const counters = engine.counters() as unknown as Json;
  return canonicalJson({ verdicts: verdicts.map(outputJson), counters });
}

/** Everything in one piece. */
function whole(all: readonly Step[]): string {
  const engine = open();
  declare(engine);
  return resultOf(engine, [...feed(engine, all), ...engine.flush()]);
}

const seed = 20_251_121;
const settings = { numRuns: 150, seed };

test('the rules of this file all fire', () => {
  const fired = new Set<string>();
  for (const all of fc.sample(steps, { numRuns: 200, seed })) {
    const engine = open();
    declare(engine);
    for (const one of [...feed(engine, all), ...engine.flush()]) {
      if (one.kind === 'fire') fired.add(one.ruleId);
    }
  }
  expect([...fired].sort()).toEqual(ruleSet.rules.map((rule) => rule.id).sort());
});

test('any cut into blocks gives the same verdicts', () => {
  fc.assert(
    fc.property(steps, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (all, sizes) => {
      const engine = open();
      declare(engine);
      const verdicts: EngineOutput[] = [];
      for (let at = 0, i = 0; at < all.length; i += 1) {
        const size = sizes[i % sizes.length] ?? 1;
        verdicts.push(...feed(engine, all.slice(at, at + size)));
        at += size;
      }
      verdicts.push(...engine.flush());
      expect(resultOf(engine, verdicts)).toBe(whole(all));
    }),
    settings,
  );
});

interface Bounds {
  /** Largest log time of a message so far, in the epoch that it belongs to. */
  readonly newest: number;
  /** Smallest log time of all that follows, scores too. */
  readonly restFrom: number;
}

function boundsOf(all: readonly Step[]): Bounds[] {
  const times = all.map((step) =>
    step.kind === 'message' ? step.message.ms : Number((step.record.atNs - originNs) / 1_000_000n),
  );
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

test('moving the watermark as far as nothing earlier comes changes nothing', () => {
  fc.assert(
    fc.property(steps, fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (all, shares) => {
      const bounds = boundsOf(all);
      const engine = open();
      declare(engine);
      const verdicts: EngineOutput[] = [];
      for (const [i, step] of all.entries()) {
        verdicts.push(...feed(engine, [step]));
        const { newest, restFrom } = bounds[i] ?? { newest: 0, restFrom: 0 };
        if (newest < 0) continue;
        // Up to what has come less the lateness, or further while nothing earlier follows.
        const most = Math.min(Math.max(newest - 200, restFrom), bounds.at(-1)?.newest ?? 0);
        const isAhead = restFrom >= newest;
        const toMs = (isAhead ? most : newest - 200) * (shares[i % shares.length] ?? 1);
        verdicts.push(...engine.advance(originNs + BigInt(Math.floor(toMs)) * 1_000_000n));
      }
      verdicts.push(...engine.flush());
      expect(resultOf(engine, verdicts)).toBe(whole(all));
    }),
    settings,
  );
});

test('a restart at any checkpoint gives the same verdicts', () => {
  fc.assert(
    fc.property(steps, fc.array(fc.nat(), { maxLength: 4 }), (all, cuts) => {
      const places = [...new Set(cuts.map((cut) => cut % all.length))].sort((a, b) => a - b);
      let engine = open();
      declare(engine);
      const verdicts: EngineOutput[] = [];
      let from = 0;
      for (const place of [...places, all.length]) {
        verdicts.push(...feed(engine, all.slice(from, place)));
        from = place;
        const saved = canonicalJson(engine.checkpoint());
        engine = open();
        // Channels may be declared before or after the state is back.
        if (place % 2 === 0) declare(engine);
        engine.restore(JSON.parse(saved) as Json);
        if (place % 2 === 1) declare(engine);
        expect(canonicalJson(engine.checkpoint())).toBe(saved);
      }
      verdicts.push(...engine.flush());
      expect(resultOf(engine, verdicts)).toBe(whole(all));
    }),
    settings,
  );
});
