/**
 * Goal: a clip of a stream that was open when the agent was killed is told of by the next one, and
 * no clip is that the buffer holds.
 * Method: a lane on a stream by hand that stops in mid-air, with a real buffer; then another one.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog, uuidText } from '@fieldloop/core';
import { systemClock, systemIds } from '@fieldloop/core/system';
import { decodeEvents, type WireEvent } from '@fieldloop/proto';
import { parseRuleSet } from '@fieldloop/rules';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type AgentBuffer, openBuffer } from './buffer/buffer.ts';
import { Lane } from './lane.ts';
import { openOutlet } from './outlet.ts';
import { openPromised } from './promised.ts';
import { openResults, type Results } from './results.ts';
import { rulesOf } from './rule/rules.ts';
import { openScoring } from './score/scoring.ts';
import type { SourceItem } from './source/source.ts';
import { jsonBytes, jsonChannel } from './source/testing.ts';
import { blockOf } from './window/testing.ts';

const second = 1_000_000_000n;
const start = 1_700_000_000n * second;
let folder = '';
let buffer: AgentBuffer;
let results: Results;

const open = (): Promise<AgentBuffer> =>
  openBuffer({
    dir: folder,
    quotaBytes: 1e9,
    headroomBytes: 0,
    clock: systemClock,
    ids: systemIds,
    log: silentLog,
  });
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fl-promised-'));
  buffer = await open();
});
afterEach(async () => {
  await buffer.close();
  rmSync(folder, { recursive: true });
});

/** The data worker's end of the line to a main that keeps everything. */
function openLine(): ReturnType<typeof openOutlet> {
  results = openResults({
    buffer,
    clock: systemClock,
    log: silentLog,
    context: () => ({
      id: uuidText(systemIds.uuid()),
      sessionId: uuidText(systemIds.uuid()),
      nowNs: start,
      synced: true,
    }),
    onAnswer: () => {},
  });
  const outlet = openOutlet((message) => {
    if (message.kind !== 'getPosition' && message.kind !== 'makeRoom' && !('bytes' in message)) {
      return;
    }
    results.take(message, (reply) => {
      if (reply.kind === 'position') outlet.position(reply.id, reply.document);
      if (reply.kind === 'credit') outlet.credit(reply.bytes);
    });
  });
  return outlet;
}

/** Reads the items; a run that is killed never comes to an end. */
async function run(items: readonly SourceItem[], isKilled: boolean): Promise<void> {
  const text = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: promised, version: 1}
signals:
  vx: {topic: /odom, path: vx, type: double}
rules:
- {id: fast, when: vx > 1.0, capture: {topics: ["*"], pre: 3s, post: 2s}}
`;
  const { ruleSet } = parseRuleSet(text, 'rules.yaml');
  if (ruleSet === undefined) throw new Error('no rules');
  const settings = {
    origin: { device: 'amr', agentVersion: '0', models: {} },
    ...rulesOf(ruleSet),
    window: { ns: 20n * second, memoryBytes: 1e8 },
    clipNs: 60n * second,
    silentNs: 5n * second,
    partPath: (clipId: string) => buffer.partPath(clipId),
  };
  const nothing = (): void => {};
  const scoring = openScoring({ clock: systemClock, onOff: nothing, onBack: nothing });
  let arrived = nothing;
  const atItsEnd = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const source = {
    name: 'main',
    finite: false,
    async *items() {
      yield* await Promise.resolve(items);
      arrived();
      if (isKilled) await new Promise(() => {});
    },
  };
  const outlet = openLine();
  const lane = new Lane(source, settings, { clock: systemClock, log: silentLog, scoring, outlet });
  const over = lane.run(new AbortController().signal);
  await (isKilled ? atItsEnd : over);
  await results.settled();
}

/** A stream of one message each second, fast at the seconds that are named. */
function stream(seconds: number, fast: readonly number[], more = {}): SourceItem[] {
  const id = uuidText(systemIds.uuid());
  const said = Array.from({ length: seconds }, (_, i) => ({
    channelId: 1,
    atNs: start + BigInt(i) * second,
    data: jsonBytes({ vx: fast.includes(i) ? 2 : 0 }),
  }));
  return [
    { kind: 'begin', session: { id, recording: 'ws://robot', profile: '', live: true, ...more } },
    { kind: 'channel', channel: jsonChannel(1, '/odom') },
    ...said.map((one): SourceItem => ({ kind: 'block', block: blockOf([one]) })),
  ];
}

const told = (name: string): WireEvent[] =>
  buffer.rows
    .read('events', 0, { rows: 99, bytes: 1e6 })
    .flatMap((row) => decodeEvents(row.body).rows)
    .flatMap(({ row }) => (row?.kind === 'event' && row.event.name === name ? [row.event] : []));

test('the clip that was open is named by the next start, once', async () => {
  await run(stream(12, [3, 10]), true);
  expect(told('fast')).toHaveLength(2);
  expect(buffer.clips.all()).toHaveLength(1);
  await buffer.close();
  buffer = await open();
  await run(stream(2, []), false);
  const { clipId, sessionId } = told('fast')[1] ?? {};
  expect(buffer.clips.all().map((clip) => clip.clipId)).not.toContain(clipId);
  const atNs = start + 10n * second;
  expect(told('clip_lost')).toMatchObject([{ clipId, sessionId, atNs, severity: 'warning' }]);
  await run(stream(2, []), false);
  expect(told('clip_lost')).toHaveLength(1);
});

test('a stream that ends has cut its clips, and a recording is read again', async () => {
  await run(stream(12, [10]), false);
  await run(stream(12, [10], { resumes: true }), true);
  await run(stream(12, [10], { live: false }), true);
  await run([], false);
  expect(told('clip_lost')).toEqual([]);
});

test('a clip that was sealed after all is not lost', async () => {
  await run(stream(12, [3]), true);
  const [clip] = buffer.clips.all();
  if (clip === undefined) throw new Error('no clip');
  const { clipId } = clip;
  const outlet = openLine();
  const sessionId = uuidText(systemIds.uuid());
  await openPromised('main', outlet).note([{ clipId, sessionId, rule: 'fast', atNs: '3' }]);
  await run([], false);
  expect(told('clip_lost')).toEqual([]);
});
