/**
 * The messages of the wire as the rest of the house sees them: 64-bit numbers are `bigint`, ids
 * the text of a UUID, hashes 64 hex digits, and every value stands within limits.ts.
 */
import type { Json } from '@fieldloop/core';
import type { CommandBody } from './command.ts';

export type Lane = 'events' | 'manifests' | 'reported';

export type WireCode =
  | 'UNKNOWN'
  | 'GAP'
  | 'CRC'
  | 'OVERRUN'
  | 'HASH'
  | 'BUSY'
  | 'DRAINING'
  | 'MOVED'
  | 'QUOTA'
  | 'NO_SPACE'
  | 'IO'
  | 'TOO_LARGE'
  | 'KIND'
  | 'UNWANTED'
  | 'SEQ_REUSED'
  | 'MALFORMED'
  | 'VERSION';

/** What a device still holds of a lane; `lowest` > `highest` says that it holds nothing. */
export interface LaneState {
  readonly lane: Lane;
  readonly origin: bigint;
  readonly lowest: bigint;
  readonly highest: bigint;
}

export interface Status {
  readonly bootId: string;
  /** Durable counter of the device's connects. */
  readonly conn: bigint;
  readonly online: boolean;
  readonly agent: string;
  readonly features: bigint;
  readonly lanes: readonly LaneState[];
  readonly clock: { readonly unixMs: number; readonly synced: boolean; readonly source: string };
}

/** A `number` travels as a double, a `bigint` as a signed 64-bit integer. */
export interface WireValue {
  readonly name: string;
  readonly unit: string;
  readonly value: number | bigint | boolean | string;
}

export interface WireEvent {
  readonly id: string;
  readonly name: string;
  readonly severity: 'critical' | 'warning' | 'info';
  readonly atNs: bigint;
  /** False when the device's clock was not set by a time source. */
  readonly synced: boolean;
  readonly sessionId: string;
  readonly clipId?: string;
  /** `id@version` of the rule that made it. */
  readonly rule?: string;
  readonly ruleSetSha256?: string;
  readonly margin?: number;
  readonly values: readonly WireValue[];
  readonly text: string;
  readonly tags: readonly string[];
}

export interface WireMarker {
  readonly id: string;
  readonly sessionId: string;
  readonly clipId?: string;
  readonly startNs: bigint;
  /** Equal to `startNs` for an instant. */
  readonly endNs: bigint;
  readonly synced: boolean;
  readonly name: string;
  readonly source: string;
  readonly values: readonly WireValue[];
}

export type GapReason = 'evicted' | 'expired' | 'lost' | 'privacy';

/** Stands for `count` sequence numbers whose rows the device no longer has. */
export interface WireGap {
  readonly count: bigint;
  readonly reason: GapReason;
}

export type EventRow =
  | { readonly kind: 'event'; readonly event: WireEvent }
  | { readonly kind: 'marker'; readonly marker: WireMarker }
  | { readonly kind: 'gap'; readonly gap: WireGap };

/** Rows with consecutive sequence numbers from `firstSeq`; a gap takes `count` of them. */
export interface Events {
  readonly origin: bigint;
  readonly firstSeq: bigint;
  readonly rows: readonly EventRow[];
}

/** A row as it came: `crc` is over its encoded bytes; a row that does not fit has a code. */
export type ReceivedRow = { readonly seq: bigint; readonly crc: number } & (
  | { readonly row: EventRow; readonly refused?: never }
  | { readonly row?: never; readonly refused: WireCode; readonly detail: string }
);

export interface ReceivedEvents {
  readonly origin: bigint;
  readonly firstSeq: bigint;
  readonly rows: readonly ReceivedRow[];
}

export interface Preview {
  readonly kind: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly inline?: Uint8Array;
}

export interface Manifest {
  readonly origin: bigint;
  readonly seq: bigint;
  readonly clipId: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly media: string;
  readonly class: 'critical' | 'warning' | 'info' | 'baseline';
  /** Single precision on the wire. */
  readonly priority: number;
  /** Canonical JSON of a ClipManifest. */
  readonly document: string;
  readonly previews: readonly Preview[];
  readonly state: 'held' | 'offered' | 'evicted';
}

export interface Reported {
  readonly origin: bigint;
  readonly seq: bigint;
  readonly section: string;
  readonly generation: bigint;
  readonly sha256: string;
  readonly document: string;
  readonly jws?: string;
}

export interface Stored {
  readonly lane: Lane;
  readonly origin: bigint;
  readonly through: bigint;
  readonly refused: readonly { readonly seq: bigint; readonly code: WireCode }[];
}

export type ContentKind = 'clip' | 'preview' | 'diagnostics' | 'artifact';

/** Asks whoever has a file to offer it. */
export interface Fetch {
  readonly sha256: string;
  readonly content: ContentKind;
}

/** Offers one file; `tid` is the sender's handle for it, new each boot. */
export interface Open {
  readonly tid: number;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly content: ContentKind;
  readonly clipId?: string;
  readonly chunkMax: number;
}

export type OpenState = 'new' | 'partial' | 'done' | 'later' | 'refused';

export interface OpenAck {
  readonly tid: number;
  readonly sha256: string;
  readonly epoch: number;
  readonly state: OpenState;
  readonly durable: number;
  /** Bytes past `durable` that the receiver takes. */
  readonly credit: number;
  readonly chunkMax: number;
  readonly slot: string;
  readonly retryAfterMs: number;
  readonly code?: WireCode;
}

export interface Ack {
  readonly tid: number;
  readonly epoch: number;
  readonly received: number;
  readonly durable: number;
  readonly credit: number;
}

export interface Done {
  readonly tid: number;
  readonly epoch: number;
  readonly sha256: string;
  readonly sizeBytes: number;
}

export interface Nack {
  readonly tid: number;
  readonly epoch: number;
  readonly code: WireCode;
  readonly from: number;
  readonly retryAfterMs: number;
  readonly detail: string;
}

export type CancelReason = 'evicted' | 'operator' | 'priority' | 'shutdown';

export interface Cancel {
  readonly tid: number;
  readonly epoch: number;
  readonly reason: CancelReason;
}

export type Transfer =
  | { readonly kind: 'fetch'; readonly fetch: Fetch }
  | { readonly kind: 'open'; readonly open: Open }
  | { readonly kind: 'openAck'; readonly openAck: OpenAck }
  | { readonly kind: 'ack'; readonly ack: Ack }
  | { readonly kind: 'done'; readonly done: Done }
  | { readonly kind: 'nack'; readonly nack: Nack }
  | { readonly kind: 'cancel'; readonly cancel: Cancel }
  /** A step that this version does not know; it is answered with VERSION. */
  | { readonly kind: 'unknown' };

/** One section that a device should have; `document` is unpacked. */
export interface DesiredSection {
  readonly name: string;
  readonly generation: bigint;
  /** Of the canonical JSON of the document. */
  readonly sha256: string;
  readonly document: Json;
}

export interface Desired {
  readonly generation: bigint;
  readonly features: bigint;
  readonly sections: readonly DesiredSection[];
}

/** `unknown` is what a later version may ask for; it is answered with VERSION. */
export type Command = { readonly id: string; readonly deadlineMs: number } & (
  | CommandBody
  | { readonly kind: 'unknown' }
);

export interface Series {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
}

export interface Telemetry {
  readonly bootId: string;
  readonly seq: bigint;
  readonly atMs: number;
  readonly series: readonly Series[];
}
