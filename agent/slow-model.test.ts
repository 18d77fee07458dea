/**
 * Goal: recording never waits for a model: while one takes its time, rules fire and clips are cut,
 * and what was scored too late is no score.
 * Method: a real scoring thread with a model of about a second a frame, and a live timeline that is
 * driven as fast as it goes.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom, silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { parseRuleSet } from '@fieldloop/rules';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newTally } from './rule/tally.ts';
import { rulesOf } from './rule/rules.ts';
import { filesIn } from './score/model-files.ts';
import type { FromScoring } from './score/protocol.ts';
import { openScoring } from './score/scoring.ts';
import { slowModel, writeModel } from './score/testing.ts';
import { openCrew } from './scoring-crew.ts';
import { jsonBytes, jsonChannel } from './source/testing.ts';
import { Timeline } from './timeline.ts';
import type { Tally } from './timeline-types.ts';
import { blockOf } from './window/testing.ts';

const second = 1_000_000_000n;
const start = 1_700_000_000n * second;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fl-slow-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const rules = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: slow, version: 1}
signals:
  vx: {topic: /odom, path: vx, type: double}
models:
  slow: {ref: slow, input: {topic: /numbers}, every: 100ms, deadline: 150ms}
rules:
- id: fast
  when: vx > 1.0
  capture: {topics: [/odom], pre: 2s, post: 2s}
- id: doubtful
  when: slow.entropy > 0.5
  capture: {topics: [/odom], pre: 2s, post: 2s}
`;

test('rules fire and clips are cut while the model is at its first frame', async () => {
  const { yaml, onnx } = slowModel();
  const files = filesIn(writeModel(join(folder, 'model'), yaml, onnx));
  const crew = openCrew(
    {
      name: 'slow',
      places: [{ id: 'slow', files }],
      isTrial: false,
      onAgain: () => undefined,
      onDeath: () => undefined,
    },
    { clock: systemClock, random: seededRandom('slow'), log: silentLog },
  );
  try {
    expect(await crew.ready).toBe(true);
    const scoring = openScoring({
      clock: systemClock,
      onOff: () => undefined,
      onBack: () => undefined,
    });
    const port = crew.port();
    scoring.connect({
      post: (message, transfer) => port.postMessage(message, [...transfer]),
      listen: (listener) => void port.on('message', (message: FromScoring) => listener(message)),
      close: () => port.close(),
    });
    const seen: { readonly scored: number; readonly busy: number }[] = [];
    const timeline = openTimeline(scoring, () => {
      seen.push({ scored: scoring.figures.count, busy: scoring.busy });
    });
    for (let s = 0; s < 30; s += 1) await timeline.block(blockOf(messagesOf(s)));
    // The first frame is still with the model; newer ones were passed over, or the newest waits.
    expect(seen).toEqual([{ scored: 0, busy: expect.toSatisfy((n: number) => n > 0) }]);
    await timeline.end(false);
    port.close();
  } finally {
    await crew.stop();
  }
}, 60_000);

/** Ten of both topics in a second; fast in the tenth. */
const messagesOf = (s: number) =>
  Array.from({ length: 20 }, (_, i) => ({
    channelId: 1 + (i % 2),
    atNs: start + BigInt(s) * second + (BigInt(i) * second) / 20n,
    data: jsonBytes(i % 2 === 0 ? { vx: s === 10 ? 2 : 0 } : { values: [1] }),
  }));

function openTimeline(scoring: ReturnType<typeof openScoring>, onClip: () => void): Timeline {
  const { ruleSet } = parseRuleSet(rules, 'slow.yaml');
  if (ruleSet === undefined) throw new Error('the rules do not parse');
  const tally: Tally = {
    messages: 0,
    bytes: 0,
    lagMs: 0,
    fired: {},
    suppressed: 0,
    topics: {},
    latencies: {},
    rules: newTally(ruleSet.digest),
    shadow: undefined,
  };
  const nothing = async (): Promise<undefined> => await Promise.resolve(undefined);
  const outlet = {
    clip: async () => {
      onClip();
      await Promise.resolve();
    },
    notice: nothing,
    answer: nothing,
    marker: nothing,
    lost: nothing,
    suppressed: nothing,
    savePosition: nothing,
    getPosition: nothing,
    makeRoom: async () => await Promise.resolve(false),
  };
  const session = { id: '01890a5d-ac96-774b-bcce-b302099a8057', recording: 'x', live: true };
  const timeline = new Timeline(
    { ...session, profile: '', source: 'x' } as never,
    {
      origin: { device: 'amr-01', agentVersion: '0', models: {} },
      ...rulesOf(ruleSet),
      shadow: undefined,
      window: { ns: 20n * second, memoryBytes: 1e8 },
      clipNs: 60n * second,
      partPath: (clipId: string) => join(folder, clipId),
    },
    { clock: systemClock, log: silentLog, scoring, outlet, tally },
  );
  timeline.channel(jsonChannel(1, '/odom'));
  timeline.channel(jsonChannel(2, '/numbers'));
  return timeline;
}
