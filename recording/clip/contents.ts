/** What a clip holds; counts cover every message in the file, its own channels included. */
export interface ClipContents {
  readonly messageCount: number;
  /** Smallest and largest log time in the file; both 0 when it has no message. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** Channels that carry messages, in the order of their ids. */
  readonly topics: readonly {
    readonly topic: string;
    readonly schema: string;
    readonly count: number;
  }[];
}

export interface ClipSummary extends ClipContents {
  readonly sizeBytes: number;
  /** Lower-case hex of the whole file; empty when the writer was told that nobody asks. */
  readonly sha256: string;
}
