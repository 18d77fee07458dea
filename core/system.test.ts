/**
 * Goal: a line of the log says of an expected failure what is wrong and what to do, and of a bug
 * where it came from. Method: lines of the real log, read back from a file.
 */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { asFault, Fault } from './fault.ts';
import { openLog } from './system.ts';

test('only a bug is logged with its stack', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fl-log-'));
  const fd = openSync(join(folder, 'log'), 'w');
  const log = openLog({ level: 'info', fd });
  const remedy = 'Copy it again.';
  log.warn('one', { error: new Fault('corrupt', 'it is torn', { place: 'a.mcap', remedy }) });
  log.error('two', { error: new Error('no such thing') });
  log.error('three', { error: asFault(new Error('no such thing')) });
  closeSync(fd);
  const lines = readFileSync(join(folder, 'log'), 'utf8').trimEnd().split('\n');
  rmSync(folder, { recursive: true });
  const [expected, ...bugs] = lines.map((line) => JSON.parse(line) as { readonly error: object });
  const place = 'a.mcap';
  expect(expected?.error).toMatchObject({ code: 'corrupt', message: 'it is torn', place, remedy });
  expect(expected?.error).not.toHaveProperty('stack');
  for (const { error } of bugs) expect(error).toHaveProperty('stack');
});
