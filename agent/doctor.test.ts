/**
 * Goal: the doctor complains of what runs, and of a rate only when it is missed for certain.
 * Method: looks at counts that move as those of an agent do; a real agent with rules of its own.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { type AgentConfig, parseConfig } from './config.ts';
import { examine, judge } from './doctor.ts';
import { demand } from './document.ts';
import type { AgentStatus } from './health/status.ts';
import { rateLookEveryMs, rateLooksMs } from './limits.ts';
import { writeRecording } from './source/testing.ts';
import { openHome } from './testing.ts';

const rulesOf = (topic: string): string => `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: local, version: 1}
signals: {vx: {topic: ${topic}, path: vx, type: double}}
rules:
- {id: fast, when: vx > 1.0, capture: {topics: ["*"], pre: 1s, post: 1s}}
`;

const configIn = (folder: string): AgentConfig => {
  const document = {
    device: { name: 'amr-017' },
    sources: [{ name: 'main', file: 'a.mcap' }],
    rules: 'rules.yaml',
    buffer: { path: 'state' },
  };
  return demand(
    parseConfig({ text: JSON.stringify(document), file: join(folder, 'agent.yaml') }, {}),
  );
};

/** What an agent without trouble says. */
const steady = {
  device: 'amr-017',
  degraded: [],
  source: { messages: 1, each: [] },
  clock: { synced: true },
  rules: { off: {}, conditions: {} },
  score: { count: 0, skipped: 0, faults: 0 },
  clips: { bytes: 0 },
  caps: { quotaBytes: 1, headroomBytes: 0 },
  uplink: { connected: true },
  machine: { topics: {}, dropped: {} },
};

/** A robot whose counts move each `everyMs`, as they are looked at from `fromMs` on. */
function complaints(hz: number, { fromMs, everyMs = 1_050 }: { fromMs: number; everyMs?: number }) {
  const statusAt = (ms: number): AgentStatus => {
    const toldMs = Math.floor(ms / everyMs) * everyMs;
    const topics = { '/odom': Math.floor((toldMs / 1_000) * hz), '/map': toldMs };
    return { ...steady, machine: { topics, dropped: {} } } as unknown as AgentStatus;
  };
  const looks = Array.from({ length: rateLooksMs / rateLookEveryMs + 1 }, (_, i) => {
    const atMs = i * rateLookEveryMs;
    return { status: statusAt(fromMs + atMs), atMs };
  });
  const demands = { topics: [], rates: [{ id: 'blind', topic: '/odom', minHz: 8 }] };
  return [...judge(configIn('/'), { looks, demands })].filter(({ about }) => about === 'rate');
}

test('a steady topic is not complained of, whenever one looks; one that is too slow is', () => {
  for (let fromMs = 5_000; fromMs < 8_000; fromMs += 50) {
    expect(complaints(10, { fromMs })).toEqual([]);
    expect(complaints(8.3, { fromMs })).toEqual([]);
    expect(complaints(5, { fromMs })).toMatchObject([{ level: 'warning' }]);
    expect(complaints(0, { fromMs })).toMatchObject([
      { text: expect.stringContaining('/odom comes 0.0 times a second, rule blind expects 8.') },
    ]);
    // A recorder that writes seldom: of so few looks nothing follows.
    expect(complaints(10, { fromMs, everyMs: 9_000 })).toEqual([]);
  }
});

test('topics are those of the rules that run, whatever the file says by now', async () => {
  using home = openHome();
  await writeRecording(join(home.path, 'a.mcap'), [{ topic: '/odom', atNs: 1n, value: { vx: 0 } }]);
  const sources = [{ name: 'main', file: 'a.mcap', speed: 'max' }];
  await using running = await home.start({ sources, rules: rulesOf('/never') });
  await running.until(({ finished }) => finished);
  writeFileSync(join(home.path, 'rules.yaml'), rulesOf('/only_in_the_file'));
  const told: string[] = [];
  const clock = { ...systemClock, sleep: async () => await Promise.resolve() };
  for await (const { about, text } of examine(configIn(home.path), { clock })) {
    if (about === 'topic') told.push(text);
  }
  expect(told).toEqual([expect.stringMatching(/^\/never is read by rules and never came/)]);
});

test('clips that a policy keeps back are no trouble until they waited for a day', () => {
  const allowance = { net: 'lte', iface: 'wwan0', spentBytes: 5, waits: 'only critical goes' };
  const told = (uplink: object) => {
    const status = { ...steady, uplink: { connected: true, allowance, ...uplink } };
    const looks = [0, 1].map((atMs) => ({ status: status as unknown as AgentStatus, atMs }));
    const found = [...judge(configIn('/'), { looks, demands: undefined })];
    return found.filter(({ about }) => about === 'network');
  };
  expect(told({ backlogClips: 0, backlogS: 0 })).toMatchObject([{ level: 'ok' }]);
  expect(told({ backlogClips: 3, backlogS: 60 })).toMatchObject([
    { level: 'ok', text: '3 clips wait: only critical goes' },
  ]);
  expect(told({ backlogClips: 3, backlogS: 90_000 })).toMatchObject([
    { level: 'warning', text: expect.stringMatching(/for 25 h\. Bring the robot .*policies/) },
  ]);
  expect(told({ backlogClips: 0, backlogS: 0, connected: false })).toEqual([]);
  expect(told({ backlogClips: 3, backlogS: 90_000, allowance: undefined })).toEqual([]);
});

test('a pause is told with what ends it', () => {
  const status = { ...steady, paused: true } as unknown as AgentStatus;
  const looks = [{ status, atMs: 0 }];
  const found = [...judge(configIn('/'), { looks, demands: undefined })];
  expect(found.filter(({ about }) => about === 'paused')).toEqual([
    {
      level: 'warning',
      about: 'paused',
      text: 'nothing is read and no clip is sent. "fieldloop-agent resume" ends it.',
    },
  ]);
});

test('messages that no rule sees because they come late are told, as long as they come', () => {
  const status = (messages: number, late?: number): AgentStatus => {
    const dropped = late === undefined ? {} : { late };
    const machine = { ...steady.machine, dropped };
    return { ...steady, machine, source: { ...steady.source, messages } } as unknown as AgentStatus;
  };
  const told = (...both: readonly AgentStatus[]) => {
    const looks = both.map((one, i) => ({ status: one, atMs: i * 5_000 }));
    const found = [...judge(configIn('/'), { looks, demands: undefined })];
    return found.filter(({ about }) => about === 'late').map(({ text }) => text);
  };
  const [text, ...more] = told(status(1_000), status(1_200, 190));
  expect(text).toMatch(/^190 of 200 messages came behind .* set its clock; or raise "lateness"/);
  expect(more).toEqual([]);
  expect(told(status(1_000, 900), status(1_200, 905))).toEqual([]);
});
