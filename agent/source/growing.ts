/**
 * A recording on the disk, as far as it is written: what became whole since the last look. MCAP
 * and ROS 1 bags may still be growing; other formats are read when they are finished.
 */
import { stat } from 'node:fs/promises';
import { Fault } from '@fieldloop/core';
import {
  type Channel,
  type GrowingBag,
  type McapParser,
  openGrowingBag,
  openMcapParser,
  type Readable,
  readRecording,
  type RecordingItem,
  type Schema,
} from '@fieldloop/recording';
import { identityOf, openFile } from '@fieldloop/recording/file';
import { growingReadBytes } from '../limits.ts';
import { sliceOf } from './pace.ts';

/** Where an earlier reading stopped, and what was defined by then. */
export interface FilePlace {
  readonly offset: number;
  readonly channels: readonly Channel[];
  /** Of an MCAP: those that no channel named yet. */
  readonly schemas: readonly Schema[];
}

export interface GrowingFile extends AsyncDisposable {
  /** As `OpenFile` tells it. */
  readonly identity: string;
  /**
   * Items that became whole since the last call, of one piece of the file, up to byte `upTo`, a
   * place where a record begins. `offset` is behind all of them when they were taken. Fault
   * `corrupt` after the items before damage, and when the file became shorter; `unavailable` when
   * the disk does not give its bytes now, and it can be called again.
   */
  more(signal: AbortSignal, upTo?: number): AsyncGenerator<RecordingItem, void>;
  /** There are bytes that `more` did not look at. */
  readonly hasMore: boolean;
  /** Where the first record begins that is not whole yet. */
  readonly offset: number;
  /** Schemas before it that no channel names yet. */
  readonly spare: readonly Schema[];
  /** Bytes that the file had at the last look. */
  readonly size: number;
  /** The recording has come to its proper end. */
  readonly isDone: boolean;
  /** Its format knows no end: what is done may go on all the same. */
  readonly mayGrow: boolean;
  /** The fault of a recording that ends here. */
  torn(): Fault;
}

interface Reader {
  readonly hasMore: boolean;
  more(size: number, signal: AbortSignal): AsyncGenerator<RecordingItem, void>;
  readonly offset: number;
  readonly spare?: readonly Schema[];
  readonly isDone: boolean;
  readonly mayGrow?: true;
  torn(): Fault | undefined;
}

const headBytes = 16;

/** Fault `not_found` or `forbidden` as it is opened. */
export async function openGrowing(path: string, from?: FilePlace): Promise<GrowingFile> {
  const file = await openFile(path);
  let reader: Reader | undefined;
  let size = file.size ?? 0;
  // Its size is that of the last look.
  const readable: Readable = { name: path, read: (offset, length) => file.read(offset, length) };
  return {
    identity: file.identity,
    get size() {
      return size;
    },
    get offset() {
      return reader?.offset ?? from?.offset ?? 0;
    },
    get spare() {
      return reader?.spare ?? from?.schemas ?? [];
    },
    get isDone() {
      return reader?.isDone ?? false;
    },
    get mayGrow() {
      return reader?.mayGrow ?? false;
    },
    get hasMore() {
      return reader?.hasMore ?? false;
    },
    async *more(signal, upTo = Number.POSITIVE_INFINITY) {
      await file.refresh();
      size = file.size ?? 0;
      if (size < (reader?.offset ?? from?.offset ?? 0)) throw shrunk(path, size);
      reader ??= await openReader(readable, from);
      if (reader !== undefined) yield* reader.more(Math.min(size, upTo), signal);
    },
    torn: () => reader?.torn() ?? endless(path, size),
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
}

/** Of the file that a path names now; undefined when it names none. */
export async function identityAt(path: string): Promise<string | undefined> {
  try {
    return identityOf(await stat(path));
  } catch {
    return undefined;
  }
}

/** By the first bytes; undefined while there are too few of them. */
async function openReader(
  file: Readable,
  from: FilePlace | undefined,
): Promise<Reader | undefined> {
  const head = Buffer.from(await file.read(0, headBytes)).toString('latin1');
  if (head.length < headBytes) return undefined;
  if (head.startsWith('#ROSBAG')) return bagReader(file, openGrowingBag(file.name, from));
  if (head.startsWith('\x89MCAP0')) return mcapReader(file, openMcapParser(file.name, from), from);
  return wholeReader(file.name, from?.offset);
}

function mcapReader(file: Readable, parser: McapParser, from: FilePlace | undefined): Reader {
  let at = from?.offset ?? 0;
  let end = at;
  return {
    get hasMore() {
      return at < end;
    },
    get offset() {
      return parser.offset;
    },
    get spare() {
      return parser.spare;
    },
    get isDone() {
      return parser.isDone;
    },
    async *more(size) {
      if (size < at) throw shrunk(file.name, size);
      end = size;
      if (at === size) return;
      const bytes = await file.read(at, Math.min(growingReadBytes, size - at));
      at += bytes.length;
      if (bytes.length === 0) end = at;
      else yield* parser.push(bytes);
      if (parser.damage !== undefined) throw parser.damage;
    },
    torn() {
      try {
        parser.end();
        return undefined;
      } catch (error) {
        return error instanceof Fault ? error : undefined;
      }
    },
  };
}

function bagReader(file: Readable, bag: GrowingBag): Reader {
  let hasMore = false;
  return {
    get hasMore() {
      return hasMore;
    },
    get offset() {
      return bag.offset;
    },
    get isDone() {
      return bag.isDone && !hasMore;
    },
    async *more(size) {
      const before = bag.offset;
      const read: Readable['read'] = (offset, length) =>
        file.read(offset, Math.min(length, size - offset));
      yield* bag.more({ name: file.name, size, read }, growingReadBytes);
      hasMore = bag.offset - before >= growingReadBytes && bag.offset < size;
    },
    torn: () => undefined,
  };
}

/**
 * A format that cannot be read while it grows: all that there is, at one look. Its offsets count
 * messages, so that a later look passes over those that were given.
 */
function wholeReader(path: string, from = 0): Reader {
  let given = from;
  let isDone = false;
  return {
    hasMore: false,
    mayGrow: true,
    // No place is kept in its middle.
    get offset() {
      return isDone ? given : 0;
    },
    get isDone() {
      return isDone;
    },
    async *more(most, signal) {
      if (isDone) return;
      let at = 0;
      await using file = await openFile(path);
      for await (const item of readRecording(file, { signal })) {
        if (item.kind !== 'block') {
          yield item;
          continue;
        }
        const { block } = item;
        const [first, end] = [Math.max(0, given - at), Math.min(block.count, most - at)];
        if (first < end) {
          given = at + end;
          const part = end - first === block.count ? block : sliceOf(block, first, end);
          yield { kind: 'block', block: { ...part, offset: at + first } };
        }
        at += block.count;
        if (at >= most) return;
      }
      isDone = true;
    },
    torn: () => undefined,
  };
}

function shrunk(path: string, size: number): Fault {
  return new Fault('corrupt', `the file became shorter, ${size} bytes, than what was read of it`, {
    place: path,
    remedy: 'Let recorders write new files; what was read before is kept.',
  });
}

function endless(path: string, size: number): Fault {
  return new Fault('corrupt', `the recording ends at byte ${size} without its end`, {
    place: path,
    remedy: '`fieldloop recording repair FILE OUT` writes what is whole into a new file.',
  });
}
