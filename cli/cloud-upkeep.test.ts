/**
 * Goal: a person can look at a cloud's data, keep it and bring it back, and is told what is wrong.
 * Method: the commands themselves on real folders, beside a cloud that runs, and on PostgreSQL.
 */
import { chmod, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCloudConfig, type RunningCloud, startCloud } from '@fieldloop/cloud';
import { emptyPostgres, noPostgres } from '@fieldloop/cloud/postgres';
import { silentLog } from '@fieldloop/core';
import { systemClock, systemIds, systemRandomBytes } from '@fieldloop/core/system';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { runCli } from './main.ts';

let folder = '';
const running: RunningCloud[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldloop-upkeep-'));
});
afterEach(async () => {
  for (const cloud of running.splice(0)) await cloud.close();
  await rm(folder, { recursive: true });
});

const data = (): string => join(folder, 'data');
const free = ['--http', '127.0.0.1:0', '--broker', '127.0.0.1:0', '--enrol', '127.0.0.1:0'];

async function start(database?: string): Promise<RunningCloud> {
  const ports = { http: '127.0.0.1:0', broker: '127.0.0.1:0', enrol: '127.0.0.1:0' };
  const config = readCloudConfig({ data: data(), ...ports, ...(database && { database }) });
  const system = { clock: systemClock, ids: systemIds, randomBytes: systemRandomBytes };
  const cloud = await startCloud(config, { ...system, log: silentLog });
  running.push(cloud);
  return cloud;
}

/** The folder of a cloud that ran once, made once. */
let stopped: string | undefined;
async function putStopped(): Promise<void> {
  if (stopped === undefined) {
    await (await start()).close();
    running.length = 0;
    stopped = await mkdtemp(join(tmpdir(), 'fieldloop-stopped-'));
    await cp(data(), stopped, { recursive: true });
    return;
  }
  await cp(stopped, data(), { recursive: true });
  await chmod(data(), 0o700);
}
afterAll(async () => {
  if (stopped !== undefined) await rm(stopped, { recursive: true });
});

async function fieldloop(
  args: readonly string[],
  over: { env?: object; isTerminal?: boolean } = {},
) {
  const said = { out: '', err: '' };
  const code = await runCli(['cloud', ...args], {
    out: (text) => void (said.out += text),
    err: (text) => void (said.err += text),
    isTerminal: over.isTerminal ?? false,
    columns: over.isTerminal === true ? 80 : 0,
    env: { ...over.env },
    cwd: folder,
  });
  return { code, ...said };
}

test('check finds nothing wrong with a cloud that runs, and leaves it running', async () => {
  const cloud = await start();
  const { port } = new URL(cloud.http);
  const found = await fieldloop([
    'check',
    '--data',
    data(),
    ...free,
    '--http',
    `127.0.0.1:${port}`,
  ]);
  expect(found.err).toBe('');
  expect(found.code).toBe(0);
  expect(found.out).toMatch(/integrity +ok/);
  expect(found.out).toMatch(/ca +ok/);
  expect(found.out).toMatch(/http is taken at .*, and a cloud runs/);
  expect((await fetch(`${cloud.http}/readyz`)).status).toBe(200);
});

test.each([
  ['a folder that is not there', async () => await rm(data(), { recursive: true }), 8, /--data/],
  [
    'a file that is no database',
    async () => await writeFile(join(data(), 'cloud.db'), 'x'.repeat(5000)),
    6,
    /put back the last backup/,
  ],
  [
    'an authority that is another one',
    async () => {
      const other = await readFile(join(data(), 'ca', 'issuing.pem'), 'utf8');
      await writeFile(join(data(), 'ca', 'root.pem'), other);
    },
    6,
    /Restore the folder/,
  ],
])('check names %s with its remedy and exit code', async (_, harm, code, remedy) => {
  await putStopped();
  await harm();
  const found = await fieldloop(['check', '--data', data(), ...free]);
  expect(found.err).toMatch(remedy);
  expect(found.out).toContain('wrong');
  expect(found.code).toBe(code);
});

test('check tells of a port that is taken and of a folder that others can read', async () => {
  await putStopped();
  await chmod(data(), 0o755);
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const at = `127.0.0.1:${(taken.address() as AddressInfo).port}`;
  const found = await fieldloop(['check', '--data', data(), ...free, '--broker', at, '--json']);
  taken.close();
  expect(found.code).toBe(8);
  const { findings } = JSON.parse(found.out) as { findings: Record<string, string>[] };
  expect(findings.filter((one) => one['state'] !== 'ok')).toMatchObject([
    { what: 'folder', state: 'warn', remedy: expect.stringContaining('chmod 700') },
    { what: 'ports', state: 'wrong', place: at, remedy: expect.stringContaining('--broker') },
  ]);
});

test('migrate names what it would run, runs it, and then finds nothing to do', async () => {
  const dry = await fieldloop(['migrate', '--data', data(), '--dry-run']);
  expect(dry.out).toMatch(/^0001-nouns\n0002-wire\n/);
  expect(await readdir(folder)).toEqual([]);
  const ran = await fieldloop(['migrate', '--data', data()]);
  expect(ran.out).toBe(dry.out);
  const again = await fieldloop(['migrate', '--data', data(), '--json']);
  expect(JSON.parse(again.out)).toEqual({ steps: [], dryRun: false });
  const running1 = await start();
  expect(await fieldloop(['migrate', '--data', data()])).toMatchObject({ code: 5 });
  await running1.close();
  running.length = 0;
});

test('a backup of a cloud that runs starts as a cloud with the same key', async () => {
  const first = await start();
  const backup = join(folder, 'backup');
  const made = await fieldloop(['backup', '--data', data(), '--to', backup], { isTerminal: true });
  expect(made.code, made.err).toBe(0);
  expect(made.err).toContain('\rrows of ');
  const key = first.admin?.key ?? '';
  await first.close();
  running.length = 0;
  await rm(data(), { recursive: true });
  const back = await fieldloop(['restore', '--data', data(), '--from', backup]);
  expect(back.code, back.err).toBe(0);
  expect(back.err).not.toContain('\r');
  const again = await fieldloop(['restore', '--data', data(), '--from', backup]);
  expect(again.code).toBe(5);
  expect(again.err).toContain('--force');
  const forced = await fieldloop(['restore', '--data', data(), '--from', backup, '--force']);
  expect(forced.code, forced.err).toBe(0);
  const second = await start();
  expect(second.admin).toBeUndefined();
  const me = await fetch(`${second.http}/v1/me`, { headers: { authorization: `Bearer ${key}` } });
  expect(me.status).toBe(200);
  const held = await fieldloop(['restore', '--data', data(), '--from', backup, '--force']);
  expect(held.code).toBe(5);
  expect(held.err).toContain('another cloud runs on this data folder');
});

test.skipIf(noPostgres)(
  'a cloud moves from SQLite to PostgreSQL by backup and restore (needs postgresql)',
  async () => {
    const first = await start();
    const key = first.admin?.key ?? '';
    const backup = join(folder, 'backup');
    expect(await fieldloop(['backup', '--data', data(), '--to', backup])).toMatchObject({
      code: 0,
    });
    await first.close();
    running.length = 0;
    await rm(data(), { recursive: true });
    const env = { FIELDLOOP_DATABASE_URL: await emptyPostgres() };
    const back = await fieldloop(['restore', '--data', data(), '--from', backup], { env });
    expect(back.code, back.err).toBe(0);
    const check = await fieldloop(['check', '--data', data(), ...free], { env });
    expect(check.out).toMatch(/PostgreSQL \d+.* answers/);
    expect(check.code, check.err).toBe(0);
    const second = await start(env.FIELDLOOP_DATABASE_URL);
    const me = await fetch(`${second.http}/v1/me`, { headers: { authorization: `Bearer ${key}` } });
    expect(me.status).toBe(200);
    const held = await fieldloop(['restore', '--data', data(), '--from', backup, '--force'], {
      env,
    });
    expect(held.err).toContain('a cloud runs on this database');
    const gone = { FIELDLOOP_DATABASE_URL: 'postgresql://x:secret@127.0.0.1:1/fleet' };
    const lost = await fieldloop(['check', '--data', data(), ...free], { env: gone });
    expect(lost.code).toBe(8);
    expect(lost.err).toMatch(/127\.0\.0\.1:1\/fleet: the database server cannot be reached/);
    expect(lost.err + lost.out).not.toContain('secret');
  },
);

test.each([
  ['backup', ['--data', 'nowhere', '--to', 'b'], 4, /there is no cloud here.*--data/],
  ['restore', ['--data', 'd', '--from', 'nowhere'], 8, /nowhere: a file cannot be read/],
  ['check', ['--data', 'd', '--database', 'mysql://u:secret@h/d'], 2, /--database: .*PostgreSQL/],
])('%s %j is refused', async (command, args, code, says) => {
  const found = await fieldloop([command, ...args]);
  expect(found.code).toBe(code);
  expect(found.err).toMatch(says);
  expect(found.err).not.toContain('secret');
});
