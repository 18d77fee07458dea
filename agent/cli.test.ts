/**
 * Goal: each command says what is wrong with a remedy, and its exit code is that of the house.
 * Method: the program's own `main` on configurations in a temporary folder.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { main } from './cli.ts';
import { openLocalSocket } from './health/socket.ts';
import { type AgentStatus, statusSocketPath } from './health/status.ts';
import { sumOnnx, sumYaml, tinyOnnx, tinyYaml, writeModel } from './score/testing.ts';
import { writeRecording } from './source/testing.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fl-cli-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await main(argv, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  });
  return { code, out, err };
}

test('a reader that goes away, as head does, ends a command without a complaint', async () => {
  const program = new URL('./bin/fieldloop-agent.mjs', import.meta.url).pathname;
  const child = spawn(process.execPath, [program, 'run', '--help']);
  child.stdout.destroy();
  let err = '';
  child.stderr.on('data', (piece: Buffer) => {
    err += piece.toString();
  });
  expect(await once(child, 'close')).toEqual([0, null]);
  expect(err).toBe('');
});

const rules = `
apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: test, version: 1}
signals:
  vx: {topic: /odomm, path: vx, type: double}
models:
  who: {ref: absent, input: {topic: /numbers}}
rules:
- {id: fast, when: vx > 1.0 && who.entropy > 0.5, capture: {topics: ["*"], pre: 90s, post: 1s}}
`;

async function write(change: object = {}, ruleText = rules): Promise<string> {
  await writeRecording(join(folder, 'a.mcap'), [{ topic: '/odom', atNs: 1n, value: { vx: 1 } }]);
  writeModel(join(folder, 'tiny'), tinyYaml(), tinyOnnx());
  writeFileSync(join(folder, 'rules.yaml'), ruleText);
  const config = {
    device: { name: 'amr-017' },
    sources: [{ name: 'main', file: 'a.mcap' }],
    models: [{ id: 'tiny', path: 'tiny' }],
    rules: 'rules.yaml',
    buffer: { path: 'state', headroom: '1MiB', quota: '1MiB' },
    ...change,
  };
  const file = join(folder, 'agent.yaml');
  writeFileSync(file, JSON.stringify(config));
  return file;
}

test('a reload that comes while the agent starts is carried out once it runs', async () => {
  const program = new URL('./bin/fieldloop-agent.mjs', import.meta.url).pathname;
  const file = await write(
    { models: [] },
    rules.replace(/models:.*\n.*\n/, '').replace(/ && who[^,]*/, ''),
  );
  const child = spawn(process.execPath, [program, 'run', '--config', file]);
  const ended = once(child, 'close');
  const socket = statusSocketPath(join(folder, 'state'));
  while (!existsSync(socket) && child.exitCode === null) await delay(2);
  child.kill('SIGHUP');
  let out = '';
  let isStopped = false;
  for await (const piece of child.stdout as AsyncIterable<Buffer>) {
    out += piece.toString();
    if (!isStopped && out.includes('was read again')) isStopped = child.kill('SIGTERM');
  }
  expect(await ended).toEqual([0, null]);
  expect(out.indexOf('the agent runs')).toBeLessThan(out.indexOf('was read again'));
});

test('check tells everything that can be known before a start', async () => {
  const { code, out } = await run('check', '-c', await write());
  expect(code).toBe(0);
  const lines = out.trimEnd().split('\n');
  const found = (text: string): string => lines.find((line) => line.includes(text)) ?? out;
  expect(found('sources[0]')).toMatch(/^ok .*is a whole mcap recording/);
  expect(found('no topic "/odomm"')).toMatch(/^warning .*Did you mean "\/odom"\?/);
  expect(found('model "who" wants "absent"')).toMatch(/^warning/);
  expect(found('model "tiny" is configured')).toMatch(/^warning .*no rule uses it/);
  expect(found('wants 90s')).toMatch(/^warning .*window holds 1m\. Raise window\.seconds/);
  expect(found('models[0]')).toMatch(/^ok .*passes 1 golden inputs/);
  expect(found('buffer')).toMatch(/^ok .*takes files/);
  expect(found('cloud')).toMatch(/^ok .*none configured/);
  expect(lines.at(-1)).toMatch(/^0 errors, [45] warnings$/);
});

test.each([
  ['', /model "who" feeds nothing to speed of "sum", so no frame has a score/],
  [', more: {mass: /state}', /feeds mass, and "sum" takes speed beside it; .* Correct input.more/],
  [', more: {speed: /state}', /^(?![^]*"sum")/],
])('check compares what rules feed%s with what the model takes', async (more, expected) => {
  const text = rules.replace('absent', 'sum').replace('/numbers}', `/numbers${more}}`);
  writeModel(join(folder, 'sum'), sumYaml(), sumOnnx());
  const { code, out } = await run(
    'check',
    '-c',
    await write({ models: [{ id: 'sum', path: 'sum' }] }, text),
  );
  expect(code).toBe(0);
  const warned = out.split('\n').filter((line) => /^warning +models:/.test(line));
  expect(warned.join('\n')).toMatch(expected);
});

test('check with errors: each has its remedy, as text and as JSON, and the exit code is 2', async () => {
  const file = await write({
    sources: [
      { name: 'main', file: 'none.mcap' },
      { name: 'bags', folder: 'none' },
      { name: 'live', sim: 'tcp://127.0.0.1:1' },
    ],
    models: [{ id: 'tiny', path: 'none' }],
    cloud: {},
  });
  const { code, out } = await run('check', '--json', '-c', file);
  expect(code).toBe(2);
  const { findings } = JSON.parse(out) as { findings: { level: string; about: string }[] };
  const levels = Object.fromEntries(findings.map(({ about, level }) => [about, level]));
  expect(levels).toMatchObject({
    'sources[0]': 'error',
    'sources[1]': 'error',
    'sources[2]': 'warning',
    'models[0]': 'error',
    cloud: 'error',
    buffer: 'ok',
  });
  const text = (await run('check', '-c', file)).out;
  for (const line of text.split('\n').filter((one) => one.startsWith('ERROR'))) {
    expect(line).toMatch(/\. [A-Z].*\.$/);
  }
});

test('a wrong configuration: every command names its problems and exits 2', async () => {
  const file = await write({ bufer: {} });
  for (const command of ['check', 'run', 'status', 'enroll']) {
    const { code, out, err } = await run(command, '-c', file);
    expect([command, code, out]).toEqual([command, 2, '']);
    expect(err).toContain('unknown key "bufer". Did you mean "buffer"?');
  }
});

test('run with rules that do not hold together: every problem with its line, exit 2', async () => {
  const file = await write({}, rules.replace('vx > 1.0', 'vxx > 1.0').replace('id: fast', 'id: F'));
  const { code, err } = await run('run', '-c', file);
  expect(code).toBe(2);
  expect(err).toMatch(/rules\.yaml:\d+:\d+: /);
  expect(err).toMatch(/unknown signal "vxx"/);
});

test('status: the agent of that buffer, or that there is none', async () => {
  const file = await write();
  expect(await run('status', '-c', file)).toMatchObject({
    code: 8,
    err: expect.stringMatching(/no agent answers here\. Start it with/),
  });
  const status: AgentStatus = {
    device: 'amr-017',
    agentVersion: '1',
    uptimeS: 5,
    source: {
      messages: 7,
      bytes: 100,
      lagMs: 0,
      broken: 7,
      forbidden: 1,
      lastUnread: 'bags/b.mcap@byte 9: it is torn. Copy it again.',
      clockOffsetMs: 2_400,
      reconnects: 2,
      each: [{ name: 'main', state: 'reading', reconnects: 2 }],
    },
    score: { count: 0, skipped: 0, faults: 0, unfed: 0 },
    rules: {
      set: 'test',
      version: 1,
      digest: 'a'.repeat(64),
      fired: { fast: 2 },
      suppressed: 1,
      reasons: { cooldown: 1 },
      evaluations: 40,
      unknown: 3,
      conditions: { fast: { looks: 40, unknown: 3 } },
      faults: 0,
      off: { gone: 'no such thing' },
    },
    models: {
      running: { who: { sha256: 'b'.repeat(64), version: '7', since: 0 } },
      state: 'rolled_back',
      rollout: 'rol_1',
      fault: { code: 'unavailable', message: 'model who: no numbers' },
    },
    clips: {
      cut: 1,
      sealed: 1,
      acknowledged: 0,
      bytes: 2_048,
      held: { sealed: 1 },
      evicted: 0,
      lost: 0,
      bytesByClass: { info: 2_048 },
    },
    uplink: {
      connected: false,
      uploading: 0,
      bytesSent: 0,
      rate: 2_048,
      reconnects: 3,
      clipsAcknowledged: 0,
      backlogClips: 1,
      backlogS: 95,
      refusedClips: 0,
    },
    verdicts: [
      { rule: 'fast', atNs: '1700000000000000000', outcome: 'clip', clipId: '018bcfe5-6800-8aaa' },
      { rule: 'fast', atNs: '1699999200000000000', outcome: 'cooldown', count: 3 },
    ],
    ledger: [{ rule: 'fast', outcome: 'clip', count: 1, bytes: 2_048 }],
    lastClip: { clipId: 'x', rule: 'fast', why: 'Too\u001b[31m fast.' },
    clock: { synced: true, source: 'ntp' },
    machine: {
      load: { cpu: 1.2 },
      shed: ['models'],
      duty: 1,
      cpu: 0.42,
      rssBytes: 100 * 2 ** 20,
      diskFreeBytes: 2 ** 30,
      gapP99Ms: 3.2,
      dropped: { late: 4 },
      windowS: 61,
      spool: { bytes: 2_048, maxBytes: 4_096, refused: 3, off: 'too slow' },
      topics: { '/odom': 7 },
      topicBytes: { '/odom': 70, '/scan': 4_096, '/tf': 9, '/camera': 2 ** 21 },
      scoreP50Ms: { who: 12.4 },
      scoreP99Ms: { who: 40.2 },
    },
    caps: { cpu: 0.35, quotaBytes: 2 ** 30, headroomBytes: 2 ** 20 },
    isRebuilt: true,
    paused: true,
    held: true,
    degraded: ['the disk is full'],
    idle: false,
    finished: false,
  };
  await run('check', '-c', file);
  await using _ = await openLocalSocket(statusSocketPath(join(folder, 'state')), {
    status: () => status,
    act: () => Promise.reject(new Error('unasked')),
  });
  const { code, out } = await run('status', '-c', file);
  expect(code).toBe(0);
  expect(out).toMatch(/^device +amr-017/);
  expect(out).toMatch(
    /^unread +7 broken, 1 that may not be read; the last: bags\/b\.mcap@byte 9: it is torn\. Copy/m,
  );
  expect(out).toMatch(/^clips +1 cut since the start; in all 1 sealed, 0 in the cloud$/m);
  expect(out).toMatch(/^verdict +fast at 2023-11-14T22:13:20\.000Z: clip 018bcfe5-6800$/m);
  expect(out).toMatch(
    /^verdict +fast in the hour from 2023-11-14T22:00:00\.000Z: cooldown 3 times$/m,
  );
  expect(out).toMatch(/^fired +fast 2; 1 suppressed \(cooldown 1\)$/m);
  expect(out).toMatch(/^clock +right as far as is known \(ntp\); log times are 2\.4 s behind it$/m);
  expect(out).toMatch(/^uplink .* · connection lost 3 times$/m);
  expect(out).toMatch(/^source main +reading · connection lost 2 times$/m);
  expect(out).toMatch(/^topics +\/camera 2\.00 MiB, \/scan 4\.00 KiB, \/odom 70 B and 1 more$/m);
  expect(out).toMatch(/^score +.*; who takes 12 ms, p99 40 ms$/m);
  expect(out).toMatch(/^buffer +2\.00 KiB of 1\.00 GiB · sealed 1$/m);
  expect(out).toMatch(
    /^uplink .* 0 uploading at 2\.00 KiB\/s, 1 waiting, the oldest for 95 s · 0 B sent/m,
  );
  expect(out).toMatch(/^index +the index was damaged or gone at the start and was made anew/m);
  expect(out).toMatch(/^paused +nothing is read/m);
  expect(out).toMatch(/^updates +held/m);
  expect(out).toMatch(
    /^machine +cpu 42 % of 35 % · RSS 100 MiB · gaps p99 3 ms · disk 1.00 GiB free/m,
  );
  expect(out).toMatch(/^given up +models$/m);
  expect(out).toMatch(/^dropped +late 4$/m);
  expect(out).toMatch(/^model who +7 \(b{12}\) since 1970-01-01T00:00:00.000Z$/m);
  expect(out).toMatch(/^models +rolled back · rol_1 · model who: no numbers$/m);
  expect(out).toMatch(/^degraded +the disk is full$/m);
  expect(out).toMatch(/^rule off +gone: no such thing$/m);
  expect(out).toMatch(/^spool +2\.00 KiB of 4\.00 KiB · 3 blocks refused · off: too slow$/m);
  expect(out).not.toContain('\u001b');
  expect(JSON.parse((await run('status', '--json', '-c', file)).out)).toEqual(status);
});

test('enroll without a token says where one comes from', async () => {
  const { code, err } = await run('enroll', '-c', await write());
  expect(code).toBe(2);
  expect(err).toContain('there is no claim token. Give one with --token');
  const bad = await run('enroll', '--token', 'hello', '-c', join(folder, 'agent.yaml'));
  expect(bad).toMatchObject({ code: 2, err: expect.stringContaining('it begins with flc_') });
});

test('--help teaches with examples; an unknown command names the nearest', async () => {
  expect(await run('--help')).toMatchObject({
    code: 0,
    out: expect.stringContaining('fieldloop-agent check --config agent.yaml'),
  });
  expect((await run('check', '--help')).out).toContain('sources:');
  expect(await run('stat')).toMatchObject({ code: 2, err: expect.stringContaining('status') });
});
