/**
 * Goal: a person logs in once, works with several clouds, and nobody else reads their key.
 * Method: command lines as typed against a real API, the profile file read from disk, and the
 * completion script run by a real shell.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiWorld, openApiWorld } from '@fieldloop/cloud/sample';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sampleIo } from './io.sample.ts';
import { runCli } from './main.ts';

let world: ApiWorld;
let home = '';
beforeEach(async () => {
  world = await openApiWorld();
  home = await mkdtemp(join(tmpdir(), 'fieldloop-home-'));
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
  await rm(home, { recursive: true });
});

const password = 'correct horse battery staple';

async function run(line: string, env: Readonly<Record<string, string>> = {}) {
  const io = sampleIo({ cwd: home, env: { HOME: home, ...env } });
  const code = await runCli(line.split(' '), io);
  return { code, ...io.written };
}

/** Makes a person through an invitation, as an admin would. */
async function invite(): Promise<void> {
  const invited = await world.post('/v1/users', {
    email: 'ada@example.com',
    name: 'Ada',
    role: 'engineer',
  });
  const { link } = (await invited.json()) as { link: { token: string } };
  const { token } = link;
  const redeemed = await world.post('/v1/links:redeem', { token, password });
  expect(redeemed.status).toBe(200);
}

const file = (): string => join(home, '.config/fieldloop/cli.json');

test('a login keeps a key for its owner alone, and a logout ends it', async () => {
  await invite();
  const login = await run(`login --url ${world.url} --email ada@example.com`, {
    FIELDLOOP_PASSWORD: password,
  });
  expect(login).toMatchObject({ code: 0, out: '' });
  expect(login.err).toMatch(/^logged in as Ada \(engineer\) until 20/);
  expect((await stat(file())).mode & 0o777).toBe(0o600);
  const me = await run('whoami');
  expect(me.out).toMatch(/person +usr_[\s\S]*role +engineer/);
  const { profiles } = JSON.parse(await readFile(file(), 'utf8')) as {
    profiles: Readonly<Record<string, { key: string }>>;
  };
  expect((await run('clips list')).code).toBe(0);
  expect((await run('logout')).code).toBe(0);
  expect((await run('whoami')).code).toBe(2);
  const key = profiles['default']?.key ?? '';
  const asked = await fetch(`${world.url}/v1/me`, { headers: { authorization: `Bearer ${key}` } });
  expect(asked.status).toBe(401);
});

test('people read who it was, programs read ids', async () => {
  await invite();
  const env = { FIELDLOOP_PASSWORD: password };
  await run(`login --url ${world.url} --email ada@example.com`, env);
  const made = await run('queries create night --for clips --q severity=critical --json');
  const { id } = JSON.parse(made.out) as { id: string };
  const table = (
    await run('audit list', { FIELDLOOP_API_KEY: world.key, FIELDLOOP_API_URL: world.url })
  ).out;
  expect(table).toMatch(/ada@example\.com +api +saved_query\.create/);
  const lines = (
    await run('audit list -o ndjson', {
      FIELDLOOP_API_KEY: world.key,
      FIELDLOOP_API_URL: world.url,
    })
  ).out;
  const { actor } = JSON.parse(
    lines.split('\n').find((line) => line.includes('saved_query.create')) ?? '',
  ) as { actor: string };
  expect(actor).toMatch(/^key_/);
  expect((await run(`users who ${actor} ${id}`)).out).toMatch(
    new RegExp(`${actor} +ada@example\\.com +usr_[0-9A-Z]{26}\n$`),
  );
  expect((await run(`users who ${id}`)).err).toBe('none of them is known here\n');
  const [own] = /usr_\w{26}/.exec((await run('users list')).out) ?? [];
  expect((await run(`users get ${own}`)).out).toContain(String(own));
});

test('a wrong password is refused, and nothing is kept', async () => {
  await invite();
  const login = await run(`login --url ${world.url} --email ada@example.com`, {
    FIELDLOOP_PASSWORD: 'wrong password here',
  });
  expect(login.code).toBe(3);
  await expect(stat(file())).rejects.toMatchObject({ code: 'ENOENT' });
  const silent = await run(`login --url ${world.url} --email ada@example.com`);
  expect(silent.code).toBe(2);
  expect(silent.err).toContain('FIELDLOOP_PASSWORD');
});

test('profiles of several clouds are used, changed and forgotten by name', async () => {
  const other = await openApiWorld();
  const profiles = {
    here: { url: world.url, key: world.key },
    there: { url: other.url, key: other.key },
  };
  await run('config list');
  await rm(join(home, '.config'), { recursive: true, force: true });
  execFileSync('mkdir', ['-p', join(home, '.config/fieldloop')]);
  await writeFile(file(), JSON.stringify({ current: 'here', profiles }));
  await world.putClip(1);
  const count = async (line: string, env = {}): Promise<number> =>
    (JSON.parse((await run(line, env)).out) as { items: object[] }).items.length;
  expect(await count('clips list --json')).toBe(1);
  expect(await count('clips list --json --profile there')).toBe(0);
  expect(await count('clips list --json', { FIELDLOOP_PROFILE: 'there' })).toBe(0);
  const wrong = await run('clips list --profile ther');
  expect(wrong).toMatchObject({ code: 4 });
  expect(wrong.err).toContain('Did you mean "there"?');
  expect((await run('config use there')).code).toBe(0);
  expect(await count('clips list --json')).toBe(0);
  const list = await run('config list');
  expect(list.out).toMatch(/there +yes/);
  expect(list.out).not.toContain(world.key.slice(-20));
  expect((await run('config remove there')).code).toBe(0);
  expect(await count('clips list --json')).toBe(1);
  await other[Symbol.asyncDispose]();
});

test('a file of the folder that stands before the profile is named', async () => {
  await invite();
  const demo = join(home, '.fieldloop/cli.json');
  execFileSync('mkdir', ['-p', join(home, '.fieldloop')]);
  const before = `but not in this folder: ${demo} stands before it, with http://demo:1. `;
  const login = async (profile: string) =>
    await run(`login --url ${world.url} --email ada@example.com --profile ${profile}`, {
      FIELDLOOP_PASSWORD: password,
    });
  await writeFile(demo, JSON.stringify({ url: 'http://demo:1', key: 'flk_demo' }));
  expect((await login('ada')).err).toContain(
    `commands now act as Ada, ${before}Add --profile ada (or set FIELDLOOP_PROFILE=ada)`,
  );
  expect((await run('whoami --profile ada')).out).toMatch(/role +engineer/);
  expect((await run('config use ada')).err).toBe(
    `commands now speak to ${world.url}\n${before}` +
      'Add --profile ada (or set FIELDLOOP_PROFILE=ada), or move that file away.\n',
  );
  expect((await login('default')).err).toContain(`${before}It has a "default" too: log in with`);
  await rm(demo);
  expect((await run('config use ada')).err).toBe(`commands now speak to ${world.url}\n`);
  expect((await run('whoami')).out).toMatch(/role +engineer/);
});

test('the shell completes commands and options', async () => {
  const { out } = await run('completion bash');
  const script = join(home, 'completion.bash');
  await writeFile(script, out);
  const complete = (...words: readonly string[]): readonly string[] => {
    const line = `source ${script}; COMP_WORDS=(fieldloop ${words.map((word) => `"${word}"`).join(' ')});
      COMP_CWORD=${words.length}; _fieldloop; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['-c', line], { encoding: 'utf8' }).trim().split('\n');
  };
  expect(complete('cli')).toEqual(['clips']);
  expect(complete('clips', 'do')).toEqual(['download']);
  expect(complete('clips', 'list', '--sev')).toEqual(['--severity']);
  expect(complete('devices', '')).toContain('get');
  for (const shell of ['zsh', 'fish']) {
    const other = await run(`completion ${shell}`);
    expect(other.out).toContain('fieldloop');
  }
  expect((await run('completion tcsh')).code).toBe(2);
});

const isThere = (shell: string): boolean => spawnSync(shell, ['--version']).error === undefined;

for (const shell of ['zsh', 'fish']) {
  // Install the shell (apt-get install zsh fish) to run it.
  test.skipIf(!isThere(shell))(`the script for ${shell} is one that ${shell} reads`, async () => {
    const { out } = await run(`completion ${shell}`);
    const script = join(home, `completion.${shell}`);
    await writeFile(script, out);
    expect(execFileSync(shell, ['-n', script], { encoding: 'utf8' })).toBe('');
  });
}

test('any request can be made by hand', async () => {
  await world.putClip(1);
  const env = { FIELDLOOP_API_URL: world.url, FIELDLOOP_API_KEY: world.key };
  const { out } = await run('api GET /v1/clips?limit=1', env);
  expect(JSON.parse(out)).toMatchObject({ items: [{ device: 'amr-01' }] });
  expect((await run('api FETCH /v1/clips', env)).code).toBe(2);
  expect((await run('api GET v1/clips', env)).code).toBe(2);
  expect((await run('api GET /v1/clips/clp_x', env)).code).toBe(4);
});
