/**
 * Goal: a replay of nothing says that there is nothing, before an agent is started for it.
 * Method: the program's own `main` on a path that is not there, and on an empty folder.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { main } from './cli.ts';

const sound = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: local, version: 1}
signals: {vx: {topic: /odom, path: vx, type: double}}
rules:
- {id: fast, when: vx > 1.0, capture: {topics: ["*"], pre: 1s, post: 1s}}
`;

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
  writeFileSync(rules, sound);
  let err = '';
  const code = await main(
    ['replay', join(folder, name), '--rules', rules, '-c', join(folder, 'agent.yaml')],
    { out: () => undefined, err: (text) => void (err += text) },
  );
  expect(err).toMatch(told);
  expect(code).toBe(4);
});
