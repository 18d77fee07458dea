/**
 * Goal: whatever is wrong with a file that a person gives the agent, the answer says what and why.
 * Method: each case is tried in a folder of its own; the answers are docs/reference/bad-input.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asFault, type Fault } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { malformedCases } from './malformed.cases.ts';

const head =
  '# Bad input: agent\n\n| input | code | message and place | remedy |\n|---|---|---|---|\n';

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', '<br>');

async function faultOf(make: (folder: string) => unknown, folder: string): Promise<Fault> {
  try {
    await make(folder);
  } catch (error) {
    return asFault(error);
  }
  throw new Error('it was taken');
}

test('the table of malformed input', async () => {
  const root = mkdtempSync(join(tmpdir(), 'fl-malformed-'));
  const rows: string[] = [];
  try {
    for (const [i, { name, make, expect: code }] of malformedCases.entries()) {
      const folder = join(root, String(i));
      const fault = await faultOf(make, folder);
      expect([name, fault.code]).toEqual([name, code]);
      expect([name, fault.remedy]).toEqual([name, expect.stringMatching(/[.>]$/)]);
      const clean = (text = ''): string =>
        text.replaceAll(`${folder}/`, '').replaceAll(folder, '.');
      const place = fault.place === undefined ? '' : `\`${clean(fault.place)}\`: `;
      const said = `${place}${clean(fault.message)}`;
      rows.push(`| ${cell(name)} | ${code} | ${cell(said)} | ${cell(clean(fault.remedy))} |\n`);
    }
  } finally {
    rmSync(root, { recursive: true });
  }
  const table = `${head}${rows.join('')}`;
  await expect(table).toMatchFileSnapshot('../docs/reference/bad-input/agent.md');
});
