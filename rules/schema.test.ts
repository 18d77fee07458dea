/**
 * Goal: the published JSON Schema is the schema that is checked.
 * Method: generate it again and compare (vitest -u writes it); the library is valid against it as
 * editors see it, which is to say that no key of the library is unknown to it.
 */
import { expect, test } from 'vitest';
import { loadLibrary } from './library.ts';
import { ruleSetJsonSchema, shapeIssues } from './schema.ts';
import { readYaml } from './yaml-source.ts';

test('rules/schema/rule-set.v1.json is generated from the code', async () => {
  const text = `${JSON.stringify(ruleSetJsonSchema(), undefined, 2)}\n`;
  await expect(text).toMatchFileSnapshot('schema/rule-set.v1.json');
});

test('the library has the published shape', async () => {
  const library = await loadLibrary();
  expect(library.length).toBeGreaterThanOrEqual(4);
  for (const { text } of library) expect(shapeIssues(readYaml(text).data)).toEqual([]);
});
