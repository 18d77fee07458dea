/**
 * Blocks of windows on the disk, beyond memory: segments that are compressed, encrypted under a
 * key that only this process knows, and never read by another. What is spooled is not redacted
 * yet; without the key nobody reads it, and the folder is emptied at each start.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { type FileHandle, mkdir, open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { asFault, type Clock, type Log } from '@fieldloop/core';
import type { MessageBlock } from '@fieldloop/recording';
import {
  overflowPatienceMs,
  overflowQueueBytes,
  overflowRestMs,
  overflowSegmentBytes,
} from '../clip-limits.ts';
import type { Place } from './entry.ts';
import { columnBytes, packBlock } from './packed.ts';

export interface Overflow extends AsyncDisposable {
  readonly figures: OverflowFigures;
  /** Undefined: it takes nothing now. Who can wait is `patient` while its queue is full. */
  take(block: MessageBlock, patient: boolean): Promise<OnItsWay | undefined>;
}

export interface OnItsWay {
  /** Never fails: undefined when the disk did not take it. */
  readonly done: Promise<Place | undefined>;
}

export interface OverflowFigures {
  /** Bytes on the disk. */
  readonly bytes: number;
  /** Blocks that it did not take, because it was full, off or too slow. */
  readonly refused: number;
  /** Why it is off. */
  readonly off: string | undefined;
}

export interface OverflowOptions {
  readonly folder: string;
  readonly maxBytes: number;
  /** Free for others on that disk, whatever is spooled. */
  readonly headroomBytes: number;
  /** 32 bytes of chance. */
  readonly key: Uint8Array;
}

export interface OverflowDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly disk?: OverflowDisk | undefined;
  /** Told each time that it goes off. */
  readonly onOff: (why: string) => void;
}

/** The system calls that it makes, as a port. */
export interface OverflowDisk {
  open(path: string): Promise<Pick<FileHandle, 'appendFile' | 'read' | 'close'>>;
  remove(path: string): Promise<void>;
  freeBytes(folder: string): Promise<number>;
}

const systemDisk: OverflowDisk = {
  open: (path) => open(path, 'ax+', 0o600),
  remove: (path) => rm(path, { force: true, recursive: true }),
  async freeBytes(folder) {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  },
};

/** Removes what an earlier process left; nobody can read it. */
export async function clearOverflow(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

export async function openOverflow(
  options: OverflowOptions,
  deps: OverflowDeps,
): Promise<Overflow> {
  await clearOverflow(options.folder);
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  return new SegmentOverflow(options, deps);
}

interface Segment {
  readonly path: string;
  readonly file: Awaited<ReturnType<OverflowDisk['open']>>;
  bytes: number;
  /** Blocks in it that are still wanted. */
  users: number;
  isClosed: boolean;
}

class SegmentOverflow implements Overflow {
  readonly #options: OverflowOptions;
  readonly #deps: OverflowDeps;
  readonly #disk: OverflowDisk;
  readonly #segmentBytes: number;
  #segment: Segment | undefined;
  /** Files that stand, the open one included. */
  readonly #segments = new Set<Segment>();
  #chain: Promise<unknown> = Promise.resolve();
  #queued = 0;
  #waiting: (() => void)[] = [];
  #onDisk = 0;
  #refused = 0;
  #count = 0;
  #nonce = 0n;
  #off: { readonly why: string; readonly untilMs: number } | undefined;

  constructor(options: OverflowOptions, deps: OverflowDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#disk = deps.disk ?? systemDisk;
    const { least, most } = overflowSegmentBytes;
    this.#segmentBytes = Math.max(least, Math.min(most, Math.floor(options.maxBytes / 8)));
  }

  get figures(): OverflowFigures {
    return { bytes: this.#onDisk, refused: this.#refused, off: this.#off?.why };
  }

  async take(block: MessageBlock, patient: boolean): Promise<OnItsWay | undefined> {
    const size = sizeOf(block);
    const takes = this.#isOn() && this.#fits(size) && (await this.#turn(size, patient));
    // While it waited for its turn the disk may have gone off.
    if (!takes || !this.#isOn() || !this.#fits(size)) {
      this.#refused += 1;
      return undefined;
    }
    this.#queued += size;
    const done = this.#inTurn(async () => {
      try {
        return this.#isOn() ? await this.#write(block) : undefined;
      } catch (error) {
        const fault = asFault(error);
        this.#turnOff(`the disk did not take it: ${fault.message}`);
        this.#abandon();
        return undefined;
      } finally {
        this.#queued -= size;
        this.#wake();
      }
    });
    return { done };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#chain;
    for (const { file } of this.#segments) await file.close().catch(() => undefined);
    this.#segments.clear();
    await this.#disk.remove(this.#options.folder).catch(() => undefined);
  }

  #isOn(): boolean {
    if (this.#off !== undefined && this.#deps.clock.monotonicMs() >= this.#off.untilMs) {
      this.#off = undefined;
    }
    return this.#off === undefined;
  }

  /** What waits is counted as it is in memory; on the disk it will be less. */
  #fits(size: number): boolean {
    return this.#onDisk + this.#queued + size <= this.#options.maxBytes;
  }

  /** True when the queue has room; a live source does not wait long for it. */
  async #turn(size: number, patient: boolean): Promise<boolean> {
    const { clock } = this.#deps;
    const untilMs = clock.monotonicMs() + overflowPatienceMs;
    while (this.#queued > 0 && this.#queued + size > overflowQueueBytes) {
      const leftMs = untilMs - clock.monotonicMs();
      if (!patient && leftMs <= 0) {
        this.#turnOff('the disk is too slow');
        return false;
      }
      await this.#room(patient ? undefined : leftMs);
    }
    return true;
  }

  async #room(withinMs: number | undefined): Promise<void> {
    const timer = new AbortController();
    const room = new Promise<void>((resolve) => this.#waiting.push(resolve));
    const over =
      withinMs === undefined
        ? []
        : [this.#deps.clock.sleep(withinMs, timer.signal).catch(() => undefined)];
    await Promise.race([room, ...over]);
    timer.abort();
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#chain.then(work);
    this.#chain = mine.catch(() => undefined);
    return mine;
  }

  #turnOff(why: string): void {
    if (this.#off === undefined) {
      this.#deps.log.warn('blocks beyond memory are not kept until the disk works', { why });
      this.#deps.onOff(why);
    }
    this.#off = { why, untilMs: this.#deps.clock.monotonicMs() + overflowRestMs };
  }

  async #write(block: MessageBlock): Promise<Place | undefined> {
    const { bytes, unpack } = await packBlock(block);
    const segment = await this.#openSegment();
    if (segment === undefined) return undefined;
    this.#nonce += 1n;
    const iv = Buffer.alloc(12);
    iv.writeBigUInt64LE(this.#nonce);
    const cipher = createCipheriv('aes-256-gcm', this.#options.key, iv);
    const sealed = Buffer.concat([
      ...bytes.map((part) => cipher.update(part)),
      cipher.final(),
      cipher.getAuthTag(),
    ]);
    const at = segment.bytes;
    await segment.file.appendFile(sealed);
    segment.bytes += sealed.length;
    segment.users += 1;
    this.#onDisk += sealed.length;
    if (segment.bytes >= this.#segmentBytes) this.#segment = undefined;
    segment.isClosed = this.#segment === undefined;
    let isDropped = false;
    return {
      load: async () => {
        try {
          return await unpack(await this.#read(segment, { at, iv, size: sealed.length }));
        } catch (error) {
          this.#deps.log.error('a block of the spool cannot be read', { error: asFault(error) });
          return undefined;
        }
      },
      drop: () => {
        if (isDropped) return;
        isDropped = true;
        segment.users -= 1;
        this.#sweep(segment);
      },
    };
  }

  async #read(
    { file }: Segment,
    { at, iv, size }: { readonly at: number; readonly iv: Buffer; readonly size: number },
  ): Promise<Uint8Array> {
    const sealed = Buffer.alloc(size);
    let filled = 0;
    while (filled < size) {
      const { bytesRead } = await file.read(sealed, filled, size - filled, at + filled);
      if (bytesRead === 0) throw new Error('the spool ends too early');
      filled += bytesRead;
    }
    const decipher = createDecipheriv('aes-256-gcm', this.#options.key, iv);
    decipher.setAuthTag(sealed.subarray(size - 16));
    const plain = decipher.update(sealed.subarray(0, size - 16));
    return Buffer.concat([plain, decipher.final()]);
  }

  async #openSegment(): Promise<Segment | undefined> {
    if (this.#segment !== undefined) return this.#segment;
    const { folder, headroomBytes } = this.#options;
    const free = await this.#disk.freeBytes(folder);
    if (free < headroomBytes + this.#segmentBytes) {
      this.#turnOff('the disk has no more than its headroom');
      return undefined;
    }
    this.#count += 1;
    const path = join(folder, `${this.#count}.segment`);
    const file = await this.#disk.open(path);
    const segment = { path, file, bytes: 0, users: 0, isClosed: false };
    this.#segments.add(segment);
    this.#segment = segment;
    return segment;
  }

  /** After a failed write nobody knows where the file ends: no more goes into it. */
  #abandon(): void {
    const segment = this.#segment;
    this.#segment = undefined;
    if (segment === undefined) return;
    segment.isClosed = true;
    this.#sweep(segment);
  }

  #sweep(segment: Segment): void {
    if (segment.users > 0 || !segment.isClosed || !this.#segments.delete(segment)) return;
    this.#onDisk -= segment.bytes;
    void this.#inTurn(async () => {
      await segment.file.close().catch(() => undefined);
      await this.#disk.remove(segment.path).catch(() => undefined);
    });
  }
}

/** What a block costs before it is compressed; a slice counts its own messages alone. */
function sizeOf({ data, count, chunk, starts, ends }: MessageBlock): number {
  if (chunk !== undefined) return columnBytes * count + (chunk.records.length || data.length);
  let bytes = columnBytes * count;
  for (let i = 0; i < count; i += 1) bytes += (ends[i] ?? 0) - (starts[i] ?? 0);
  return bytes;
}
