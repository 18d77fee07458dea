/**
 * Goal: a rule set does on the robot what a replay and a backtest say: the same triggers with the
 * same values, clips of the same range and messages, and suppressions, whatever the blocks and
 * however fast time is moved.
 * Method: random messages, some out of order or twice, through a live timeline in small blocks with
 * time passing between them, through timelines that replay blocks of any size, and through a trial.
 * Manifests of live and replay are compared whole, but for what tells of the robot's own clock.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson, type Json, silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import type { ClipManifest } from '@fieldloop/proto';
import { openTrial, parseRuleSet, type Verdict } from '@fieldloop/rules';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FinishedClip } from './clip/write.ts';
import { latenessNs } from './limits.ts';
import { rulesOf } from './rule/rules.ts';
import { newTally } from './rule/tally.ts';
import { jsonBytes, jsonChannel } from './source/testing.ts';
import { Timeline } from './timeline.ts';
import { blockOf } from './window/testing.ts';

const second = 1_000_000_000n;
const start = 1_700_000_000n * second;
const clipNs = 60n * second;
const device = 'amr-01';
const properties = { hw: 'orin' };

const text = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: alike, version: 1}
signals:
  v: {topic: /odom, path: data, type: double, maxAge: 900ms}
  w: {topic: /scan, path: data, type: double}
budgets: {hour: {clips: 3, bytes: 4kB}, reserve: {critical: 25%}}
rules:
- {id: fast, severity: critical, when: v > 3.0, for: 300ms, keep: 200ms, capture: {topics: [/odom]}}
- id: long
  when: w > 2.0
  capture: {pre: 1s, post: 1s, extendWhile: true, maxDuration: 4s}
- id: steps
  sequence: {within: 3s, steps: [v > 2.0, w > 3.0]}
  limits: {perMinute: 4}
  capture: {pre: 3s, post: 1s}
- id: gone
  absent: {topic: /odom, for: 800ms}
  edge: both
  capture: {topics: [/scan], pre: 1s, post: 2s}
- {id: drawn, every: {randomUniform: 6s}, class: baseline, capture: {pre: 0s, post: 1s}}
- {id: turns, every: {period: 7s}, sample: {probability: 0.5}, capture: {pre: 0s, post: 1s}}
- id: again
  when: w > 1.0
  edge: level
  limits: {cooldown: 2s, per: {key: floor(v), max: 2, every: 20s}}
  label: {w: w}
  priority: 10.0 * margin()
- {id: quiet, when: v > 1.0, shadow: true}
- {id: other, when: v > 1.0, scope: hw = agx}
`;
const { ruleSet, problems } = parseRuleSet(text, 'alike.yaml');
if (ruleSet === undefined) throw new Error(JSON.stringify(problems));

interface Message {
  readonly topic: '/odom' | '/scan';
  readonly atNs: bigint;
  readonly data: Uint8Array;
}

/** As they arrive: some late, within the lateness; some at the time of another; with pauses. */
const messages = fc
  .array(
    fc.record({
      topic: fc.constantFrom<Message['topic']>('/odom', '/scan'),
      value: fc.integer({ min: 0, max: 5 }),
      gapMs: fc.oneof(
        { weight: 20, arbitrary: fc.integer({ min: 0, max: 250 }) },
        { weight: 1, arbitrary: fc.integer({ min: 1_000, max: 4_000 }) },
      ),
      lateMs: fc.oneof(
        { weight: 4, arbitrary: fc.constant(0) },
        { weight: 1, arbitrary: fc.integer({ min: 1, max: 150 }) },
      ),
    }),
    { minLength: 60, maxLength: 300, size: 'max' },
  )
  .map((draws) => {
    let ms = 0;
    return draws
      .map(({ topic, value, gapMs, lateMs }) => {
        ms += gapMs;
        const atNs = start + BigInt(ms) * 1_000_000n;
        return {
          message: { topic, atNs, data: jsonBytes({ data: value }) },
          arrivesMs: ms + lateMs,
        };
      })
      .toSorted((a, b) => a.arrivesMs - b.arrivesMs)
      .map(({ message }): Message => message);
  });

const channels = [jsonChannel(1, '/odom'), jsonChannel(2, '/scan')];
const inBlock = (some: readonly Message[]) =>
  blockOf(some.map((one) => ({ ...one, channelId: one.topic === '/odom' ? 1 : 2 })));

/** What a trial tells, too. */
interface Outcome {
  readonly triggers: readonly string[];
  readonly clips: readonly {
    readonly startNs: bigint;
    readonly endNs: bigint;
    readonly markers: readonly string[];
  }[];
  readonly suppressed: Readonly<Record<string, number>>;
}

interface Robot extends Outcome {
  /** Canonical JSON. */
  readonly manifests: readonly string[];
}

/** By the wall clock, or of bytes that are packed as the blocks came. */
const ownOf = ['clock', 'sha256', 'sizeBytes', 'suppressed'] as const;

function comparable(manifest: ClipManifest): string {
  const kept = Object.entries(manifest).filter(([key]) => !ownOf.some((own) => own === key));
  return canonicalJson(Object.fromEntries(kept) as Json);
}

const triggerText = (rule: string, atNs: bigint): string => `${rule}@${atNs - start}`;

interface Shown extends Pick<Verdict, 'values' | 'atNs'> {
  readonly label?: Verdict['label'] | undefined;
  readonly margin?: number | undefined;
}

/** What a marker and a verdict both tell. */
const shownText = (rule: string, { atNs, values, label, margin }: Shown): string =>
  canonicalJson({ trigger: triggerText(rule, atNs), values, label, margin });

async function onRobot(
  folder: string,
  how: { readonly live: boolean; readonly all: readonly Message[]; readonly sizes: number[] },
): Promise<Robot> {
  const clips: FinishedClip[] = [];
  const triggers: string[] = [];
  const tally = {
    messages: 0,
    bytes: 0,
    lagMs: 0,
    fired: {},
    suppressed: 0,
    topics: {},
    latencies: {},
    rules: newTally(ruleSet?.digest ?? ''),
    shadow: undefined,
  };
  const nothing = async (): Promise<undefined> => await Promise.resolve(undefined);
  const outlet = {
    clip: async (clip: FinishedClip) => void (await Promise.resolve(clips.push(clip))),
    notice: async ({ name, atNs = 0n }: { name: string; atNs?: bigint | undefined }) =>
      void (await Promise.resolve(triggers.push(triggerText(name, atNs)))),
    answer: nothing,
    marker: nothing,
    lost: nothing,
    suppressed: nothing,
    savePosition: nothing,
    getPosition: nothing,
    makeRoom: async () => await Promise.resolve(false),
  };
  const timeline = new Timeline(
    {
      id: '01890a5d-ac96-774b-bcce-b302099a8057',
      recording: 'x',
      live: how.live,
      profile: '',
      source: 'x',
    } as never,
    {
      origin: { device, agentVersion: '0', models: {} },
      ...rulesOf(ruleSet as NonNullable<typeof ruleSet>),
      properties,
      window: { ns: 20n * second, memoryBytes: 1e8 },
      clipNs,
      partPath: (clipId) => join(folder, clipId),
    },
    {
      clock: systemClock,
      log: silentLog,
      scoring: { forget: () => undefined, kept: () => undefined } as never,
      outlet,
      tally,
    },
  );
  for (const channel of channels) timeline.channel(channel);
  let newestNs = 0n;
  for (let at = 0, i = 0; at < how.all.length; i += 1) {
    const part = how.all.slice(at, at + (how.sizes[i % how.sizes.length] ?? 1));
    await timeline.block(inBlock(part));
    at += part.length;
    for (const { atNs } of part) newestNs = atNs > newestNs ? atNs : newestNs;
    const next = how.all[at]?.atNs;
    // As far as time may be said to have passed before the next message comes.
    if (how.live && next !== undefined && next > newestNs)
      await timeline.quiet(Number(next - newestNs) / 1e6 / (1 + (i % 3)));
  }
  await timeline.end(false);
  return {
    triggers,
    clips: clips.map(({ manifest }) => ({
      startNs: BigInt(manifest.startNs),
      endNs: BigInt(manifest.endNs),
      markers: manifest.markers.map(({ rule, atNs, ...one }) =>
        shownText(rule, { ...one, atNs: BigInt(atNs) }),
      ),
    })),
    manifests: clips.map(({ manifest }) => comparable(manifest)),
    suppressed: tally.rules.suppressed,
  };
}

function inTrial(all: readonly Message[]): Outcome {
  const triggers: string[] = [];
  const shown = new Map<string, string[]>();
  const trial = openTrial(ruleSet as NonNullable<typeof ruleSet>, {
    device,
    latenessNs,
    properties,
    clipNs,
    whole: true,
    // Live, a trigger in the shadow is counted and makes no clip.
    onVerdict: (verdict) => {
      if (verdict.kind !== 'fire') return;
      const trigger = triggerText(verdict.ruleId, verdict.atNs);
      triggers.push(trigger);
      // A rule of both edges may fire twice at one time.
      shown.set(trigger, [...(shown.get(trigger) ?? []), shownText(verdict.ruleId, verdict)]);
    },
  });
  for (const channel of channels) trial.take({ kind: 'channel', channel });
  for (let at = 0; at < all.length; at += 17) {
    trial.take({ kind: 'block', block: inBlock(all.slice(at, at + 17)) });
  }
  const whole = trial.end()?.whole;
  const { firstNs, lastNs } = inBlock(all);
  const suppressed = [...(whole?.rules ?? [])].flatMap(([rule, one]) =>
    Object.entries(one.suppressed).map(([reason, count]) => [`${rule} ${reason}`, count] as const),
  );
  return {
    triggers,
    // A forecast is of the range that was asked for; a clip holds what there is of it.
    clips: (whole?.clips ?? []).map(({ startNs, endNs, markers }) => ({
      startNs: startNs < firstNs ? firstNs : startNs,
      endNs: endNs > lastNs ? lastNs : endNs,
      markers: markers.map(({ rule, atNs }) => shown.get(triggerText(rule, atNs))?.shift() ?? ''),
    })),
    suppressed: Object.fromEntries(suppressed),
  };
}

const seed = 20_261_121;

test('live, replay and backtest agree on triggers, clips and suppressions', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fl-alike-'));
  const seen = { rules: new Set<string>(), reasons: new Set<string>(), clips: 0 };
  try {
    await fc.assert(
      fc.asyncProperty(
        messages,
        fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1 }),
        async (all, sizes) => {
          const trial = inTrial(all);
          const replay = await onRobot(folder, { live: false, all, sizes: [all.length] });
          const slow = await onRobot(folder, { live: false, all, sizes });
          const live = await onRobot(folder, { live: true, all, sizes });
          expect(replay).toMatchObject(trial);
          expect(slow).toEqual(replay);
          expect(live).toEqual(replay);
          for (const one of trial.triggers) seen.rules.add(one.split('@')[0] ?? '');
          for (const key of Object.keys(trial.suppressed))
            seen.reasons.add(key.split(' ')[1] ?? '');
          seen.clips += trial.clips.length;
        },
      ),
      { numRuns: 30, seed, endOnFailure: true },
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
  expect([...seen.rules].sort()).toEqual(
    ['again', 'drawn', 'fast', 'gone', 'long', 'steps', 'turns'].sort(),
  );
  expect([...seen.reasons].sort()).toEqual(
    expect.arrayContaining(['budget', 'limit', 'merged', 'sampled_out', 'shadow']),
  );
  expect(seen.clips).toBeGreaterThan(40);
});
