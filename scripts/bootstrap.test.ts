/**
 * Goal: set-up is safe to repeat, to race and to interrupt, and each failure names its remedy.
 * Method: its parts on temporary folders, and the command itself with a task that is none.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

interface StateModule {
  installedVersion(toolchain: string, name: string): string | undefined;
  digestOf(root: string, tools: object): string;
  lockSetUp(toolchain: string): Promise<() => void>;
}
interface StepModule {
  failureOf(name: string, lines: readonly string[], code: number): Error;
  runStep(name: string, command: string, args: readonly string[]): Promise<void>;
}

const load = async <T>(file: string): Promise<T> =>
  (await import(new URL(file, import.meta.url).href)) as T;
const state = await load<StateModule>('./bootstrap/state.mjs');
const step = await load<StepModule>('./bootstrap/step.mjs');

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bootstrap-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a package counts as installed only when its package.json can be read', () => {
  const place = join(folder, 'node_modules', 'pnpm');
  mkdirSync(place, { recursive: true });
  expect(state.installedVersion(folder, 'pnpm')).toBeUndefined();
  writeFileSync(join(place, 'package.json'), '{"version": "12.');
  expect(state.installedVersion(folder, 'pnpm')).toBeUndefined();
  writeFileSync(join(place, 'package.json'), '{"version": "12.1.0"}');
  expect(state.installedVersion(folder, 'pnpm')).toBe('12.1.0');
});

test('an install is repeated when the lockfile or a tool changed, and only then', () => {
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json']) {
    writeFileSync(join(folder, file), file);
  }
  const before = state.digestOf(folder, { pnpm: '1' });
  expect(state.digestOf(folder, { pnpm: '1' })).toBe(before);
  expect(state.digestOf(folder, { pnpm: '2' })).not.toBe(before);
  writeFileSync(join(folder, 'pnpm-lock.yaml'), 'changed');
  expect(state.digestOf(folder, { pnpm: '1' })).not.toBe(before);
});

test('two set-ups of one clone run after each other', async () => {
  const release = await state.lockSetUp(folder);
  const order: string[] = [];
  const second = state.lockSetUp(folder).then((unlock) => {
    order.push('second');
    unlock();
  });
  order.push('first');
  release();
  await second;
  expect(order).toEqual(['first', 'second']);
});

test('the lock of a set-up that was killed is taken over', async () => {
  const dead = spawnSync(process.execPath, ['--eval', '']);
  writeFileSync(join(folder, 'lock'), String(dead.pid));
  const release = await state.lockSetUp(folder);
  expect(readFileSync(join(folder, 'lock'), 'utf8')).toBe(String(process.pid));
  release();
});

test.each([
  ['npm error network getaddrinfo ENOTFOUND registry', 'registry cannot be reached'],
  ['npm error nospc ENOSPC: no space left on device', 'disk is full'],
  ['sh: 1: make: not found', 'build-essential'],
  ['EACCES: permission denied, mkdir', 'belongs to someone else'],
  ['ERR_PNPM_OUTDATED_LOCKFILE with frozen-lockfile', 'pnpm-lock.yaml'],
  ['something else', 'Read the lines above'],
])('a step that ends with "%s" says "%s"', (line, remedy) => {
  const failure = step.failureOf('packages', ['first', line], 1);
  expect(failure.message).toContain(line);
  expect(failure.message).toContain(remedy);
});

test('a step shows the last lines of a command that fails, and names one that is missing', async () => {
  const failing = ['--eval', 'console.error("the reason"); process.exit(3)'];
  await expect(step.runStep('a', process.execPath, failing)).rejects.toThrow('the reason');
  await expect(step.runStep('b', join(folder, 'none'), [])).rejects.toThrow('does not start');
});

test('an unknown task is refused with the list of tasks', () => {
  const script = fileURLToPath(new URL('./bootstrap.mjs', import.meta.url));
  const run = spawnSync(process.execPath, [script, 'dmeo'], { encoding: 'utf8' });
  expect(run.status).toBe(2);
  expect(run.stderr).toContain('tasks: demo, test, bench, fuzz, soak, build-agent, setup');
});
