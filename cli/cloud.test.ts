/**
 * Goal: `fieldloop cloud run` says when it takes work, stops when asked, and leaves nothing behind.
 * Method: the real command as its own process, signalled as a terminal or a supervisor does.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const bin = fileURLToPath(new URL('bin/fieldloop.mjs', import.meta.url));

let folder = '';
const children: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldloop-run-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(folder, { recursive: true });
});

function fieldloop(...args: readonly string[]) {
  const child = spawn(process.execPath, [bin, ...args], { cwd: folder, stdio: 'pipe' });
  children.push(child);
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  return { child, exited, err: text(child.stderr), lines: createInterface(child.stdout) };
}

const ports = ['--http', '127.0.0.1:0', '--broker', '127.0.0.1:0', '--enrol', '127.0.0.1:0'];

interface Ready {
  readonly ready: boolean;
  readonly http: string;
  readonly broker: string;
  readonly enrol: string;
}

test.each(['SIGINT', 'SIGTERM'] as const)(
  'the ready line comes when work is taken, and %s ends with exit code 0',
  async (signal) => {
    const cloud = fieldloop('cloud', 'run', '--data', 'd', '--ready-file', 'ready', ...ports);
    const [line] = (await once(cloud.lines, 'line')) as [string];
    const ready = JSON.parse(line) as Ready;
    expect(ready.ready).toBe(true);
    expect(await readFile(join(folder, 'ready'), 'utf8')).toBe(`${line}\n`);
    expect((await fetch(`${ready.http}/readyz`)).status).toBe(200);
    const key = (await readFile(join(folder, 'd', 'admin.key'), 'utf8')).trim();
    const list = fieldloop('clips', 'list', '--url', ready.http, '--key', key);
    expect(await list.exited).toBe(0);
    expect(await list.err).toBe('no clips match\n');
    cloud.child.kill(signal);
    expect(await cloud.exited).toBe(0);
    const err = await cloud.err;
    expect(err).toContain(
      `first start: an API key with every right, kept in d/admin.key\n  ${key}\n`,
    );
    expect(err).toContain('stopped\n');
  },
);

test.each(['http', 'broker', 'enrol'])(
  'a taken port of %s ends it at once with the remedy, and the folder is free again',
  async (name) => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const at = `127.0.0.1:${port}`;
    const others = ports.map((one, i) => (ports[i - 1] === `--${name}` ? at : one));
    // The second start finds the folder as the first one left it.
    for (let start = 0; start < 2; start += 1) {
      const cloud = fieldloop('cloud', 'run', '--data', 'd', ...others);
      expect(await cloud.exited).toBe(8);
      expect(await cloud.err).toMatch(new RegExp(`${at}.* port`));
    }
    taken.close();
  },
);

test('settings come from a file; a slip in it is named with its line', async () => {
  await writeFile(join(folder, 'cloud.yaml'), 'data: d\nhtpp: 127.0.0.1:0\n');
  const wrong = fieldloop('cloud', 'run', '--config', 'cloud.yaml');
  expect(await wrong.exited).toBe(2);
  expect(await wrong.err).toContain('cloud.yaml:2:1: unknown key "htpp". Did you mean "http"?');
  const missing = fieldloop('cloud', 'run', '--config', 'nowhere.yaml');
  expect(await missing.exited).toBe(4);
  expect(await missing.err).toContain('nowhere.yaml: the settings cannot be read.');
  const without = fieldloop('cloud', 'run');
  expect(await without.exited).toBe(2);
  expect(await without.err).toContain('--data ./cloud-data');
});

test('a reader that goes away early is no failure', async () => {
  const help = fieldloop('--help');
  help.child.stdout.destroy();
  expect(await help.exited).toBe(0);
});
