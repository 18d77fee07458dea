/**
 * Goal: the committed code is what the schema says.
 * Method: generate it again into a folder of its own and compare every byte.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { generate, generatedFiles } from './generate.ts';

test('wire.proto gives the committed files', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fieldloop-proto-'));
  try {
    await generate(folder);
    for (const name of generatedFiles) {
      const fresh = await readFile(join(folder, name), 'utf8');
      const committed = await readFile(join(import.meta.dirname, 'generated', name), 'utf8');
      expect(fresh === committed, `run node proto/generate.ts: ${name} differs`).toBe(true);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
