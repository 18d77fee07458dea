/**
 * Goal: every malformed recording gets a message with file, byte offset, code and remedy.
 * Method: each case is read whole; the answers are the table in docs/reference/bad-input, and the
 * shared bad files are refused in the same way.
 */
import { expect, test } from 'vitest';
import { openFile } from './file.ts';
import { malformedCases } from './malformed.cases.ts';
import { readRecording } from './read.ts';
import { memoryFile, readAll } from './testing/memory-file.ts';
import { hasSharedData, sharedFiles } from './testing/shared-data.ts';

const head =
  '# Bad input: recording\n\n| input | code | message and place | remedy |\n|---|---|---|---|\n';

const cell = (text: string | undefined): string => (text ?? '').replaceAll('|', '\\|');

test('the table of malformed recordings', async () => {
  const rows: string[] = [];
  for (const { name, file, bytes, code } of malformedCases) {
    const { fault } = await readAll(readRecording(memoryFile(await bytes(), file)));
    expect([name, fault?.code]).toEqual([name, code]);
    expect(fault?.place).toMatch(/^[a-z0-9-]+\.(mcap|bag|db3)@byte \d+$/);
    expect(fault?.remedy).toMatch(/\.$/);
    const said = `\`${fault?.place}\`: ${fault?.message}`;
    rows.push(`| ${cell(name)} | ${code} | ${cell(said)} | ${cell(fault?.remedy)} |\n`);
  }
  const table = `${head}${rows.join('')}`;
  await expect(table).toMatchFileSnapshot('../docs/reference/bad-input/recording.md');
});

test.skipIf(!hasSharedData)(
  'shared bad files (needs ../shared/data) are refused with place and remedy',
  async () => {
    const files = sharedFiles('bad', '.mcap', '.bag');
    expect(files.length).toBeGreaterThan(5);
    for (const path of files) {
      await using file = await openFile(path);
      const { fault } = await readAll(readRecording(file));
      expect(fault?.place).toContain(`${path}@byte `);
      expect(['corrupt', 'invalid']).toContain(fault?.code);
      expect(fault?.remedy).toBeDefined();
    }
  },
);

test.skipIf(!hasSharedData)(
  'every other shared recording (needs ../shared/data) is read whole',
  async () => {
    const files = ['mcap', 'rosbag1', 'db3', 'conformance'].flatMap((folder) =>
      sharedFiles(folder, '.mcap', '.bag', '.db3'),
    );
    expect(files.length).toBeGreaterThan(210);
    for (const path of files) {
      await using file = await openFile(path);
      const { fault, items } = await readAll(readRecording(file));
      expect(fault).toBeUndefined();
      expect(items[0]?.kind).toBe('header');
    }
  },
);
