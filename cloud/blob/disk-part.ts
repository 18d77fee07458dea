/**
 * A file that is still arriving. One write runs, and what comes meanwhile is one more; a sync waits
 * for those before it and runs beside those after it. The first failure breaks the part: a sync
 * that failed may have lost what it was asked to keep, so it is never tried again as if it could
 * be good.
 */
import { createHash, type Hash } from 'node:crypto';
import { constants, type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Fault } from '@fieldloop/core';
import { blobReadBytes } from '../limits.ts';
import type { BlobPart } from './blob.ts';
import { diskFault, makeFolder, syncFolder } from './disk-folder.ts';

interface Place {
  readonly path: string;
  /** Where the object goes. */
  readonly target: string;
  readonly sha256: string;
  /** Called once, when the part has no holder any more. */
  release(): void;
}

export async function openDiskPart(place: Place): Promise<BlobPart> {
  await makeFolder(dirname(place.path));
  const handle = await open(place.path, constants.O_RDWR | constants.O_CREAT, 0o600);
  const { size } = await handle.stat();
  return new DiskPart(place, handle, size);
}

class DiskPart implements BlobPart {
  readonly #place: Place;
  readonly #file: FileHandle;
  #size: number;
  /** Absent until the bytes that were there before are read. */
  #hash: Hash | undefined;
  #writes: Promise<void> = Promise.resolve();
  /** The write that has not begun: it takes all that comes until then. */
  #next: { readonly pieces: Uint8Array[]; readonly written: Promise<void> } | undefined;
  #broken: Error | undefined;
  #isNamed = false;
  #isOpen = true;

  constructor(place: Place, file: FileHandle, size: number) {
    this.#place = place;
    this.#file = file;
    this.#size = size;
    this.#hash = size === 0 ? createHash('sha256') : undefined;
  }

  get sizeBytes(): number {
    return this.#size;
  }

  async append(pieces: readonly Uint8Array[]): Promise<void> {
    this.#check();
    const hash = this.#hash;
    if (hash === undefined) throw new TypeError('truncate first: bytes before are not hashed');
    const at = this.#size;
    for (const piece of pieces) {
      hash.update(piece);
      this.#size += piece.length;
    }
    this.#next ??= this.#nextWrite(at);
    this.#next.pieces.push(...pieces);
    await this.#next.written;
  }

  #nextWrite(at: number): { pieces: Uint8Array[]; written: Promise<void> } {
    const pieces: Uint8Array[] = [];
    const written = this.#writes.then(async () => {
      this.#next = undefined;
      await this.#write(pieces, at);
    });
    this.#writes = written;
    return { pieces, written };
  }

  async #write(pieces: readonly Uint8Array[], position: number): Promise<void> {
    this.#check();
    await this.#guard(async () => {
      let left = [...pieces];
      let at = position;
      while (left.length > 0) {
        const { bytesWritten } = await this.#file.writev(left, at);
        at += bytesWritten;
        left = behind(left, bytesWritten);
      }
    });
  }

  async sync(): Promise<void> {
    this.#check();
    await this.#writes;
    await this.#guard(async () => {
      await this.#file.datasync();
      if (!this.#isNamed) await syncFolder(dirname(this.#place.path));
      this.#isNamed = true;
    });
  }

  async truncate(sizeBytes: number): Promise<void> {
    this.#check();
    await this.#writes;
    if (this.#size < sizeBytes) {
      throw new Fault('corrupt', `the part has ${this.#size} bytes, not ${sizeBytes}`, {
        place: this.#place.path,
      });
    }
    if (this.#hash !== undefined && this.#size === sizeBytes) return;
    await this.#guard(async () => {
      if (this.#size > sizeBytes) await this.#file.truncate(sizeBytes);
      this.#size = sizeBytes;
      this.#hash = await this.#hashOf(sizeBytes);
    });
  }

  async #hashOf(sizeBytes: number): Promise<Hash> {
    const hash = createHash('sha256');
    const buffer = new Uint8Array(blobReadBytes);
    for (let at = 0; at < sizeBytes; ) {
      const most = Math.min(buffer.length, sizeBytes - at);
      const { bytesRead } = await this.#file.read(buffer, 0, most, at);
      if (bytesRead === 0) {
        throw new Fault('corrupt', 'the part ends before its size', { place: this.#place.path });
      }
      hash.update(buffer.subarray(0, bytesRead));
      at += bytesRead;
    }
    return hash;
  }

  async commit(): Promise<'committed' | 'differs'> {
    this.#check();
    await this.#writes;
    if (this.#hash?.copy().digest('hex') !== this.#place.sha256) return 'differs';
    await this.#guard(async () => {
      await this.#file.datasync();
      await makeFolder(dirname(this.#place.target));
      await rename(this.#place.path, this.#place.target);
      await syncFolder(dirname(this.#place.target));
    });
    await this.close();
    return 'committed';
  }

  async discard(): Promise<void> {
    await this.close();
    try {
      await rm(this.#place.path, { force: true });
    } catch (error) {
      throw diskFault(error, this.#place.path);
    }
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    // A write that failed has told its caller.
    await this.#writes.catch(() => undefined);
    await this.#file.close();
    this.#place.release();
  }

  #check(): void {
    if (this.#broken !== undefined) throw this.#broken;
    if (!this.#isOpen) throw new Fault('conflict', 'this part is closed');
  }

  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#broken = diskFault(error, this.#place.path);
      throw this.#broken;
    }
  }
}

/** What a write of `written` bytes left over. */
function behind(pieces: readonly Uint8Array[], written: number): Uint8Array[] {
  let skip = written;
  const left: Uint8Array[] = [];
  for (const piece of pieces) {
    if (skip >= piece.length) skip -= piece.length;
    else {
      left.push(skip === 0 ? piece : piece.subarray(skip));
      skip = 0;
    }
  }
  return left;
}
