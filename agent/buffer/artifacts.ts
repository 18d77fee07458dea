/**
 * Artifacts of the cloud on this robot's disk, each under its own hash, and the parts of those
 * that are still coming. A file stands in its place only after its bytes were hashed and synced.
 */
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '@fieldloop/core';
import type { ArtifactRef } from '@fieldloop/proto';
import { hashFile } from './clip-bytes.ts';
import { asDiskFault, type Disk, fileSize, names, systemDisk } from './disk.ts';

export interface ArtifactShelf {
  has(sha256: string): boolean;
  pathOf(sha256: string): string;
  /** Bytes of these artifacts that are on disk, of whole ones and of parts. */
  heldBytes(refs: readonly ArtifactRef[]): number;
  /** Opens the part under a new epoch, cut to what its row says. One part is open at a time. */
  begin(ref: ArtifactRef): Promise<ArtifactPart>;
  /** Its bytes were found to be others than its name says. */
  remove(sha256: string): Promise<void>;
  /** Removes artifacts and parts that are none of these. */
  keepOnly(hashes: ReadonlySet<string>): Promise<void>;
}

export interface ArtifactPart {
  readonly epoch: number;
  /** What the row said when the part was opened: so many bytes are in it. */
  readonly durable: number;
  append(pieces: readonly Uint8Array[]): Promise<void>;
  /** The first `durable` bytes are on disk, and the row says so, when it resolves. */
  sync(durable: number): Promise<void>;
  /** Verifies and puts it in its place; a part that differs is empty afterwards. */
  finish(): Promise<'stored' | 'differs'>;
  discard(): Promise<void>;
  close(): Promise<void>;
}

export interface ArtifactOptions {
  /** Of artifacts alone. */
  readonly dir: string;
  /** Bytes that stay free for others. */
  readonly headroomBytes: number;
  readonly disk?: Disk | undefined;
}

/** The rows of all parts: they are few, so one small file holds them. */
interface Rows {
  readonly epoch: number;
  readonly parts: Readonly<
    Record<string, { readonly sizeBytes: number; readonly durable: number }>
  >;
}

const hashName = /^[0-9a-f]{64}$/;

export async function openArtifacts(options: ArtifactOptions): Promise<ArtifactShelf> {
  const disk = options.disk ?? systemDisk;
  const shelf = new DiskShelf(options, disk);
  await shelf.load();
  return shelf;
}

class DiskShelf implements ArtifactShelf {
  readonly #dir: string;
  readonly #headroomBytes: number;
  readonly #disk: Disk;
  /** Sizes of whole artifacts. */
  readonly #held = new Map<string, number>();
  #rows: Rows = { epoch: 0, parts: {} };
  #saving: Promise<void> = Promise.resolve();

  constructor({ dir, headroomBytes }: ArtifactOptions, disk: Disk) {
    this.#dir = dir;
    this.#headroomBytes = headroomBytes;
    this.#disk = disk;
  }

  async load(): Promise<void> {
    await this.#disk.makeFolders([this.#dir, this.#parts]);
    for (const name of (await names(this.#dir)).filter((one) => hashName.test(one))) {
      this.#held.set(name, (await fileSize(this.pathOf(name))) ?? 0);
    }
    this.#rows = await readRows(this.#rowFile);
    for (const name of await names(this.#parts)) {
      if (this.#rows.parts[name] === undefined) await this.#disk.remove(join(this.#parts, name));
    }
  }

  has(sha256: string): boolean {
    return this.#held.has(sha256);
  }

  pathOf(sha256: string): string {
    return join(this.#dir, sha256);
  }

  heldBytes(refs: readonly ArtifactRef[]): number {
    const of = ({ sha256 }: ArtifactRef): number =>
      this.#held.get(sha256) ?? this.#rows.parts[sha256]?.durable ?? 0;
    return refs.reduce((sum, ref) => sum + of(ref), 0);
  }

  async begin({ sha256, sizeBytes }: ArtifactRef): Promise<ArtifactPart> {
    const path = join(this.#parts, sha256);
    const before = this.#rows.parts[sha256];
    const size = (await fileSize(path)) ?? 0;
    // A part that lost what its row speaks of, or another size under the same hash, begins again.
    const fits = before?.sizeBytes === sizeBytes && size >= before.durable;
    const durable = fits ? before.durable : 0;
    await this.#demandRoom(sizeBytes - durable);
    await this.#save((rows) => ({
      epoch: rows.epoch + 1,
      parts: { ...rows.parts, [sha256]: { sizeBytes, durable } },
    }));
    const { epoch } = this.#rows;
    const handle = await openPart(path);
    try {
      await handle.truncate(durable);
      await this.#disk.syncFolder(this.#parts);
    } catch (error) {
      await handle.close();
      throw asDiskFault(path, error);
    }
    return this.#part({ sha256, sizeBytes }, { handle, path, epoch, durable });
  }

  async remove(sha256: string): Promise<void> {
    this.#held.delete(sha256);
    await this.#disk.remove(this.pathOf(sha256));
  }

  async keepOnly(hashes: ReadonlySet<string>): Promise<void> {
    for (const sha256 of this.#held.keys()) if (!hashes.has(sha256)) await this.remove(sha256);
    for (const sha256 of Object.keys(this.#rows.parts)) {
      if (!hashes.has(sha256)) await this.#forget(sha256);
    }
  }

  #part(
    ref: ArtifactRef,
    opened: { handle: FileHandle; path: string; epoch: number; durable: number },
  ): ArtifactPart {
    const { handle, path, epoch, durable } = opened;
    const { sha256, sizeBytes } = ref;
    let length = durable;
    let isOpen = true;
    const close = async (): Promise<void> => {
      if (!isOpen) return;
      isOpen = false;
      await handle.close();
    };
    return {
      epoch,
      durable,
      append: async (pieces) => {
        try {
          for (const piece of pieces) {
            await handle.write(piece, 0, piece.length, length);
            length += piece.length;
          }
        } catch (error) {
          throw asDiskFault(path, error);
        }
      },
      sync: async (covered) => {
        await this.#synced(path, handle);
        await this.#save((rows) => ({
          ...rows,
          parts: { ...rows.parts, [sha256]: { sizeBytes, durable: covered } },
        }));
      },
      finish: async () => {
        await this.#synced(path, handle);
        const found = await hashFile(path);
        if (found.sha256 !== sha256) {
          await close();
          await this.#forget(sha256);
          return 'differs';
        }
        await close();
        await this.#disk.rename(path, this.pathOf(sha256));
        await this.#disk.syncFolder(this.#dir);
        this.#held.set(sha256, found.sizeBytes);
        await this.#forget(sha256);
        return 'stored';
      },
      discard: async () => {
        await close();
        await this.#forget(sha256);
      },
      close,
    };
  }

  async #synced(path: string, handle: FileHandle): Promise<void> {
    try {
      await handle.datasync();
    } catch (error) {
      // What a failed sync left in the cache is not to be believed: the row still says less.
      throw asDiskFault(path, error);
    }
  }

  async #forget(sha256: string): Promise<void> {
    await this.#save(({ epoch, parts }) => {
      const { [sha256]: _, ...rest } = parts;
      return { epoch, parts: rest };
    });
    await this.#disk.remove(join(this.#parts, sha256));
  }

  /** One after the other: a download writes while what is not wanted any more is removed. */
  async #save(change: (rows: Rows) => Rows): Promise<void> {
    const before = this.#saving;
    const mine = (async () => {
      await before.catch(() => undefined);
      const rows = change(this.#rows);
      await this.#disk.replaceFile(this.#rowFile, JSON.stringify(rows));
      this.#rows = rows;
    })();
    this.#saving = mine;
    await mine;
  }

  async #demandRoom(bytes: number): Promise<void> {
    const { bytes: free } = await this.#disk.free(this.#dir);
    if (free >= bytes + this.#headroomBytes) return;
    throw new Fault('limited', `${bytes} bytes more do not fit beside what stays free`, {
      place: this.#dir,
      remedy: 'Free space on this disk or lower buffer.headroom in agent.yaml.',
    });
  }

  get #parts(): string {
    return join(this.#dir, 'parts');
  }

  get #rowFile(): string {
    return join(this.#dir, 'parts.json');
  }
}

/** Without rows every part begins again, which costs bytes and nothing else. */
async function readRows(path: string): Promise<Rows> {
  try {
    const found = JSON.parse(await readFile(path, 'utf8')) as Partial<Rows> | null;
    if (Number.isSafeInteger(found?.epoch) && typeof found?.parts === 'object') {
      return { epoch: found.epoch ?? 0, parts: found.parts };
    }
  } catch {
    // A file that is torn or absent says nothing.
  }
  return { epoch: 0, parts: {} };
}

async function openPart(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r+');
  } catch {
    try {
      return await open(path, 'w+', 0o600);
    } catch (error) {
      throw asDiskFault(path, error);
    }
  }
}
