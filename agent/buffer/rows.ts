/**
 * Rows as the buffer keeps them: each is the encoded wire message with that one row, so that it is
 * checked against the wire's limits before it is durable, and what is sent later always fits.
 */
import { asFault, canonicalJson, type Json } from '@fieldloop/core';
import {
  type ClipManifest,
  decodeEvents,
  decodeManifest,
  decodeReported,
  encodeEvents,
  encodeManifest,
  encodeReported,
  type EventRow,
  type GapReason,
  type Manifest,
  type Preview,
  type WireEvent,
  wireLimits,
  type WireMarker,
} from '@fieldloop/proto';
import { manifestHeadBytes, previewHeadBytes } from '../clip-limits.ts';
import type { LaneRow } from './lanes.ts';
import { manifestDocument } from './manifest-fit.ts';
import type { PreviewBytes } from './types.ts';

export const eventBody = (event: WireEvent): Uint8Array => eventRowBody({ kind: 'event', event });

export const markerBody = (marker: WireMarker): Uint8Array =>
  eventRowBody({ kind: 'marker', marker });

export const gapBody = (count: number, reason: GapReason): Uint8Array =>
  eventRowBody({ kind: 'gap', gap: { count: BigInt(count), reason } });

/** The most that `gravityOf` gives. */
export const gravest = 3;

/**
 * What a full lane of events gives up last: 3 for critical, 2 for a warning and for a marker, which
 * does not say how grave it is, 1 for the rest, 0 for a gap.
 */
export function gravityOf(body: Uint8Array): number {
  let row: EventRow | undefined;
  try {
    row = decodeEvents(body).rows[0]?.row;
  } catch (error) {
    // It was damaged on the disk and cannot be sent either.
    if (asFault(error).code === 'internal') throw error;
  }
  if (row?.kind === 'gap') return 0;
  if (row?.kind === 'marker') return 2;
  const severity = row?.event.severity ?? 'info';
  return { critical: gravest, warning: 2, info: 1 }[severity];
}

/** Origin and numbers are filled in when a row is sent. */
function eventRowBody(row: EventRow): Uint8Array {
  return encodeEvents({ origin: 0n, firstSeq: 1n, rows: [row] });
}

export interface ManifestFacts {
  readonly manifest: ClipManifest;
  readonly priority: number;
  readonly previews?: readonly PreviewBytes[] | undefined;
}

export function manifestBody(facts: ManifestFacts, state: Manifest['state']): Uint8Array {
  const { manifest, priority, previews = [] } = facts;
  const document = manifestDocument(manifest);
  return encodeManifest({
    origin: 0n,
    seq: 1n,
    clipId: manifest.clipId,
    sha256: manifest.sha256,
    sizeBytes: manifest.sizeBytes,
    media: 'application/x-mcap',
    class: manifest.class,
    priority,
    document,
    previews: fitting(previews, document),
    state,
  });
}

/** Those that the message has room for beside its document, in their order. */
function fitting(previews: readonly PreviewBytes[], document: string): Preview[] {
  const { maxManifestBytes, maxInlinePreviewBytes, maxPreviews } = wireLimits;
  let room = maxManifestBytes - manifestHeadBytes - Buffer.byteLength(document);
  const fit: Preview[] = [];
  for (const { kind, sha256, bytes: inline } of previews) {
    const cost = inline.length + previewHeadBytes;
    if (cost > room || inline.length > maxInlinePreviewBytes || fit.length === maxPreviews)
      continue;
    room -= cost;
    fit.push({ kind, sha256, sizeBytes: inline.length, inline });
  }
  return fit;
}

export interface ReportedFacts {
  readonly section: string;
  readonly generation: number;
  readonly document: { readonly [key: string]: Json | undefined } & { readonly digest: string };
}

export function reportedBody(facts: ReportedFacts): Uint8Array {
  return encodeReported({
    origin: 0n,
    seq: 1n,
    section: facts.section,
    generation: BigInt(facts.generation),
    sha256: facts.document.digest,
    document: canonicalJson(facts.document),
  });
}

/** One message for consecutive rows. Fault `invalid` when a row was damaged on the disk. */
export function eventsMessage(origin: bigint, rows: readonly LaneRow[]): Uint8Array {
  return encodeEvents({
    origin,
    firstSeq: BigInt(rows[0]?.seq ?? 1),
    rows: rows.flatMap((row) => decodeEvents(row.body).rows.flatMap((one) => one.row ?? [])),
  });
}

export function manifestMessage(origin: bigint, row: LaneRow): Uint8Array {
  return encodeManifest({ ...decodeManifest(row.body), origin, seq: BigInt(row.seq) });
}

export function reportedMessage(origin: bigint, row: LaneRow): Uint8Array {
  return encodeReported({ ...decodeReported(row.body), origin, seq: BigInt(row.seq) });
}
