/**
 * Events to bytes and back. A batch is decoded row by row: a row that does not fit is refused
 * alone, and each row's checksum is taken over the bytes that came, so that rows written by a
 * newer agent keep theirs.
 */
import { Fault } from '@fieldloop/core';
import { crc32 } from 'node:zlib';
import * as f from './codec-fields.ts';
import { gapReasons, severities } from './codec-words.ts';
import { fieldloop } from './generated/wire.js';
import * as most from './limits.ts';
import type { EventRow, Events, ReceivedEvents, ReceivedRow } from './messages.ts';
import type { WireEvent, WireGap, WireMarker, WireValue } from './messages.ts';

const v1 = fieldloop.wire.v1;
type V1Event = fieldloop.wire.v1.Event.$Properties;
type V1Marker = fieldloop.wire.v1.Marker.$Properties;
type V1Value = fieldloop.wire.v1.Value.$Properties;

export function encodeEvents(events: Events): Uint8Array {
  const rows = f.checkList(events.rows, most.maxRowsPerBatch, 'rows');
  if (rows.length === 0) f.refuse('rows', 'is empty');
  const bytes = v1.EventsEnvelope.encode({
    origin: f.unsignedToWire(events.origin, 'origin'),
    firstSeq: f.integerToWire(events.firstSeq, 'firstSeq'),
    rows: rows.map(encodeRow),
  }).finish();
  return f.withinBytes(bytes, most.maxEventsBytes, 'Events');
}

/** Bytes that a row adds to a batch, for those who fill one. */
export function eventRowBytes(row: EventRow): number {
  const length = encodeRow(row).length;
  return length + (length < 128 ? 2 : length < 16_384 ? 3 : 4);
}

/** Sequence numbers that a row takes. */
export function seqCount(row: EventRow): bigint {
  return row.kind === 'gap' ? row.gap.count : 1n;
}

function encodeRow(row: EventRow): Uint8Array {
  switch (row.kind) {
    case 'event':
      return v1.EventRow.encode({ event: eventToWire(row.event) }).finish();
    case 'marker':
      return v1.EventRow.encode({ marker: markerToWire(row.marker) }).finish();
    case 'gap':
      return v1.EventRow.encode({ gap: gapToWire(row.gap) }).finish();
  }
}

function eventToWire(event: WireEvent) {
  const { clipId, rule, ruleSetSha256, margin } = event;
  return {
    id: f.idToWire(event.id, 'event/id'),
    name: f.checkName(event.name, most.maxNameText, 'event/name'),
    severity: severities.toWire(event.severity),
    atNs: f.integerToWire(event.atNs, 'event/atNs'),
    synced: event.synced,
    sessionId: f.idToWire(event.sessionId, 'event/sessionId'),
    clipId: clipId === undefined ? null : f.idToWire(clipId, 'event/clipId'),
    rule: f.checkText(rule, most.maxRuleText, 'event/rule'),
    ruleSet: ruleSetSha256 === undefined ? null : f.hashToWire(ruleSetSha256, 'event/ruleSet'),
    margin: margin === undefined ? null : f.checkFinite(margin, 'event/margin'),
    values: f.checkList(event.values, most.maxValues, 'event/values').map(valueToWire),
    text: f.checkText(event.text, most.maxEventText, 'event/text'),
    tags: f
      .checkList(event.tags, most.maxTags, 'event/tags')
      .map((tag) => f.checkName(tag, most.maxTagText, 'event/tags')),
  };
}

function markerToWire(marker: WireMarker) {
  const { clipId } = marker;
  if (marker.endNs < marker.startNs) f.refuse('marker/endNs', 'is before startNs');
  return {
    id: f.idToWire(marker.id, 'marker/id'),
    sessionId: f.idToWire(marker.sessionId, 'marker/sessionId'),
    clipId: clipId === undefined ? null : f.idToWire(clipId, 'marker/clipId'),
    startNs: f.integerToWire(marker.startNs, 'marker/startNs'),
    endNs: f.integerToWire(marker.endNs, 'marker/endNs'),
    synced: marker.synced,
    name: f.checkName(marker.name, most.maxNameText, 'marker/name'),
    source: f.checkText(marker.source, most.maxNameText, 'marker/source'),
    values: f.checkList(marker.values, most.maxValues, 'marker/values').map(valueToWire),
  };
}

function gapToWire(gap: WireGap) {
  if (gap.count === 0n) f.refuse('gap/count', 'is 0');
  return {
    count: f.integerToWire(gap.count, 'gap/count'),
    reason: gapReasons.toWire(gap.reason),
  };
}

function valueToWire(value: WireValue) {
  const head = {
    name: f.checkName(value.name, most.maxNameText, 'values/name'),
    unit: f.checkText(value.unit, most.maxUnitText, 'values/unit'),
  };
  const content = value.value;
  if (typeof content === 'bigint') {
    return { ...head, integer: f.signedToWire(content, 'values/integer') };
  }
  if (typeof content === 'boolean') return { ...head, flag: content };
  if (typeof content === 'number') return { ...head, number: content };
  return { ...head, text: f.checkText(content, most.maxValueText, 'values/text') };
}

export function decodeEvents(bytes: Uint8Array): ReceivedEvents {
  return f.decoding(bytes, { most: most.maxEventsBytes, message: 'Events' }, (input) => {
    const wire = v1.EventsEnvelope.decode(input);
    const rows: ReceivedRow[] = [];
    const firstSeq = f.integerFromWire(wire.firstSeq, 'firstSeq');
    let seq = firstSeq;
    for (const encoded of f.checkList(wire.rows, most.maxRowsPerBatch, 'rows')) {
      const row = decodeRow(encoded, seq);
      rows.push(row);
      seq += row.row === undefined ? 1n : seqCount(row.row);
      if (seq > most.maxInteger) f.refuse('firstSeq', 'runs past the last sequence number');
    }
    if (rows.length === 0) f.refuse('rows', 'is empty');
    return { origin: f.unsignedFromWire(wire.origin), firstSeq, rows };
  });
}

function decodeRow(encoded: Uint8Array, seq: bigint): ReceivedRow {
  const key = { seq, crc: crc32(encoded) };
  try {
    const row = rowFromWire(encoded);
    if (row !== undefined) return { ...key, row };
    return { ...key, refused: 'VERSION', detail: 'a row of an unknown kind' };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    const refused = error instanceof Fault && / unknown value /.test(detail);
    return { ...key, refused: refused ? 'VERSION' : 'MALFORMED', detail };
  }
}

function rowFromWire(encoded: Uint8Array): EventRow | undefined {
  const wire = v1.EventRow.decode(encoded);
  if (wire.event) return { kind: 'event', event: eventFromWire(wire.event) };
  if (wire.marker) return { kind: 'marker', marker: markerFromWire(wire.marker) };
  if (!wire.gap) return undefined;
  const count = f.integerFromWire(wire.gap.count, 'gap/count');
  if (count === 0n) f.refuse('gap/count', 'is 0');
  const reason = gapReasons.fromWire(wire.gap.reason, 'gap/reason');
  return { kind: 'gap', gap: { count, reason } };
}

function eventFromWire(wire: V1Event): WireEvent {
  const { clipId, ruleSet, margin } = wire;
  const rule = f.checkText(wire.rule, most.maxRuleText, 'event/rule');
  return {
    id: f.idFromWire(wire.id, 'event/id'),
    name: f.checkName(wire.name, most.maxNameText, 'event/name'),
    severity: severities.fromWire(wire.severity, 'event/severity'),
    atNs: f.integerFromWire(wire.atNs, 'event/atNs'),
    synced: wire.synced ?? false,
    sessionId: f.idFromWire(wire.sessionId, 'event/sessionId'),
    ...(clipId ? { clipId: f.idFromWire(clipId, 'event/clipId') } : {}),
    ...(rule === '' ? {} : { rule }),
    ...(ruleSet ? { ruleSetSha256: f.hashFromWire(ruleSet, 'event/ruleSet') } : {}),
    ...(margin === null || margin === undefined
      ? {}
      : { margin: f.checkFinite(margin, 'event/margin') }),
    values: f.checkList(wire.values, most.maxValues, 'event/values').map(valueFromWire),
    text: f.checkText(wire.text, most.maxEventText, 'event/text'),
    tags: f
      .checkList(wire.tags, most.maxTags, 'event/tags')
      .map((tag) => f.checkName(tag, most.maxTagText, 'event/tags')),
  };
}

function markerFromWire(wire: V1Marker): WireMarker {
  const startNs = f.integerFromWire(wire.startNs, 'marker/startNs');
  const endNs = f.integerFromWire(wire.endNs, 'marker/endNs');
  if (endNs < startNs) f.refuse('marker/endNs', 'is before startNs');
  return {
    id: f.idFromWire(wire.id, 'marker/id'),
    sessionId: f.idFromWire(wire.sessionId, 'marker/sessionId'),
    ...(wire.clipId ? { clipId: f.idFromWire(wire.clipId, 'marker/clipId') } : {}),
    startNs,
    endNs,
    synced: wire.synced ?? false,
    name: f.checkName(wire.name, most.maxNameText, 'marker/name'),
    source: f.checkText(wire.source, most.maxNameText, 'marker/source'),
    values: f.checkList(wire.values, most.maxValues, 'marker/values').map(valueFromWire),
  };
}

function valueFromWire(wire: V1Value): WireValue {
  return {
    name: f.checkName(wire.name, most.maxNameText, 'values/name'),
    unit: f.checkText(wire.unit, most.maxUnitText, 'values/unit'),
    value: contentOf(wire),
  };
}

function contentOf(wire: V1Value): WireValue['value'] {
  switch (wire.value) {
    case 'number':
      return wire.number ?? 0;
    case 'integer':
      return f.signedFromWire(wire.integer);
    case 'flag':
      return wire.flag ?? false;
    case 'text':
      return f.checkText(wire.text, most.maxValueText, 'values/text');
    case undefined:
    default:
      return f.refuse('values/value', 'has the unknown value of another version');
  }
}
