/** Status, Manifest, Reported and Stored to bytes and back, within their limits. */
import * as f from './codec-fields.ts';
import { clipClasses, codes, lanes, manifestStates } from './codec-words.ts';
import { fieldloop } from './generated/wire.js';
import * as most from './limits.ts';
import type { LaneState, Manifest, Preview, Reported, Status, Stored } from './messages.ts';

const v1 = fieldloop.wire.v1;

/** 2^53 - 1 ms is the year 287396. */
const maxMs = Number.MAX_SAFE_INTEGER;

export function encodeStatus(status: Status): Uint8Array {
  const bytes = v1.Status.encode({
    bootId: f.idToWire(status.bootId, 'bootId'),
    conn: f.integerToWire(status.conn, 'conn'),
    online: status.online,
    agent: f.checkText(status.agent, most.maxAgentText, 'agent'),
    features: f.unsignedToWire(status.features, 'features'),
    lanes: f.checkList(status.lanes, most.maxLanes, 'lanes').map((state) => ({
      lane: lanes.toWire(state.lane),
      origin: f.unsignedToWire(state.origin, 'lanes/origin'),
      lowest: f.integerToWire(state.lowest, 'lanes/lowest'),
      highest: f.integerToWire(state.highest, 'lanes/highest'),
    })),
    clock: {
      unixMs: f.sizeToWire(status.clock.unixMs, maxMs, 'clock/unixMs'),
      synced: status.clock.synced,
      source: f.checkText(status.clock.source, most.maxClockSourceText, 'clock/source'),
    },
  }).finish();
  return f.withinBytes(bytes, most.maxStatusBytes, 'Status');
}

export function decodeStatus(bytes: Uint8Array): Status {
  return f.decoding(bytes, { most: most.maxStatusBytes, message: 'Status' }, (input) => {
    const wire = v1.Status.decode(input);
    return {
      bootId: f.idFromWire(wire.bootId, 'bootId'),
      conn: f.integerFromWire(wire.conn, 'conn'),
      online: wire.online ?? false,
      agent: f.checkText(wire.agent, most.maxAgentText, 'agent'),
      features: f.unsignedFromWire(wire.features),
      lanes: f.checkList(wire.lanes, most.maxLanes, 'lanes').map(laneFromWire),
      clock: {
        unixMs: f.sizeFromWire(wire.clock?.unixMs, maxMs, 'clock/unixMs'),
        synced: wire.clock?.synced ?? false,
        source: f.checkText(wire.clock?.source, most.maxClockSourceText, 'clock/source'),
      },
    };
  });
}

function laneFromWire(wire: fieldloop.wire.v1.LaneState.$Properties): LaneState {
  return {
    lane: lanes.fromWire(wire.lane, 'lanes/lane'),
    origin: f.unsignedFromWire(wire.origin),
    lowest: f.integerFromWire(wire.lowest, 'lanes/lowest'),
    highest: f.integerFromWire(wire.highest, 'lanes/highest'),
  };
}

export function encodeManifest(manifest: Manifest): Uint8Array {
  const bytes = v1.Manifest.encode({
    origin: f.unsignedToWire(manifest.origin, 'origin'),
    seq: f.integerToWire(manifest.seq, 'seq'),
    clipId: f.idToWire(manifest.clipId, 'clipId'),
    hash: f.hashToWire(manifest.sha256, 'hash'),
    size: f.sizeToWire(manifest.sizeBytes, most.maxContentBytes, 'size'),
    media: f.checkName(manifest.media, most.maxMediaText, 'media'),
    class: clipClasses.toWire(manifest.class),
    priority: f.checkFinite(Math.fround(manifest.priority), 'priority'),
    document: f.checkName(manifest.document, most.maxManifestDocumentText, 'document'),
    previews: f.checkList(manifest.previews, most.maxPreviews, 'previews').map(previewToWire),
    state: manifestStates.toWire(manifest.state),
  }).finish();
  return f.withinBytes(bytes, most.maxManifestBytes, 'Manifest');
}

function previewToWire(preview: Preview) {
  const inline = preview.inline;
  if (inline !== undefined) f.withinBytes(inline, most.maxInlinePreviewBytes, 'previews/inline');
  return {
    kind: f.checkName(preview.kind, most.maxPreviewKindText, 'previews/kind'),
    hash: f.hashToWire(preview.sha256, 'previews/hash'),
    size: f.sizeToWire(preview.sizeBytes, most.maxContentBytes, 'previews/size'),
    inline: inline ?? null,
  };
}

export function decodeManifest(bytes: Uint8Array): Manifest {
  return f.decoding(bytes, { most: most.maxManifestBytes, message: 'Manifest' }, (input) => {
    const wire = v1.Manifest.decode(input);
    return {
      origin: f.unsignedFromWire(wire.origin),
      seq: f.integerFromWire(wire.seq, 'seq'),
      clipId: f.idFromWire(wire.clipId, 'clipId'),
      sha256: f.hashFromWire(wire.hash, 'hash'),
      sizeBytes: f.sizeFromWire(wire.size, most.maxContentBytes, 'size'),
      media: f.checkName(wire.media, most.maxMediaText, 'media'),
      class: clipClasses.fromWire(wire.class, 'class'),
      priority: f.checkFinite(wire.priority, 'priority'),
      document: f.checkName(wire.document, most.maxManifestDocumentText, 'document'),
      previews: f.checkList(wire.previews, most.maxPreviews, 'previews').map(previewFromWire),
      state: manifestStates.fromWire(wire.state, 'state'),
    };
  });
}

function previewFromWire(wire: fieldloop.wire.v1.Preview.$Properties): Preview {
  const inline = wire.inline ?? undefined;
  if (inline !== undefined) f.withinBytes(inline, most.maxInlinePreviewBytes, 'previews/inline');
  return {
    kind: f.checkName(wire.kind, most.maxPreviewKindText, 'previews/kind'),
    sha256: f.hashFromWire(wire.hash, 'previews/hash'),
    sizeBytes: f.sizeFromWire(wire.size, most.maxContentBytes, 'previews/size'),
    ...(inline === undefined ? {} : { inline: new Uint8Array(inline) }),
  };
}

/** The number of a Manifest or Reported that does not decode, so that it can be refused. */
export function peekSeq(bytes: Uint8Array): { origin: bigint; seq: bigint } | undefined {
  try {
    const wire = v1.RowHead.decode(bytes);
    return { origin: f.unsignedFromWire(wire.origin), seq: f.integerFromWire(wire.seq, 'seq') };
  } catch {
    return undefined;
  }
}

export function encodeReported(reported: Reported): Uint8Array {
  const bytes = v1.Reported.encode({
    origin: f.unsignedToWire(reported.origin, 'origin'),
    seq: f.integerToWire(reported.seq, 'seq'),
    section: f.checkName(reported.section, most.maxSectionText, 'section'),
    generation: f.integerToWire(reported.generation, 'generation'),
    hash: f.hashToWire(reported.sha256, 'hash'),
    document: f.checkText(reported.document, most.maxReportedDocumentText, 'document'),
    jws: reported.jws === undefined ? null : f.checkName(reported.jws, most.maxJwsText, 'jws'),
  }).finish();
  return f.withinBytes(bytes, most.maxReportedBytes, 'Reported');
}

export function decodeReported(bytes: Uint8Array): Reported {
  return f.decoding(bytes, { most: most.maxReportedBytes, message: 'Reported' }, (input) => {
    const wire = v1.Reported.decode(input);
    const jws = wire.jws ?? undefined;
    return {
      origin: f.unsignedFromWire(wire.origin),
      seq: f.integerFromWire(wire.seq, 'seq'),
      section: f.checkName(wire.section, most.maxSectionText, 'section'),
      generation: f.integerFromWire(wire.generation, 'generation'),
      sha256: f.hashFromWire(wire.hash, 'hash'),
      document: f.checkText(wire.document, most.maxReportedDocumentText, 'document'),
      ...(jws === undefined ? {} : { jws: f.checkName(jws, most.maxJwsText, 'jws') }),
    };
  });
}

export function encodeStored(stored: Stored): Uint8Array {
  const bytes = v1.Stored.encode({
    lane: lanes.toWire(stored.lane),
    origin: f.unsignedToWire(stored.origin, 'origin'),
    through: f.integerToWire(stored.through, 'through'),
    refused: f.checkList(stored.refused, most.maxRefusedPerStored, 'refused').map((row) => ({
      seq: f.integerToWire(row.seq, 'refused/seq'),
      code: codes.toWire(row.code),
    })),
  }).finish();
  return f.withinBytes(bytes, most.maxStoredBytes, 'Stored');
}

export function decodeStored(bytes: Uint8Array): Stored {
  return f.decoding(bytes, { most: most.maxStoredBytes, message: 'Stored' }, (input) => {
    const wire = v1.Stored.decode(input);
    return {
      lane: lanes.fromWire(wire.lane, 'lane'),
      origin: f.unsignedFromWire(wire.origin),
      through: f.integerFromWire(wire.through, 'through'),
      refused: f.checkList(wire.refused, most.maxRefusedPerStored, 'refused').map((row) => ({
        seq: f.integerFromWire(row.seq, 'refused/seq'),
        code: codes.fromWire(row.code, 'refused/code'),
      })),
    };
  });
}
