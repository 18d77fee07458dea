/**
 * Goal: the published JSON Schema is the schema that is checked.
 * Method: generate it again and compare; the library has no key that is unknown to it.
 */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { loadLibrary } from './library.ts';
import { ruleSetJsonSchema, shapeIssues } from './schema.ts';
import { readYaml } from './yaml-source.ts';

test('rules/schema/rule-set.v1.json is generated from the code', async () => {
  const file = await readFile(new URL('schema/rule-set.v1.json', import.meta.url), 'utf8');
  const remedy = 'npx fieldloop rules schema > rules/schema/rule-set.v1.json, then format it';
  expect(JSON.parse(file), remedy).toEqual(ruleSetJsonSchema());
});

test('the library has the published shape', async () => {
  const library = await loadLibrary();
  expect(library.length).toBeGreaterThanOrEqual(4);
  for (const { text } of library) expect(shapeIssues(readYaml(text).data)).toEqual([]);
});
