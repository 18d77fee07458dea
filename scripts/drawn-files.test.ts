/**
 * Goal: an everyday run leaves out nothing silently, and nothing that somebody asked for.
 * Method: runs by hand, over the files of this clone.
 */
import { globSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { expect, test } from 'vitest';
import { filesNotDrawn, longFiles } from './drawn-files.ts';

const root = join(import.meta.dirname, '..');

function run(words: readonly string[], env: Record<string, string | undefined> = {}) {
  let said = '';
  const left = filesNotDrawn(root, { words, env, say: (text) => void (said += text) });
  return { left, said, env };
}

test.each(longFiles)('%s names files that are there', (pattern) => {
  expect(globSync(pattern, { cwd: root }).length).toBeGreaterThan(0);
});

test('what is drawn takes a minute and a half, and every file is drawn now and then', () => {
  const secondsOf = (file: string): number =>
    longFiles.find(([pattern]) => matchesGlob(file, pattern))?.[1] ?? 0;
  const all = longFiles.flatMap(([pattern]) => globSync(pattern, { cwd: root }));
  const everNot = new Set(all);
  for (let seed = 0; seed < 400; seed += 1) {
    const { left } = run([], { FIELDLOOP_SEED: String(seed) });
    const drawn = [...new Set(all)].filter((file) => !left.includes(file));
    for (const file of drawn) everNot.delete(file);
    const others = drawn.filter((file) => file !== 'e2e/line.test.ts');
    const together = others.reduce((sum, file) => sum + secondsOf(file), 0);
    expect(together <= 90 || others.length === 1).toBe(true);
  }
  expect([...everNot]).toEqual([]);
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
