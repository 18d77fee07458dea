/** A small file that is there whole or not at all, also after a power cut. */
import { closeSync, fchmodSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Mode 0600; durable, with its name, when it resolves. */
export async function replaceFile(path: string, bytes: Uint8Array | string): Promise<void> {
  const fresh = `${path}.new`;
  const handle = await open(fresh, 'w', 0o600);
  try {
    await handle.chmod(0o600);
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(fresh, path);
  await syncFolder(dirname(path));
}

/** The same while nothing else may happen: durable when it returns. */
export function replaceFileNow(path: string, bytes: Uint8Array | string): void {
  const fresh = `${path}.new`;
  syncAndClose(openSync(fresh, 'w', 0o600), (file) => {
    fchmodSync(file, 0o600);
    writeFileSync(file, bytes);
  });
  renameSync(fresh, path);
  syncAndClose(openSync(dirname(path), 'r'));
}

function syncAndClose(file: number, before: (file: number) => void = () => {}): void {
  try {
    before(file);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Makes the bytes of a file durable that somebody else wrote. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

/** Makes the names inside a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** `ENOENT` and the like; undefined for what is no failed system call. */
export function errorCode(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : undefined;
}
