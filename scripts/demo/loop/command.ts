/** A command of `npx fieldloop`, as a person would type it in a second terminal. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const maxOutput = 16 * 1024 * 1024;

export async function fieldloop(root: string, args: readonly string[]): Promise<string> {
  const program = join(root, 'cli/bin/fieldloop.mjs');
  const done = await promisify(execFile)(process.execPath, [program, ...args], {
    cwd: root,
    maxBuffer: maxOutput,
  });
  return done.stdout;
}
