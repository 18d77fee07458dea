/** What set-up remembers between runs, and the lock that keeps two set-ups apart. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** The version of a package that stands in the tool chain, or undefined. */
export function installedVersion(toolchain, name) {
  const path = join(toolchain, 'node_modules', name, 'package.json');
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, 'utf8')).version;
  } catch {
    // A torn file of an interrupted install: the package counts as missing and is put anew.
    return undefined;
  }
}

/** One hash over everything that decides what an install produces. */
export function digestOf(root, tools) {
  const hash = createHash('sha256').update(JSON.stringify(tools));
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json']) {
    hash.update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

/** Waits for another set-up of this clone; a lock whose process is gone is taken over. */
export async function lockSetUp(toolchain) {
  const path = join(toolchain, 'lock');
  let told = false;
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (!ownerLives(path)) {
      rmSync(path, { force: true });
      continue;
    }
    if (!told) process.stderr.write('another set-up of this clone is running; waiting for it\n');
    told = true;
    await delay(500);
  }
}

function ownerLives(path) {
  try {
    const text = readFileSync(path, 'utf8');
    // A lock without a number is one being written this instant, unless it is old.
    if (text === '') return Date.now() - statSync(path).mtimeMs < 5_000;
    process.kill(Number(text), 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
