/**
 * Goal: a replay of nothing says that there is nothing, before an agent is started for it.
 * Method: the program's own `main` on a path that is not there, and on an empty folder.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { main } from './cli.ts';
import { plainRules } from './testing.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fl-no-replay-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test.each([
  ['nothere.mcap', /nothere\.mcap: .*\. [A-Z].*\.$/m],
  ['empty', /empty: the folder holds no recording\. Name a file/],
])('%s is not found, exit 4', async (name, told) => {
  mkdirSync(join(folder, 'empty'));
  const rules = join(folder, 'rules.yaml');
  writeFileSync(rules, plainRules);
  let err = '';
  const code = await main(
    ['replay', join(folder, name), '--rules', rules, '-c', join(folder, 'agent.yaml')],
    { out: () => undefined, err: (text) => void (err += text) },
  );
  expect(err).toMatch(told);
  expect(code).toBe(4);
});
