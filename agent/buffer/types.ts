/** What this station takes in, what it gives the uplink, and what it tells of itself. */
import type { ClipClass, ClipManifest } from '@fieldloop/proto';

/** A small picture or sketch of a clip; what it shows stands in the manifest, by its hash. */
export interface PreviewBytes {
  readonly kind: string;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

/** A finished part: written and synced by the data worker, its hash taken while writing. */
export interface CutClip {
  /** UUID text. */
  readonly clipId: string;
  readonly partPath: string;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly manifest: ClipManifest;
  /** Highest priority of the verdicts inside; 1 when absent. */
  readonly priority?: number | undefined;
  readonly previews?: readonly PreviewBytes[] | undefined;
}

/**
 * Durable states of a clip. `sealed` covers offered (a restart offers again under the same number),
 * `wanted` everything from wanted to finishing.
 */
export type ClipState = 'sealed' | 'wanted' | 'refused' | 'deleting';

/** What became of a clip whose bytes are gone. */
export type ClipFate = 'deleted' | 'evicted' | 'lost' | 'quarantined';

/** A clip of the buffer. */
export interface HeldClip {
  readonly clipId: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly class: ClipClass;
  readonly priority: number;
  readonly state: ClipState;
  readonly manifestSeq: number;
  readonly sealedMs: number;
  readonly notBeforeMs: number;
  readonly attempts: number;
  /** Why the cloud refused it. */
  readonly code?: string | undefined;
  /** An operator asked for it: it goes first and is not evicted. */
  readonly pulled: boolean;
}

export interface BufferCounts {
  readonly clips: {
    /** Durable here, the cloud does not know of them. */
    readonly sealed: number;
    /** Their manifest is on its way. */
    readonly offered: number;
    /** The cloud has the manifest; their bytes wait or are on their way. */
    readonly uploading: number;
    readonly refused: number;
  };
  /** Bytes of clip files that the buffer holds. */
  readonly bytes: number;
  /** Seal time of the oldest clip that waits for the cloud, Unix ms. */
  readonly oldestMs?: number | undefined;
  /** Since the database was made. */
  readonly ever: {
    readonly sealed: number;
    readonly acknowledged: number;
    readonly evicted: number;
    readonly lost: number;
    readonly quarantined: number;
  };
  readonly rows: { readonly events: number; readonly manifests: number; readonly reported: number };
  /** Rows in memory because the database could not be written; not durable. */
  readonly pendingRows: number;
  /** Why the buffer works with restrictions. */
  readonly degraded?: string | undefined;
}

/** What the start found and did; told in the log and in an event. */
export interface RecoveryReport {
  readonly adopted: number;
  readonly sealedParts: number;
  readonly quarantined: number;
  readonly lost: number;
  readonly finishedDeletes: number;
  readonly removedDuplicates: number;
  readonly rebuilt: boolean;
}
