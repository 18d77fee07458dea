/** The payload of a lane's topic as rows that know how to write themselves. */
import { crc32 } from 'node:zlib';
import { asFault, canonicalJson, type Json } from '@fieldloop/core';
import {
  commandSection,
  decodeEvents,
  decodeManifest,
  decodeReported,
  type EventRow,
  isCommandSection,
  type Lane,
  type Manifest,
  parseClipManifest,
  parseCommandReport,
  parseReportedDocument,
  peekSeq,
  type Reported,
  type ReportedDocument,
  type WireCode,
  type WireValue,
} from '@fieldloop/proto';
import { clipIdOf } from '../clip/clip.ts';
import { soundPreviews } from '../clip/robot-preview.ts';
import { robotPreviewStore } from '../clip/robot-preview-store.ts';
import { clipStore } from '../clip/store.ts';
import { commandStore } from '../command/store.ts';
import { deviceStore } from '../device/store.ts';
import { eventOfMarker, type EventValue } from '../event/event.ts';
import { type PutEvent, putEvents } from '../event/put-many.ts';
import { sessionStore } from '../session/store.ts';
import type { Db } from '../store/db.ts';
import { deviceIdOf } from '../store/device-ref.ts';
import { putOutbox } from '../store/outbox.ts';
import { plainText, plainTexts } from './plain-text.ts';
import { type IncomingRow, type LaneKey, putGap } from './rows.ts';
import { hasStored } from './transfer-rows.ts';

export interface IncomingRows {
  readonly key: LaneKey;
  readonly rows: readonly IncomingRow[];
}

/** A manifest of `device` that was written when the robot had another name. */
export type OnOtherName = (told: { readonly device: string; readonly written: string }) => void;

/** Fault `invalid` when not even a sequence number can be read. */
export function decodeRows(message: {
  readonly device: string;
  readonly lane: Lane;
  readonly payload: Uint8Array;
  readonly at: number;
  readonly onOtherName?: OnOtherName | undefined;
}): IncomingRows {
  const { device, lane, payload, at, onOtherName } = message;
  if (lane === 'events') return decodeEventRows(device, payload, at);
  const decode = lane === 'manifests' ? decodeManifest : decodeReported;
  try {
    const row = decode(payload);
    const key = { device, lane, origin: row.origin };
    const put = async (db: Db): Promise<WireCode | undefined> =>
      'clipId' in row
        ? await putManifest(db, { key, row, at, onOtherName })
        : await putReported(db, key, row, at);
    return { key, rows: [{ from: row.seq, to: row.seq, crc: crc32(payload), put }] };
  } catch (error) {
    const head = peekSeq(payload);
    if (head === undefined || asFault(error).code !== 'invalid') throw error;
    const refused = 'MALFORMED';
    const { origin, seq } = head;
    return {
      key: { device, lane, origin },
      rows: [{ from: seq, to: seq, crc: crc32(payload), refused }],
    };
  }
}

function decodeEventRows(device: string, payload: Uint8Array, at: number): IncomingRows {
  const { origin, rows } = decodeEvents(payload);
  const key = { device, lane: 'events', origin } as const;
  return {
    key,
    rows: rows.map(({ seq, crc, row, refused }) => {
      if (row === undefined) return { from: seq, to: seq, crc, refused };
      const to = row.kind === 'gap' ? seq + row.gap.count - 1n : seq;
      const put = async (db: Db): Promise<undefined> =>
        await putEventRow(db, { key, row, from: seq, to, at });
      const event = eventOf(row);
      return { from: seq, to, crc, put, ...(event === undefined ? {} : { event }) };
    }),
  };
}

function eventOf(row: EventRow): PutEvent | undefined {
  if (row.kind === 'gap') return undefined;
  if (row.kind === 'marker') {
    const { marker } = row;
    const event = eventOfMarker({
      ...marker,
      name: plainText(marker.name),
      source: plainText(marker.source),
      values: valuesOf(marker.values),
    });
    return { kind: 'marker', event };
  }
  const { ruleSetSha256, values, ...event } = row.event;
  return {
    kind: 'event',
    event: {
      ...event,
      name: plainText(event.name),
      text: plainText(event.text),
      tags: event.tags.map(plainText),
      ...(event.rule === undefined ? {} : { rule: plainText(event.rule) }),
      ruleSetDigest: ruleSetSha256,
      values: valuesOf(values),
    },
  };
}

async function putEventRow(
  db: Db,
  one: {
    readonly key: LaneKey;
    readonly row: EventRow;
    readonly from: bigint;
    readonly to: bigint;
    readonly at: number;
  },
): Promise<undefined> {
  const { key, row, from, to, at } = one;
  const event = eventOf(row);
  if (event !== undefined) await putEvents(db, key.device, [event], at);
  else if (row.kind === 'gap') await putGap(db, key, { from, to, reason: row.gap.reason, at });
}

/** JSON has no 64-bit integers: large ones become text. */
function valuesOf(values: readonly WireValue[]): Record<string, EventValue> {
  const entries = values.map(({ name, value }): [string, EventValue] => [
    plainText(name),
    eventValue(value),
  ]);
  return Object.fromEntries(entries);
}

function eventValue(value: WireValue['value']): EventValue {
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'string') return plainText(value);
  if (typeof value === 'boolean') return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}

/** Whose clip it is, the certificate says alone: a robot that got a new name keeps its clips. */
async function putManifest(
  db: Db,
  one: {
    readonly key: LaneKey;
    readonly row: Manifest;
    readonly at: number;
    readonly onOtherName: OnOtherName | undefined;
  },
): Promise<WireCode | undefined> {
  const { key, row, at, onOtherName } = one;
  const manifest = parseClipManifest(plainTexts(JSON.parse(row.document)));
  const agrees =
    manifest.clipId === row.clipId &&
    manifest.sha256 === row.sha256 &&
    manifest.sizeBytes === row.sizeBytes;
  if (!agrees) return 'MALFORMED';
  const clips = clipStore(db);
  const outcome = await clips.putManifest(key.device, manifest, at);
  if (outcome === 'conflict') return 'MALFORMED';
  const shown = soundPreviews(manifest, row.previews);
  if (outcome === 'new') await robotPreviewStore(db).put(clipIdOf(manifest), shown);
  if (manifest.device !== key.device) {
    onOtherName?.({ device: key.device, written: manifest.device });
  }
  await sessionStore(db).touch(key.device, {
    sessionId: manifest.sessionId,
    source: manifest.source,
    startNs: BigInt(manifest.startNs),
    endNs: BigInt(manifest.endNs),
    at,
  });
  const { sha256, sizeBytes } = manifest;
  // The bytes may have come before the manifest.
  if (await hasStored(db, key.device, sha256)) {
    await clips.markStored(key.device, sha256, sizeBytes, at);
  } else if (row.state === 'evicted') {
    await clips.markEvicted(key.device, sha256, at);
  }
  return undefined;
}

async function putReported(
  db: Db,
  key: LaneKey,
  row: Reported,
  at: number,
): Promise<WireCode | undefined> {
  const { device } = key;
  const document = plainTexts(parseReportedDocument(row.document));
  if (isCommandSection(row.section)) {
    const report = parseCommandReport(document);
    if (commandSection(report.id) !== row.section) return 'MALFORMED';
    await commandStore(db).heard(device, report, at);
    return undefined;
  }
  const { section } = row;
  const isNews = await changesReport(db, device, { section, document });
  await deviceStore(db).setReported(device, section, { digest: document.digest, document, at });
  if (!isNews) return undefined;
  await putOutbox(db, {
    kind: 'device.reported',
    subject: await deviceIdOf(db, device),
    at,
    body: { device, section, digest: document.digest },
  });
  return undefined;
}

/** False when nothing but counts moved, which they do each minute. */
async function changesReport(
  db: Db,
  device: string,
  next: { readonly section: string; readonly document: ReportedDocument },
): Promise<boolean> {
  const known = await db
    .selectFrom('device_report')
    .select('document')
    .where('device_id', '=', await deviceIdOf(db, device))
    .where('section', '=', next.section)
    .executeTakeFirst();
  if (known === undefined) return true;
  const before = parseReportedDocument(known.document);
  return withoutCounts(before) !== withoutCounts(next.document);
}

function withoutCounts(document: ReportedDocument): string {
  const { counters: _, shadow, ...rest } = document;
  const { digest = null, publication = null } = (shadow ?? {}) as Readonly<Record<string, Json>>;
  return canonicalJson({ ...rest, shadow: [digest, publication] });
}
