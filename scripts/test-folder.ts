/**
 * Where tests keep their files: in memory where the machine has room. A test that cuts the power of
 * a process needs no disk for it, and most of what a database waits for is the disk.
 */
import { chmodSync, mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';

/** Of Linux; a container may give it 64 MiB. */
const memoryFolder = '/dev/shm';
const neededBytes = 2 * 2 ** 30;
const prefix = 'fieldloop-tests-';

/** A new folder that goes with this process; the machine's own where memory is short. */
export function testFolder(): string {
  if (!hasRoom()) return tmpdir();
  for (const left of readdirSync(memoryFolder).filter(isLeft)) remove(join(memoryFolder, left));
  const folder = mkdtempSync(join(memoryFolder, `${prefix}${process.pid}-`));
  // PostgreSQL runs under another account and walks through.
  chmodSync(folder, 0o755);
  process.once('exit', () => remove(folder));
  return folder;
}

/** What a killed test has mounted there stays, and keeps no run from starting. */
function remove(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch (error) {
    process.stderr.write(`${folder} cannot be removed: ${String(error)}\n`);
  }
}

function hasRoom(): boolean {
  try {
    const { bavail, bsize } = statfsSync(memoryFolder);
    return bavail * bsize >= neededBytes && freemem() >= 2 * neededBytes;
  } catch {
    return false;
  }
}

/** Of a run that was killed. */
function isLeft(name: string): boolean {
  if (!name.startsWith(prefix)) return false;
  const pid = Number(name.slice(prefix.length).split('-')[0]);
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
