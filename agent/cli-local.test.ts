/**
 * Goal: a person on the robot sees, exports, drops and asks for clips, quiets the agent, holds
 * updates and hears what is wrong, with an agent that runs and, where it can be, without one.
 * Method: the program's own `main` beside a real agent in a temporary folder.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseRuleSet } from '@fieldloop/rules';
import { expect, test } from 'vitest';
import { main } from './cli.ts';
import { demand } from './document.ts';
import { parseConfig } from './config.ts';
import { judge } from './doctor.ts';
import type { AgentStatus } from './health/status.ts';
import { writeRecording } from './source/testing.ts';
import { openHome } from './testing.ts';
import { demandsOf } from './topic-demands.ts';

const rules = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: local, version: 1}
signals:
  vx: {topic: /odom, path: vx, type: double}
  scan: {topic: /scan, path: x, type: double}
rules:
- {id: fast, why: Too fast., severity: warning, when: vx > 1.0, capture: {topics: ["*"], pre: 1s, post: 1s}}
- {id: close, when: scan < 0.5, capture: {topics: ["*"], pre: 1s, post: 1s}}
`;

const expecting = `${rules}- {id: blind, absent: {topic: /odom, for: 9s, minHz: 500, window: 5s}, capture: {topics: ["*"], pre: 1s, post: 1s}}
`;

async function run(file: string, ...argv: string[]) {
  const said = { out: '', err: '' };
  const code = await main([...argv, '-c', file], {
    out: (text) => void (said.out += text),
    err: (text) => void (said.err += text),
  });
  return { code, ...said };
}

const startNs = 1_700_000_000_000_000_000n;
const drive = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    topic: '/odom',
    atNs: startNs + BigInt(i) * 100_000_000n,
    value: { vx: i === 50 || i === 150 ? 2 : 0 },
  }));

test('with an agent that runs, and after it: clips, pause, logs, updates, a replay', async () => {
  using home = openHome();
  const file = join(home.path, 'agent.yaml');
  await writeRecording(join(home.path, 'a.mcap'), drive(300));
  await writeRecording(join(home.path, 'b.mcap'), drive(3_000));
  const sources = [
    { name: 'done', file: 'a.mcap', speed: 'max' },
    { name: 'slow', file: 'b.mcap', speed: 1 },
  ];
  let id = '';
  {
    await using running = await home.start({ sources, rules });
    await running.until(({ clips, source }) => clips.sealed >= 2 && source.messages > 310);
    const { out: list } = await run(file, 'clips', 'list', '--rule', 'fast');
    expect(list.split('\n').filter(Boolean)).toHaveLength(2);
    expect(list).toMatch(/warning +sealed +[\d.]+ KiB +fast: Too fast\.$/m);
    id = list.slice(0, 13);
    expect((await run(file, 'clips', 'show', id)).out).toMatch(/^why +fast@1 at 2023-11-14/m);
    const { out: copied } = await run(file, 'clips', 'export', id, home.path);
    expect(existsSync(copied.slice(0, copied.indexOf(' ')))).toBe(true);
    const { out: cut } = await run(
      file,
      'clip',
      'now',
      '--pre',
      '1s',
      '--post',
      '0s',
      '--tag',
      'odd',
    );
    expect(cut).toMatch(/^[0-9a-f-]{36}, [\d.]+ KiB$/m);
    const status = await run(file, 'pause', '--for', '10m');
    expect(status.out).toBe('paused for 10m\n');
    expect((await run(file, 'status')).out).toMatch(/^paused +nothing is read/m);
    expect((await run(file, 'resume')).out).toBe('resumed\n');
    expect((await run(file, 'update', 'hold')).out).toMatch(/held since/);
    expect((await run(file, 'update', 'history')).out).toContain('rules local@1');
    expect((await run(file, 'reload')).out).toBe('changed: nothing\n');
    expect(await run(file, 'pull', 'ffff')).toMatchObject({ code: 4 });
    const range = `${startNs}..${startNs + 5_000_000_000n}`;
    const [once, twice] = [await run(file, 'pull', range), await run(file, 'pull', range)];
    expect([once.code, twice.code]).toEqual([0, 0]);
    expect(once.out).not.toBe(twice.out);
    expect(await run(file, 'pull', '2022-11-14T22:13:20Z..2022-11-14T22:13:30Z')).toMatchObject({
      code: 4,
      err: expect.stringMatching(/no clip was cut: the window holds 2023-11-14T22:13:20.000Z to /),
    });
    expect(await run(file, 'pull', range, '--topics', '/odon')).toMatchObject({
      code: 4,
      err: expect.stringMatching(/there is no topic \/odon\. Did you mean "\/odom"\? Ask for /),
    });
    expect(await run(file, 'pull', '5..4')).toMatchObject({ code: 2 });
    expect(await run(file, 'pull', `${startNs}..${startNs + 700_000_000_000n}`)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/spans 700 s\. Ask for at most 600 s at once\./),
    });
    expect((await run(file, 'clip', 'now', '--post', '11m')).err).toBe(
      '--post is 11m, which is too long for a clip. Write a time of at most 600 s.\n',
    );
    expect((await run(file, 'clips', 'drop', id)).out).toMatch(/^dropped/);
    expect(JSON.parse((await run(file, 'logs', '--json')).out)).toEqual([]);
  }
  // Nobody runs: what the folder knows is told all the same, and the rest says why not.
  expect((await run(file, 'clips', 'list')).out).not.toContain(id);
  expect((await run(file, 'clips', 'list', '--json')).out).toContain('"rule": "fast"');
  expect(await run(file, 'clips', 'list', '--limit', 'all')).toMatchObject({
    code: 2,
    err: expect.stringContaining('--limit is "all", which is no count'),
  });
  expect((await run(file, 'update', 'status')).out).toMatch(/held since/);
  expect(await run(file, 'pause')).toMatchObject({
    code: 8,
    err: expect.stringContaining('no agent answers here'),
  });
  expect((await run(file, 'logs')).err).toContain('journalctl -u fieldloop-agent');
  const replayed = await run(file, 'replay', join(home.path, 'a.mcap'));
  expect(replayed).toMatchObject({ code: 0, err: '' });
  expect(replayed.out).toMatch(/^fired fast 2/m);
  expect(replayed.out).toMatch(/^2 clips/m);
  const broken = await run(file, 'replay', join(home.path, 'rules.yaml'));
  expect(broken.code).toBeGreaterThan(0);
});

test('who only looks where no agent was makes nothing', async () => {
  using home = openHome();
  const file = join(home.path, 'agent.yaml');
  const document = {
    device: { name: 'amr-017' },
    sources: [{ name: 'a', file: 'a.mcap' }],
    rules: 'rules.yaml',
    buffer: { path: 'state' },
  };
  writeFileSync(file, JSON.stringify(document));
  expect(await run(file, 'clips', 'list')).toMatchObject({
    code: 4,
    err: expect.stringMatching(
      /state: no agent was here: .* Start the agent, or correct buffer.path/,
    ),
  });
  expect(existsSync(join(home.path, 'state'))).toBe(false);
});

test('the doctor names topics that never came, missed rates, slow models and full buffers', async () => {
  using home = openHome();
  await writeRecording(join(home.path, 'a.mcap'), drive(10));
  const sources = [{ name: 'a', file: 'a.mcap', speed: 'max' }];
  let status: AgentStatus;
  {
    await using running = await home.start({ sources, rules: expecting });
    status = await running.until(({ finished }) => finished);
  }
  const text = JSON.stringify({
    device: { name: 'amr-017' },
    sources,
    rules: 'rules.yaml',
    buffer: { path: 'state' },
  });
  const config = demand(parseConfig({ text, file: join(home.path, 'agent.yaml') }, {}));
  const second: AgentStatus = {
    ...status,
    source: {
      ...status.source,
      messages: 10,
      each: [{ name: 'main', state: 'silent', reason: 'it says nothing for 9 s' }],
      broken: 2,
      lastUnread: 'bags/b.mcap@byte 9: it is torn. Copy it again.',
    },
    score: { count: 10, skipped: 90, faults: 20, unfed: 0 },
    rules: {
      ...status.rules,
      conditions: { sighted: { looks: 5_000, unknown: 3 }, blind: { looks: 200, unknown: 190 } },
      off: { blind: 'no such thing' },
    },
    machine: {
      ...status.machine,
      topics: { '/odom': 40, '/front/scan': 3 },
      diskFreeBytes: 1,
      spool: { bytes: 0, maxBytes: 9, refused: 1, off: 'the disk is full' },
    },
    clips: { ...status.clips, bytes: 0.9 * status.caps.quotaBytes },
    degraded: ['models skip frames'],
    isRebuilt: true,
    clock: { synced: false, source: 'system' },
  };
  const before = (odom: number): AgentStatus => ({
    ...status,
    machine: { ...second.machine, topics: { '/odom': odom } },
  });
  const statuses = [before(10), before(20), before(30), second];
  const looks = statuses.map((one, i) => ({ status: one, atMs: i * 1_000 }));
  const model = 'models: {net: {ref: net, input: {topic: /odom, more: {s: /state}}}}\n';
  const { ruleSet } = parseRuleSet(expecting.replace('rules:', `${model}rules:`), 'rules.yaml');
  const found = [...judge(config, { looks, demands: ruleSet && demandsOf(ruleSet) })];
  const all = found.map(({ level, about, text: what }) => `${level} ${about}: ${what}`).join('\n');
  expect(all).toMatch(
    /^warning topic: \/scan is read by rules and never came\. \/front\/scan does\./m,
  );
  expect(all).toMatch(/^warning topic: \/state is read by rules and never came\./m);
  expect(all).toMatch(
    /^warning rate: \/odom comes 10\.0 times a second, rule blind expects 500\./m,
  );
  expect(all).toMatch(/^warning models: 90 of 120 frames were passed over/m);
  expect(all).toMatch(/^warning models: 20 of 120 frames gave no score/m);
  expect(all).toMatch(/^warning recordings: 2 broken; the last: bags\/b\.mcap@byte 9: it is torn/m);
  expect(all).toMatch(/^warning buffer: the index was damaged .* Check the disk;/m);
  expect(all).toMatch(/^warning buffer: the buffer holds .* and is full in [\d.]+ h/m);
  expect(all).toMatch(/^warning disk: 1 B are free/m);
  expect(all).toMatch(/^warning source main: silent/m);
  expect(all).toMatch(/^warning clock: the system says that its clock is not synchronised/m);
  expect(all).toMatch(/^warning limits: there is no cap/m);
  expect(all).toMatch(/^warning rule: blind is off: no such thing/m);
  expect(all).not.toContain('sighted');
  expect(all).toMatch(/^warning rule: blind knew no value in 190 of 200 looks/m);
  expect(all).toMatch(/^warning spool: windows are shorter .*: the disk is full/m);
  // Every finding but the good ones says what to do.
  const silent = found.filter(({ level, text: what }) => level !== 'ok' && !/\. [A-Z]/.test(what));
  expect(silent).toEqual([]);
});
