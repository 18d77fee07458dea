/** One continuous run of recording on a device. Its id keeps the UUIDv7 that the robot gave it. */
export interface Session {
  readonly id: string;
  readonly device: string;
  /** What was recorded from, such as a file or a live stream. */
  readonly source: string;
  /** Log time of the first and last moment known to the cloud, in nanoseconds. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly clips: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

/** What the cloud holds of a session. */
export interface SessionContents {
  /** Clips by their state. */
  readonly clips: Readonly<Record<string, number>>;
  readonly storedBytes: number;
  readonly events: number;
  readonly markers: number;
  readonly failures: number;
}
