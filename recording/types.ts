/**
 * The words of this room. A recording is read as items: channels as they appear, and blocks of
 * messages in columns, so that nothing is allocated per message on the hot path.
 */

/** Random access to bytes: a file, a blob, a buffer. `name` is what faults call it. */
export interface Readable {
  readonly name: string;
  /** Bytes in all; absent when it still grows. */
  readonly size?: number | undefined;
  /**
   * Up to `length` bytes from `offset`; fewer only at the end. `into` is memory with room for all
   * of them, which may be used; the answer says where they are.
   */
  read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array>;
  /** The file with this name and suffix beside it, such as `-wal`; undefined when there is none. */
  beside?(suffix: string): Promise<Readable | undefined>;
}

/** Where a clip is written: appended, then made durable. */
export interface Appendable {
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves when all that was written survives a power cut. */
  sync(): Promise<void>;
}

/** `db3` is rosbag2's sqlite3 storage. */
export type RecordingFormat = 'mcap' | 'rosbag1' | 'db3';

/** As MCAP defines it; ROS 1 definitions have encoding `ros1msg`. */
export interface Schema {
  /** Its id in the MCAP it came from, kept so that whole chunks can be copied; absent otherwise. */
  readonly id?: number | undefined;
  readonly name: string;
  readonly encoding: string;
  readonly data: Uint8Array;
}

/** As MCAP defines it; a connection of a ROS 1 bag is a channel with message encoding `ros1`. */
export interface Channel {
  /** 0 to 65,535, unique within one recording. */
  readonly id: number;
  readonly topic: string;
  readonly messageEncoding: string;
  readonly metadata: ReadonlyMap<string, string>;
  /** Absent for schemaless channels. */
  readonly schema?: Schema | undefined;
  /** Late subscribers get the last message: ROS 1 latching, ROS 2 transient local. */
  readonly latched: boolean;
}

/** The stored bytes of a chunk, kept so that a clip can copy them instead of compressing again. */
export interface StoredChunk {
  readonly compression: '' | 'lz4' | 'zstd';
  readonly uncompressedSize: number;
  readonly uncompressedCrc: number;
  /** Compressed bytes as they stand in the file. */
  readonly records: Uint8Array;
  /** Channels whose records stand inside the chunk; a copy of the chunk must index them. */
  readonly declares: readonly number[];
}

/**
 * Consecutive messages in file order, in columns. Message i is `data[starts[i] .. ends[i])`.
 * `timesNs[i]` is its log time in ns after `baseNs`, exact (a block is split before 2^53). A
 * reader keeps one `baseNs` as long as that holds, so that most blocks compare without bigint.
 *
 * A block belongs to whoever received it: no reader writes into it again, and it stays valid as
 * long as it is referenced, unless the reader was asked to `reuse` its buffers.
 */
export interface MessageBlock {
  readonly count: number;
  readonly data: Uint8Array;
  readonly view: DataView;
  readonly channelIds: Uint16Array;
  readonly sequences: Uint32Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly baseNs: bigint;
  readonly timesNs: Float64Array;
  /** Publish time of message i in ns; the log time where the format has none. */
  publishTimeNs(i: number): bigint;
  /** Smallest and largest log time, ns. */
  readonly firstNs: bigint;
  readonly lastNs: bigint;
  /** Byte offset in the source of the record that held these messages. */
  readonly offset: number;
  /** Present when `data` is one whole MCAP chunk. */
  readonly chunk?: StoredChunk | undefined;
}

/** What a reader yields. A channel comes before the first block that uses it. */
export type RecordingItem =
  | {
      readonly kind: 'header';
      readonly format: RecordingFormat;
      readonly profile: string;
      readonly library: string;
    }
  | { readonly kind: 'channel'; readonly channel: Channel }
  | { readonly kind: 'block'; readonly block: MessageBlock }
  | {
      readonly kind: 'metadata';
      readonly name: string;
      readonly metadata: ReadonlyMap<string, string>;
      readonly offset: number;
    }
  | {
      readonly kind: 'attachment';
      readonly name: string;
      readonly mediaType: string;
      readonly logTimeNs: bigint;
      readonly sizeBytes: number;
      readonly offset: number;
    };
