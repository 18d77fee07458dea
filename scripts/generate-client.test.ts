/**
 * Goal: the client is typed by the API that the cloud has.
 * Method: generate the types again from the document that it serves, and compare.
 */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { clientTypes, clientTypesPath } from './generate-client.ts';

test('the types of the client are those of the document', async () => {
  const made = await clientTypes();
  const kept = await readFile(clientTypesPath, 'utf8');
  expect(made === kept, 'run `node scripts/generate-client.ts` and commit what it makes').toBe(
    true,
  );
});
