/**
 * Goal: a backtest tells what a version would have done, from the clips that are there, however
 * they are broken, and leaves a forecast behind once.
 * Method: clips written by the clip writer into the disk blob store, rows in SQLite, the operation's
 * handler as the worker calls it.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256Hex, silentLog } from '@fieldloop/core';
import { systemClock, systemIds } from '@fieldloop/core/system';
import { type Channel, openClipWriter, scoresTopic } from '@fieldloop/recording';
import { createFile } from '@fieldloop/recording/file';
import { expect, test } from 'vitest';
import { openDiskBlobs } from '../blob/disk.ts';
import { sampleManifest, sampleStartNs, sampleUuid } from '../clip/clip.sample.ts';
import { clipStore } from '../clip/store.ts';
import { deviceStore } from '../device/store.ts';
import { sessionStore } from '../session/store.ts';
import type { OperationContext } from '../store/operations.ts';
import { sqliteWorld } from '../store/sqlite.sample.ts';
import { backtest, type BacktestInput, type BacktestResult } from './backtest.ts';
import { fleetFacts, lintFleet, lintText } from './lint.ts';
import { putRuleSet, sampleRules } from './rule.sample.ts';
import { forecastStore, ruleSetStore } from './store.ts';

const odometry: Channel = {
  id: 1,
  topic: '/odom',
  messageEncoding: 'cdr',
  metadata: new Map(),
  schema: {
    name: 'demo/msg/Odom',
    encoding: 'ros2msg',
    data: new TextEncoder().encode('float64 speed\n'),
  },
  latched: false,
};

function speedBytes(speed: number): Uint8Array {
  const bytes = new Uint8Array(12);
  bytes.set([0, 1, 0, 0]);
  new DataView(bytes.buffer).setFloat64(4, speed, true);
  return bytes;
}

interface ClipWish {
  readonly n: number;
  /** Seconds after the sample's start. */
  readonly fromS: number;
  readonly seconds: number;
  /** Seconds at which the robot is fast for half a second, and how fast. */
  readonly fastAt?: readonly number[];
  readonly speed?: number;
  readonly baseline?: boolean;
  /** Length of the clip's session, from the sample's start on. */
  readonly sessionS?: number;
  readonly break?: (bytes: Uint8Array) => Uint8Array;
}

async function openWorld() {
  const folder = await mkdtemp(join(tmpdir(), 'fieldloop-backtest-'));
  const store = await sqliteWorld();
  const bytes = await openDiskBlobs(join(folder, 'blobs'));
  const { db } = store;
  const written: { done: number; total: number | undefined }[] = [];
  const context: OperationContext = {
    id: 'op_01JC0000000000000000000000',
    read: db,
    write: db,
    bytes,
    clock: systemClock,
    ids: systemIds,
    log: silentLog,
    signal: new AbortController().signal,
    progress: (done, total) => void written.push({ done, total }),
  };
  const put = async (wish: ClipWish, content: Uint8Array): Promise<void> => {
    const sha256 = sha256Hex(content);
    const part = await bytes.begin({ owner: 'amr-01', sha256 });
    await part.append([content]);
    expect(await part.commit()).toBe('committed');
    const startNs = sampleStartNs + BigInt(Math.round(wish.fromS * 1e9));
    const endNs = startNs + BigInt(Math.round(wish.seconds * 1e9));
    const manifest = {
      ...sampleManifest(wish.n, { startNs, sha256, sizeBytes: content.length }),
      endNs: String(endNs),
      topics: [{ topic: '/odom', schema: 'demo/msg/Odom', count: Math.round(wish.seconds * 10) }],
      ...(wish.baseline === true ? { class: 'baseline' as const } : {}),
      sessionId: sampleUuid(0xffff),
    };
    await db.transaction().execute(async (trx) => {
      await clipStore(trx).putManifest('amr-01', manifest, 1);
      await clipStore(trx).markStored('amr-01', sha256, content.length, 2);
      await sessionStore(trx).touch('amr-01', {
        sessionId: manifest.sessionId,
        startNs: sampleStartNs,
        endNs: sampleStartNs + BigInt(wish.sessionS ?? 0) * 1_000_000_000n + 1n,
        at: 3,
      });
    });
  };
  return {
    db,
    bytes,
    context,
    written,
    async clip(wish: ClipWish): Promise<void> {
      const path = join(folder, `clip-${wish.n}.mcap`);
      {
        await using file = await createFile(path);
        const writer = await openClipWriter(file, { profile: 'ros2', library: 'test' });
        await writer.channel(odometry);
        for (let i = 0; i <= wish.seconds * 10; i += 1) {
          const at = wish.fromS + i / 10;
          const isFast = (wish.fastAt ?? []).some((from) => at >= from && at < from + 0.5);
          const logTimeNs = sampleStartNs + BigInt(Math.round(at * 1e9));
          const data = speedBytes(isFast ? (wish.speed ?? 2) : 0);
          await writer.message(1, { sequence: i, logTimeNs, publishTimeNs: logTimeNs, data });
        }
        await writer.finish();
      }
      const content = new Uint8Array(await readFile(path));
      await put(wish, wish.break === undefined ? content : wish.break(content));
    },
    async scoredClip(n: number): Promise<void> {
      const path = join(folder, `scored-${n}.mcap`);
      {
        await using file = await createFile(path);
        const writer = await openClipWriter(file, { profile: 'ros2', library: 'test' });
        await writer.channel(odometry);
        for (let i = 0; i <= 100; i += 1) {
          const logTimeNs = sampleStartNs + BigInt(i) * 100_000_000n;
          const data = speedBytes(0);
          await writer.message(1, { sequence: i, logTimeNs, publishTimeNs: logTimeNs, data });
        }
        // As cutClip does: the scores stand behind all messages.
        await writer.channel({ ...odometry, id: 2, topic: scoresTopic, messageEncoding: 'json' });
        for (let i = 0; i <= 50; i += 1) {
          const logTimeNs = sampleStartNs + BigInt(i) * 200_000_000n;
          const entropy = i >= 20 && i < 30 ? 0.9 : 0.1;
          const note = { scorer: 'detector', atNs: String(logTimeNs), values: { entropy } };
          const data = new TextEncoder().encode(JSON.stringify(note));
          await writer.message(2, { sequence: i, logTimeNs, publishTimeNs: logTimeNs, data });
        }
        await writer.finish();
      }
      await put({ n, fromS: 0, seconds: 10 }, new Uint8Array(await readFile(path)));
    },
    run: async (input: Partial<BacktestInput>): Promise<BacktestResult> => {
      const whole = { ruleSetId: 'rul_speeding', n: 1, dutyHours: 24, by: 'key_1' };
      const wanted = { maxClips: 100, maxBytes: 1e9, ...whole, ...input };
      return (await backtest({ ...wanted }, context)) as unknown as BacktestResult;
    },
    async [Symbol.asyncDispose]() {
      await bytes[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

test('fires, clips and bytes of a day come of the clips, and a tighter version of the same', async () => {
  await using world = await openWorld();
  await putRuleSet(world.db, [1, 3]);
  await world.clip({ n: 1, fromS: 10, seconds: 10, fastAt: [15], sessionS: 1_000 });
  await world.clip({ n: 2, fromS: 200, seconds: 10, fastAt: [205], speed: 5, sessionS: 1_000 });
  await world.clip({ n: 3, fromS: 500, seconds: 20, baseline: true, sessionS: 1_000 });
  const told = await world.run({ n: 2, against: 1 });
  expect(told).toMatchObject({
    version: 2,
    clips: { matched: 3, read: 3, skippedCount: 0 },
    forecast: { population: 'sampled', recordings: 3, sessions: 1 },
    against: { version: 1 },
  });
  const perDay = 86_400 / 1_000;
  expect(told.forecast.fires.mean).toBeCloseTo(perDay, 6);
  expect(told.against?.forecast.fires.mean).toBeCloseTo(2 * perDay, 6);
  expect(told.forecast.clips.mean).toBeCloseTo(perDay, 6);
  // 4 s of 40 s of odometry, in the proportion that the three files take.
  const { storedBytes } = told.clips;
  expect(told.forecast.clipBytes.mean).toBeCloseTo((storedBytes * 4) / 40, 6);
  expect(told.forecast.bytes.mean).toBeCloseTo(perDay * told.forecast.clipBytes.mean, 6);
  expect(world.written.at(-1)).toEqual({ done: 3, total: 3 });
  // The same operation again, as after the death of a worker, keeps one forecast.
  await world.run({ n: 2, against: 1 });
  const kept = await forecastStore(world.db).newest(told.digest, 0);
  expect(kept).toMatchObject({ id: told.forecastId, n: 2, forecast: told.forecast });
  const rows = await world.db.selectFrom('rule_forecast').select('id').execute();
  expect(rows).toHaveLength(1);
});

test('a query, sessions and limits choose the clips; what was left out is counted', async () => {
  await using world = await openWorld();
  await putRuleSet(world.db, [1]);
  for (const n of [1, 2, 3])
    await world.clip({ n, fromS: 20 * n, seconds: 5, fastAt: [20 * n + 2] });
  expect((await world.run({ maxClips: 2 })).clips).toMatchObject({ matched: 3, read: 2 });
  expect((await world.run({ q: 'rule = other' })).forecast.population).toBe('none');
  expect((await world.run({ q: 'severity = warning and rule = near-miss' })).clips.read).toBe(3);
  expect((await world.run({ sessions: ['ses_0'] })).clips.read).toBe(0);
});

test('a damaged clip and one whose bytes are gone are named, the others count', async () => {
  await using world = await openWorld();
  await putRuleSet(world.db, [1]);
  await world.clip({ n: 1, fromS: 0, seconds: 10, fastAt: [5] });
  const halve = (content: Uint8Array): Uint8Array => content.slice(0, content.length / 2);
  await world.clip({ n: 2, fromS: 50, seconds: 10, fastAt: [55], break: halve });
  await world.clip({ n: 3, fromS: 90, seconds: 10, fastAt: [95] });
  const gone = await world.db
    .selectFrom('clip')
    .select(['id', 'sha256'])
    .orderBy('start_ns', 'desc')
    .executeTakeFirstOrThrow();
  await world.bytes.remove(gone.sha256);
  const told = await world.run({});
  expect(told.clips).toMatchObject({ matched: 3, read: 1, skippedCount: 2 });
  expect(told.clips.skipped[0]).toMatchObject({ clip: gone.id });
  expect(told.forecast.rules[0]).toMatchObject({ fires: 1 });
});

test('a rule on scores is replayed from the scores in the clip', async () => {
  await using world = await openWorld();
  const yaml = `${sampleRules(1).replace('signals:', 'models:\n  ood: {ref: detector, input: {topic: /camera}, every: 200ms, deadline: 80ms}\nsignals:')}- {id: unsure, severity: info, when: ood.entropy > 0.5}\n`;
  const { ruleSet } = lintText(yaml);
  await putRuleSet(world.db, []);
  await world.db.transaction().execute(async (trx) => {
    const rules = ruleSetStore(trx);
    const wanted = { digest: ruleSet?.digest ?? '', text: yaml, problems: [], by: 'key_1', at: 1 };
    await rules.save(await rules.get('speeding'), wanted);
  });
  await world.scoredClip(1);
  const told = await world.run({});
  expect(told.forecast.rules).toMatchObject([
    { rule: 'fast', basis: 'replay', fires: 0 },
    { rule: 'unsure', basis: 'replay', fires: 1 },
  ]);
});

test('a rule whose scope leaves a robot out does not fire for it', async () => {
  await using world = await openWorld();
  const scoped = (id: string, scope: string): string =>
    `- {id: ${id}, severity: info, when: v > 1.0, scope: '${scope}'}\n`;
  const own = scoped('here', 'hw = orin and device = amr-01') + scoped('there', 'hw = agx');
  const yaml = `${sampleRules(1)}${own}`;
  const digest = lintText(yaml).ruleSet?.digest ?? '';
  await putRuleSet(world.db, []);
  await world.clip({ n: 1, fromS: 0, seconds: 10, fastAt: [5] });
  await world.db.transaction().execute(async (trx) => {
    const device = await deviceStore(trx).get('amr-01');
    const patch = { properties: { hw: 'orin' } };
    await deviceStore(trx).patch(device?.id ?? '', patch, 1);
    const rules = ruleSetStore(trx);
    const wanted = { digest, text: yaml, problems: [], by: 'key_1', at: 1 };
    await rules.save(await rules.get('speeding'), wanted);
  });
  expect((await world.run({})).forecast.rules).toMatchObject([
    { rule: 'fast', fires: 1 },
    { rule: 'here', fires: 1 },
    { rule: 'there', fires: 0 },
  ]);
});

test('lint knows the topics and fields of the clips of a device, and suggests the right ones', async () => {
  await using world = await openWorld();
  await world.clip({ n: 1, fromS: 0, seconds: 10 });
  const device = await world.db
    .selectFrom('device')
    .select('id')
    .where('name', '=', 'amr-01')
    .executeTakeFirstOrThrow();
  const facts = await fleetFacts({ read: world.db, bytes: world.bytes }, [device.id]);
  expect(facts).toMatchObject({ devices: 1, clips: 1 });
  const problemsOf = (text: string) => {
    const { ruleSet } = lintText(text);
    return ruleSet === undefined ? undefined : lintFleet(ruleSet, facts);
  };
  expect(problemsOf(sampleRules(1))).toEqual([]);
  expect(problemsOf(sampleRules(1).replaceAll('path: speed', 'path: sped'))).toMatchObject([
    { line: 6, code: 'unknown-field', message: expect.stringContaining('Did you mean "speed"?') },
  ]);
  expect(problemsOf(sampleRules(1).replace('topic: /odom,', 'topic: /odm,'))).toMatchObject([
    {
      line: 6,
      column: 14,
      code: 'unknown-topic',
      message: 'the fleet has no topic "/odm". Did you mean "/odom"?',
    },
  ]);
});
