/**
 * Goal: the reference of the query language is what the cloud does.
 * Method: it is made of the field tables and compared with docs/reference/q.md; -u writes it.
 */
import { expect, test } from 'vitest';
import { queryTree } from './filter.ts';
import { queryReference } from './reference.sample.ts';
import { sources } from './sources/list.ts';

test('docs/reference/q.md is made of the field tables', async () => {
  await expect(queryReference(sources)).toMatchFileSnapshot('../../../docs/reference/q.md');
});

test('the examples at its top are queries', () => {
  const [, block = ''] = queryReference(sources).split('```\n');
  const [clips] = sources;
  if (clips === undefined) throw new Error('there are no sources');
  const examples = block
    .split('\n')
    .flatMap((line) => line.split(/ {3,}/).slice(0, line.includes('   not ') ? 2 : 1));
  expect(examples.length).toBeGreaterThan(10);
  for (const example of examples) {
    expect(() => queryTree(example, clips, { now: 0, pointer: '/q' }), example).not.toThrow();
  }
});

test('each source has a name and sorts of its own, and words that are fields of text', () => {
  expect(new Set(sources.map(({ name }) => name)).size).toBe(sources.length);
  for (const { name, fields, words, sorts, sort } of sources) {
    expect(Object.keys(sorts), name).toContain(sort.replace(/^-/, ''));
    for (const word of words) {
      expect(fields.find((field) => field.name === word)?.type, `${name} ${word}`).toBe('text');
    }
    expect(new Set(fields.map((field) => field.name)).size, name).toBe(fields.length);
  }
});
