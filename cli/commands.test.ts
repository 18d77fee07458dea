/**
 * Goal: an operator finds clips and why, gets their files whole, and is told what to do otherwise.
 * Method: command lines as typed, against a real API over HTTP with a real SQLite file.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256Hex } from '@fieldloop/core';
import { type ApiWorld, openApiWorld } from '@fieldloop/cloud/sample';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sampleIo } from './io.sample.ts';
import { runCli } from './main.ts';
import { malformedCases } from './malformed.cases.ts';

let world: ApiWorld;
let folder = '';
beforeEach(async () => {
  world = await openApiWorld();
  folder = await mkdtemp(join(tmpdir(), 'fieldloop-cli-'));
  await mkdir(join(folder, '.fieldloop'));
  const profile = JSON.stringify({ url: world.url, key: world.key });
  await writeFile(join(folder, '.fieldloop', 'cli.json'), profile);
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(line: string | readonly string[], columns = 0): Promise<Ran> {
  const io = sampleIo({ cwd: folder, columns, env: { HOME: folder } });
  const code = await runCli(typeof line === 'string' ? line.split(' ') : line, io);
  return { code, ...io.written };
}

async function ids(): Promise<readonly string[]> {
  const { out } = await run('clips list --json');
  return (JSON.parse(out) as { items: { id: string }[] }).items.map((clip) => clip.id);
}

test('the clip list shows when, where, how bad, which rule and why', async () => {
  await world.putClip(1, {
    severity: 'critical',
    scores: { 'classifier.margin': 1, 'classifier.entropy': 0.8123456 },
  });
  await world.putClip(2, { device: 'amr-02', rule: 'dropout', bytes: new Uint8Array(2048) });
  const { code, out, err } = await run('clips list');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const [head, second, first] = out.split('\n');
  expect(head).toMatch(/^WHEN +DEVICE +SEVERITY +RULE +WHY +SCORE +SIZE +STATE +ID$/);
  expect(first).toMatch(/^20\d\d-.* amr-01 +critical +near-miss +min_range 0.31, vx 0.52 /);
  expect(first).toMatch(/ 0.8123 classifier.entropy +4.00 KiB +on_device +clp_/);
  expect(second).toMatch(/ amr-02 +warning +dropout .* 2.00 KiB +stored +clp_/);
  for (const width of [80, 100, 120, 160]) {
    const narrow = await run('clips list', width);
    for (const line of narrow.out.trimEnd().split('\n')) {
      expect(line.length).toBeLessThanOrEqual(width);
      expect(line).toMatch(/^(WHEN|[\d-]+ [\d:]{5,8}) .*(ID|clp_[0-9A-Z]{26})$/);
    }
  }
});

test('filters of the command line reach the query', async () => {
  await world.putClip(1, { severity: 'critical', tags: ['rain', 'dock'] });
  await world.putClip(2, { scores: { 'm.entropy': 0.9 }, tags: ['rain'] });
  const found = async (...args: string[]): Promise<number> => {
    const { out } = await run(['clips', 'list', '--json', ...args]);
    return (JSON.parse(out) as { items: object[] }).items.length;
  };
  expect(await found()).toBe(2);
  expect(await found('--severity', 'critical')).toBe(1);
  expect(await found('--score', 'm.entropy>0.5')).toBe(1);
  expect(await found('--tag', 'rain', 'dock')).toBe(1);
  expect(await found('--rule', 'near-miss', '--device', 'amr-01', '--state', 'on_device')).toBe(2);
  expect(await found('--since', '-1h')).toBe(0);
  expect(await found('--until', '2024-05-31T16:08:39Z')).toBe(1);
});

test('a list stops at its limit, says so, and goes through all pages when asked', async () => {
  for (let n = 0; n < 55; n += 1) await world.putClip(n);
  const lines = (text: string): number => text.trimEnd().split('\n').length;
  const some = await run('clips list');
  expect([lines(some.out), some.err]).toEqual([51, 'the first 50; --all or --limit shows more\n']);
  const all = await run('clips list --all -o ndjson');
  expect([lines(all.out), all.err]).toEqual([55, '']);
  expect(lines((await run('clips list --limit 3 -o ndjson')).out)).toBe(3);
  const json = JSON.parse((await run('clips list --limit 3 --json')).out) as {
    nextCursor?: string;
  };
  expect(json.nextCursor).toBeDefined();
  const wrong = await run('clips list --limit 0');
  expect(wrong).toMatchObject({ code: 2, out: '' });
  expect(wrong.err).toContain('--limit: "0" is not how many rows to show');
});

test('a rule that nobody knows finds nothing, and a hint says which there are', async () => {
  await world.putClip(1);
  const ran = await run('clips list --rule nearmiss');
  expect(ran).toMatchObject({ code: 0, out: '' });
  expect(ran.err).toBe(
    'no clips match; `fieldloop clips facets --facet rule` lists the rules that fired\n',
  );
  expect((await run('clips facets --facet rule')).out).toContain('near-miss');
});

test('get says why in full', async () => {
  await world.putClip(1);
  const [id = ''] = await ids();
  const { out } = await run(`clips get ${id}`);
  expect(out).toContain('why: near-miss, warning, 3 s into the clip\n');
  expect(out).toContain('  something came close while the robot moved\n');
  expect(out).toContain('  min_range < 0.4 && vx > 0.2\n    min_range = 0.31\n    vx = 0.52\n');
  expect(out).toContain('rule set amr, version 3, ');
  expect(out).toMatch(/^\/odom +nav_msgs\/msg\/Odometry +250 +50$/m);
  const json = JSON.parse((await run(`clips get ${id} --json`)).out) as { id: string };
  expect(json.id).toBe(id);
});

const bytes = Uint8Array.from({ length: 4_000_000 }, (_, i) => (i * 31) % 253);

test('a folder that cannot be made is named, and the command ends', async () => {
  await world.putClip(1, { bytes: new Uint8Array(10) });
  const [id = ''] = await ids();
  const deep = join(folder, 'not', 'there', 'yet');
  expect((await run(['clips', 'download', id, '-d', deep])).code).toBe(0);
  expect(await readdir(deep)).toHaveLength(1);
  const file = join(folder, 'file');
  await writeFile(file, '');
  for (const place of ['/proc/nope', '/proc/nope/deep', file, join(file, 'x')]) {
    const ran = await run(['clips', 'download', id, '-d', place]);
    expect(ran).toMatchObject({ code: 8, out: '' });
    expect(ran.err).toMatch(/(\/proc\/nope|file).*: the folder cannot be made \(E\w+\)/);
  }
});

test('a download is verified, named after its clip, and never written over', async () => {
  await world.putClip(1, { bytes });
  const [id = ''] = await ids();
  const first = await run(['clips', 'download', id, '-d', join(folder, 'clips')]);
  expect(first.code).toBe(0);
  const names = await readdir(join(folder, 'clips'));
  expect(names).toEqual(['amr-01_20240531T160838Z_near-miss_00000001.mcap']);
  const file = join(folder, 'clips', names[0] ?? '');
  expect(first.out).toBe(`${file}\n`);
  expect(sha256Hex(await readFile(file))).toBe(sha256Hex(bytes));
  await writeFile(file, 'mine');
  const again = await run(['clips', 'download', id, '-d', join(folder, 'clips')]);
  expect(again).toMatchObject({ code: 5, out: '' });
  expect(again.err).toContain('Use --force');
  expect(await readFile(file, 'utf8')).toBe('mine');
  const forced = await run([
    'clips',
    'download',
    id,
    '-d',
    join(folder, 'clips'),
    '--force',
    '--json',
  ]);
  expect(JSON.parse(forced.out)).toMatchObject({ items: [{ id, file, sizeBytes: 4_000_000 }] });
  expect(sha256Hex(await readFile(file))).toBe(sha256Hex(bytes));
});

test('a download that broke off goes on where it stopped', async () => {
  const { sha256 } = await world.putClip(1, { bytes });
  const [id = ''] = await ids();
  const file = join(folder, 'one.mcap');
  world.brokenObject = sha256;
  const broken = await run(['clips', 'download', id, '-f', file]);
  expect(broken).toMatchObject({ code: 8, out: '' });
  expect(broken.err).toContain('goes on where it stopped');
  const part = await readFile(`${file}.part`);
  expect(part.length).toBeGreaterThan(0);
  expect(part.length).toBeLessThan(bytes.length);
  world.brokenObject = undefined;
  const resumed = await run(['clips', 'download', id, '-f', file]);
  expect(resumed.code).toBe(0);
  expect(resumed.err).toContain('goes on at');
  expect(sha256Hex(await readFile(file))).toBe(sha256Hex(bytes));
  expect(await readdir(folder)).toEqual(['.fieldloop', 'one.mcap']);
});

test('a part that is not of this clip is found out and removed', async () => {
  await world.putClip(1, { bytes });
  const [id = ''] = await ids();
  const file = join(folder, 'one.mcap');
  await writeFile(`${file}.part`, 'of another file');
  const ran = await run(['clips', 'download', id, '-f', file]);
  expect(ran).toMatchObject({ code: 6, out: '' });
  expect(await readdir(folder)).toEqual(['.fieldloop']);
  expect((await run(['clips', 'download', id, '-f', file])).code).toBe(0);
});

test('a clip that is still on its robot cannot be downloaded yet', async () => {
  await world.putClip(1);
  const [id = ''] = await ids();
  const ran = await run(['clips', 'download', id, '-f', join(folder, 'x.mcap')]);
  expect(ran.code).toBe(5);
  expect(ran.err).toContain('Ask "amr-01" for it with `fieldloop clips pull');
  expect(await readdir(folder)).toEqual(['.fieldloop']);
});

test('devices, events and sessions are listed for people and programs', async () => {
  const devices = await run('devices list');
  expect(devices.out).toMatch(
    /^DEVICE +STATE +ONLINE +LAST SEEN +SITE +FIRMWARE +MODELS +RULES +ID\n/,
  );
  expect(devices.out).toMatch(/^amr-01 +enrolled +no +- +- +- +- +- +dev_/m);
  expect((await run('devices get amr-01')).out).toContain(
    'next: fieldloop clips list --device amr-01',
  );
  expect((await run('devices revoke amr-02 --yes')).out).toMatch(/^state +revoked$/m);
  expect(world.revoked).toEqual(['amr-02']);
  expect((await run('devices list --online')).err).toContain('no devices match');
  expect(await run('events list')).toMatchObject({ code: 0, err: 'no events match\n' });
  expect(await run('sessions list --json')).toMatchObject({
    code: 0,
    out: '{\n  "items": []\n}\n',
  });
});

test('a robot whose certificate expired is one that needs to enrol again', async () => {
  const shown = async (days: number): Promise<string> => {
    const at = Date.now();
    const certificate = {
      fingerprint: (days < 0 ? 'a' : 'b').repeat(64),
      device: 'amr-01',
      key_sha256: 'c'.repeat(64),
      serial: '0a',
      not_before: at - 30 * 86_400_000,
      not_after: at + days * 86_400_000,
      state: 'active' as const,
      pem: '-----BEGIN\n',
      issued_at: at + days,
      ended_at: null,
    };
    await world.db.deleteFrom('certificate').execute();
    await world.db.insertInto('certificate').values(certificate).execute();
    return (await run('devices get amr-01')).out;
  };
  expect(await shown(3)).toMatch(/^certificate +b{12} until \d/m);
  expect(await shown(-3)).toMatch(
    /^certificate +a{12} expired .*`fieldloop tokens create --device/m,
  );
});

test('a claim token and a key come alone on stdout, ready for a script', async () => {
  const token = await run('tokens create --device amr-07 --expires 2h');
  expect(token.out).toMatch(/^flc_[\w-]+\n$/);
  expect(token.err).toContain('fieldloop-agent enroll');
  expect((await run('tokens list')).out).toMatch(/open +amr-07/);
  const key = await run('keys create --name ci --scope clips:read');
  expect(key.out).toMatch(/^flk_\w+_[\w-]{43}\n$/);
  const as = await run(['devices', 'list', '--key', key.out.trim()]);
  expect(as.code).toBe(3);
  expect(as.err).toContain('does not have the right devices:read');
  const { items } = JSON.parse((await run('keys list --json')).out) as { items: { id: string }[] };
  expect((await run(`keys revoke ${items[0]?.id}`)).code).toBe(0);
  expect((await run(['clips', 'list', '--key', key.out.trim()])).code).toBe(3);
});

const request = `-----BEGIN CERTIFICATE REQUEST-----
MIHMMHMCAQAwETEPMA0GA1UEAwwGYW1yLTA3MFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAE0ssHVqu/jEcuqjVOGIKIBWfm5toDRi5VYKLzHs9/y7/24insoeY2aSgM
3ntiTpPFfzrdzcWQPLHQNg8Epbbg2qAAMAoGCCqGSM49BAMCA0kAMEYCIQDcSMaT
LeNe9gveMnVZ1vYFwzuvwHxSATg7Eimububc+gIhANPhEuKFmWrTx1iZm4g0OFct
nZovQlbHsIA8HOqtM1Zm
-----END CERTIFICATE REQUEST-----
`;

test('what was signed for a robot comes alone on stdout, ready to be carried there', async () => {
  await writeFile(join(folder, 'amr-07.csr'), request);
  const file = join(folder, 'amr-07.csr');
  const signed = await run(['enrolments', 'sign', file, '--site', 'hall-2']);
  expect(signed.code).toBe(0);
  expect(signed.out).toMatch(
    /^broker: mqtts:\/\/.*\n(-----BEGIN [^-]+-----[^-]+-----END [^-]+-----\n){3}$/,
  );
  expect(signed.err).toMatch(/^amr-07 until 20.*; SHA-256 of its public key: [0-9a-f]{64}$/m);
  expect(signed.err).toContain('next, on the robot: fieldloop-agent enroll --cert FILE');
  expect((await run('devices get amr-07')).out).toMatch(/hall-2/);
  expect((await run(['enrolments', 'sign', file, '--device', 'amr-01'])).code).toBe(0);
  expect(world.endings).toEqual(['amr-01 replaced']);
  const { out, err } = await run(['enrolments', 'sign', file, '--json']);
  expect([JSON.parse(out), err]).toMatchObject([{ device: 'amr-07', file: signed.out }, '']);
});

test('a wrong command line ends with its exit code and says what to do', async () => {
  const rows: string[] = [];
  for (const { line, code, says } of malformedCases) {
    const ran = await run(line);
    expect(ran.err, line).toContain(says);
    expect(ran, line).toMatchObject({ code, out: '' });
    const said = ran.err.split('\n\n')[0]?.trimEnd().replaceAll('\n', ' ') ?? '';
    rows.push(`| \`fieldloop ${line}\` | ${code} | ${said.replaceAll('|', '\\|')} |`);
  }
  const head =
    '# Bad input: command line\n\nCommand lines that cannot work, their exit code, and what is said ' +
    'on stderr. Made by a test of\n`cli`; do not edit.\n\n' +
    '| input | exit code | message |\n|---|---|---|\n';
  await expect(`${head}${rows.join('\n')}\n`).toMatchFileSnapshot(
    '../docs/reference/bad-input/cli.md',
  );
});

test('help costs nothing and names every noun', async () => {
  const { code, out } = await run('--help');
  expect(code).toBe(0);
  for (const noun of ['clips', 'devices', 'events', 'sessions', 'tokens', 'keys']) {
    expect(out).toContain(`  ${noun} `);
  }
  expect(out).toContain('Examples:');
  expect((await run('clips list --help')).out).toContain('Examples:');
});
