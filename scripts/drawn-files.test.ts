/**
 * Goal: an everyday run leaves out nothing silently, and nothing that somebody asked for.
 * Method: runs by hand, over the files of this clone.
 */
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { filesNotDrawn, longFiles, longFilesIn } from './drawn-files.ts';

const root = join(import.meta.dirname, '..');
const long = longFilesIn(root);

function run(words: readonly string[], env: Record<string, string | undefined> = {}) {
  let said = '';
  const left = filesNotDrawn(long, { words, env, say: (text) => void (said += text) });
  return { left, said, env };
}

test.each(longFiles)('%s names files that are there', (pattern) => {
  expect(globSync(pattern, { cwd: root }).length).toBeGreaterThan(0);
});

test('what is drawn takes a minute and a half, and every file is drawn now and then', () => {
  const everNot = new Set(long.keys());
  for (let seed = 0; seed < 400; seed += 1) {
    const { left } = run([], { FIELDLOOP_SEED: String(seed) });
    const drawn = [...long].filter(([file]) => !left.includes(file));
    for (const [file] of drawn) everNot.delete(file);
    const together = drawn.reduce((sum, [, seconds]) => sum + seconds, 0);
    expect(together <= 90 || drawn.length === 1).toBe(true);
  }
  expect([...everNot]).toEqual([]);
});

test('the way from a recording to a clip in the cloud is never left out', () => {
  expect(long.has('e2e/line.test.ts')).toBe(false);
  expect(long.has('e2e/kill.test.ts')).toBe(true);
});

test('a run tells what it leaves out, and its seed draws the same again', () => {
  const { left, said, env } = run(['run', '--reporter=default']);
  expect(left.length).toBeGreaterThan(longFiles.length / 2);
  for (const file of left) expect(said).toContain(`  ${file}\n`);
  expect(said).toContain(`FIELDLOOP_SEED=${env['FIELDLOOP_SEED']}`);
  expect(run(['run'], { FIELDLOOP_SEED: env['FIELDLOOP_SEED'] }).left).toEqual(left);
});

test('who names files, or wants all, gets all', () => {
  expect(run(['run', 'e2e/kill'])).toMatchObject({ left: [], said: '' });
  expect(run(['run'], { FIELDLOOP_TESTS: 'long' }).left).toEqual([]);
});
