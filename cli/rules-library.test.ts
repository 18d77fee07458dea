/**
 * Goal: somebody new finds a ready rule, reads what it needs, and has it in a file of their own.
 * Method: the whole command line in a folder of its own; what it writes is parsed again.
 */
import { lstat, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadLibrary, parseRuleSet } from '@fieldloop/rules';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sampleIo } from './io.sample.ts';
import { runCli } from './main.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldloop-library-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function run(...args: readonly string[]) {
  const io = sampleIo();
  const code = await runCli(['rules', 'library', ...args], io);
  return { code, out: io.written.out, err: io.written.err.replaceAll(`${folder}/`, '') };
}

const idsIn = async (path: string): Promise<string[]> => {
  const { ruleSet, problems } = parseRuleSet(await readFile(path, 'utf8'), path);
  expect(problems).toEqual([]);
  return ruleSet?.rules.map(({ id }) => id) ?? [];
};

test('list: each rule set with what it finds and needs', async () => {
  const { code, out } = await run('list');
  expect(code).toBe(0);
  for (const { ruleSet } of await loadLibrary()) expect(out).toContain(`\n${ruleSet.name} `);
  expect(out).toMatch(
    /near-miss +the robot drives towards something closer than it can stop for\./,
  );
  const { out: json } = await run('list', '--json');
  const { items } = JSON.parse(json) as { items: { name: string; needs: string }[] };
  for (const { name, needs } of items)
    expect([name, needs]).toEqual([name, expect.stringMatching(/\w/)]);
});

test('show: the file as it is; a name that is not there is refused with those that are', async () => {
  const { out, code } = await run('show', 'near-miss');
  expect(out).toContain('# Parameters\n');
  expect(code).toBe(0);
  const none = await run('show', 'near-mis');
  expect(none.code).toBe(4);
  expect(none.err).toContain('It has baseline-sample, ');
});

test('add: one keeps its comments, more join, and a rule is not taken twice', async () => {
  const path = join(folder, 'own.yaml');
  const first = await run('add', 'near-miss', '--to', path);
  expect(await readFile(path, 'utf8')).toContain('# Parameters\n');
  expect([first.code, first.err]).toEqual([
    0,
    'own.yaml: has near-miss\nnext: fieldloop rules backtest own.yaml RECORDING…\n',
  ]);
  const more = await run('add', 'stuck', 'hard-brake', '--to', path);
  expect(more.code).toBe(0);
  expect(await idsIn(path)).toEqual(['near-miss', 'stuck', 'hard-brake']);
  expect(await readFile(path, 'utf8')).toContain('version: 3');
  const again = await run('add', 'stuck', '--to', path);
  expect(again.code).toBe(5);
  expect(await idsIn(path)).toHaveLength(3);
});

test('add: what the file has stays in it, and the file with its comments beside it', async () => {
  const path = join(folder, 'yard.yaml');
  const own = `# Ours.
apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: yard, version: 4, description: Of the yard.}
signals: {fix: {topic: /fix, path: [latitude, longitude], type: geo}}
geofences: {dock: {circle: {center: [52.1, 13.2], radius: 5}}}
budgets: {day: {clips: 9}}
rules: [{id: docked, when: 'inside(fix, "dock")'}]
`;
  await writeFile(path, own);
  const { code, err } = await run('add', 'stuck', '--to', path);
  expect([code, err]).toEqual([0, expect.stringContaining('yard.yaml.v4 is as it was\n')]);
  expect(await idsIn(path)).toEqual(['docked', 'stuck']);
  const text = await readFile(path, 'utf8');
  for (const kept of ['geofences:', 'Of the yard.', 'version: 5', 'clips: 9']) {
    expect(text).toContain(kept);
  }
  expect(await readFile(`${path}.v4`, 'utf8')).toBe(own);
});

test('add: a file with errors and a folder that is not there stay as they are', async () => {
  const path = join(folder, 'broken.yaml');
  await writeFile(path, 'rules: [');
  expect((await run('add', 'stuck', '--to', path)).code).toBe(2);
  expect(await readFile(path, 'utf8')).toBe('rules: [');
  expect((await run('add', 'stuck', '--to', join(folder, 'no', 'x.yaml'))).code).toBe(8);
});

test('add: a link stays one, and its file has the rules', async () => {
  const path = join(folder, 'shared.yaml');
  await run('add', 'near-miss', '--to', path);
  await symlink(path, join(folder, 'link.yaml'));
  await run('add', 'stuck', '--to', join(folder, 'link.yaml'));
  expect((await lstat(join(folder, 'link.yaml'))).isSymbolicLink()).toBe(true);
  expect(await idsIn(path)).toEqual(['near-miss', 'stuck']);
});
