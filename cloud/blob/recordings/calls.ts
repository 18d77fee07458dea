/**
 * What may be asked of the threads that read recordings, and the messages between them and the
 * main thread. Threads have no disk: they ask the main thread for ranges of an object.
 */
import type { FaultWords } from '../../store/fault-words.ts';

/** A recording in the blob store. */
export interface StoredRecording {
  readonly sha256: string;
  readonly sizeBytes: number;
  /** What faults call it, such as `clp_01J…`. */
  readonly name: string;
}

export interface LogRange {
  /** Log time at or after, ns. */
  readonly startNs?: bigint | undefined;
  /** Log time before, ns. */
  readonly endNs?: bigint | undefined;
}

export interface TopicInfo {
  readonly topic: string;
  readonly schema: string;
  readonly schemaEncoding: string;
  readonly messageEncoding: string;
  readonly latched: boolean;
  readonly count: number;
  /** Of the messages' data, when it was asked for: it takes a walk. */
  readonly bytes?: number;
  readonly firstNs?: bigint;
  readonly lastNs?: bigint;
}

/** Where a page of messages ended. */
export interface MessagePosition {
  readonly logTimeNs: bigint;
  /** Of the chunk in the file, and of the message in the chunk. */
  readonly offset: number;
  readonly index: number;
}

export interface PlotSeries {
  readonly path: string;
  readonly topic: string;
  readonly field: string;
  readonly type: string;
  readonly unit?: string;
  /** Messages in the range, and those of them whose bytes are not what the schema says. */
  readonly messages: number;
  readonly faults: number;
  /** One entry each for every pixel column that has a message, in order. */
  readonly columns: {
    readonly x: number[];
    readonly count: number[];
    /** Messages without a number: NaN, infinite, absent. */
    readonly gaps: number[];
    /** Null where the column has gaps only. */
    readonly min: (number | null)[];
    readonly max: (number | null)[];
    readonly first: (number | null)[];
    readonly last: (number | null)[];
  };
}

export interface Frame {
  readonly kind: 'first' | 'trigger' | 'middle';
  readonly topic: string;
  readonly atNs: bigint;
  readonly width: number;
  readonly height: number;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

interface Call<Input, Output> {
  readonly input: Input;
  readonly output: Output;
}

export interface RecordingCalls {
  readonly topics: Call<
    { readonly source: StoredRecording; readonly withBytes: boolean },
    readonly TopicInfo[]
  >;
  /** `text` is one JSON value a message, joined by commas or ended by line feeds. */
  readonly messages: Call<
    LogRange & {
      readonly source: StoredRecording;
      readonly topics: readonly string[];
      readonly limit: number;
      readonly after?: MessagePosition | undefined;
      readonly full: boolean;
      readonly lines: boolean;
    },
    { readonly text: Uint8Array; readonly next?: MessagePosition }
  >;
  readonly plot: Call<
    {
      readonly source: StoredRecording;
      readonly paths: readonly string[];
      readonly startNs: bigint;
      readonly endNs: bigint;
      readonly px: number;
    },
    readonly PlotSeries[]
  >;
  readonly frames: Call<
    {
      readonly source: StoredRecording;
      readonly triggerNs: bigint;
      readonly startNs: bigint;
      readonly endNs: bigint;
    },
    { readonly frames: readonly Frame[]; readonly problem?: string }
  >;
}

/** Calls whose answer is a file, given piece by piece. */
export interface RecordingStreams {
  readonly cut: LogRange & {
    readonly source: StoredRecording;
    readonly topics?: readonly string[] | undefined;
    readonly note: Readonly<Record<string, string>>;
  };
  readonly merge: {
    /** In the order of their starts. */
    readonly sources: readonly {
      readonly source: StoredRecording;
      readonly startNs: bigint;
      readonly prefix: string;
    }[];
    readonly topics?: readonly string[] | undefined;
    readonly note: Readonly<Record<string, string>>;
  };
}

export type CallName = keyof RecordingCalls;
export type StreamName = keyof RecordingStreams;

export type ToThread =
  | { readonly kind: 'call'; readonly id: number; readonly name: CallName; readonly input: unknown }
  | {
      readonly kind: 'stream';
      readonly id: number;
      readonly name: StreamName;
      readonly input: unknown;
    }
  | { readonly kind: 'bytes'; readonly read: number; readonly bytes: Uint8Array }
  | { readonly kind: 'unread'; readonly read: number; readonly fault: FaultWords }
  /** The consumer took this many bytes of a stream. */
  | { readonly kind: 'taken'; readonly id: number; readonly bytes: number }
  | { readonly kind: 'cancel'; readonly id: number };

export type FromThread =
  | {
      readonly kind: 'read';
      readonly read: number;
      readonly sha256: string;
      readonly start: number;
      readonly end: number;
    }
  | { readonly kind: 'piece'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly kind: 'progress'; readonly id: number; readonly done: number }
  | { readonly kind: 'done'; readonly id: number; readonly output: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly fault: FaultWords };
