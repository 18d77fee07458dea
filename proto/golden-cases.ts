/**
 * One frame of each kind: every message empty, typical and at its limit, and bytes that no version
 * may take. They are written to golden/<version>/ and decode for ever.
 */
import { brokenFleetCases, fleetCases } from './golden-fleet-cases.ts';
import type { EventRow, Manifest, Reported, Status, Stored, Transfer } from './messages.ts';
import * as most from './limits.ts';

export const goldenVersion = '0.3';

export type GoldenMessage =
  | 'Status'
  | 'Events'
  | 'Manifest'
  | 'Reported'
  | 'Stored'
  | 'Transfer'
  | 'Desired'
  | 'Command'
  | 'Telemetry';

export interface GoldenCase {
  readonly name: string;
  readonly message: GoldenMessage;
  readonly value: unknown;
}

export interface BrokenCase {
  readonly name: string;
  readonly message: GoldenMessage;
  readonly hex: string;
}

const id = '01890a5d-ac96-774b-bcce-b302099a8057';
const sessionId = '01890a5d-0000-7000-8000-000000000001';
const sha256 = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
const full = (length: number): string => 'x'.repeat(length);
const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

const status: Readonly<Record<string, Status>> = {
  empty: {
    bootId: id,
    conn: 0n,
    online: false,
    agent: '',
    features: 0n,
    lanes: [],
    clock: { unixMs: 0, synced: false, source: '' },
  },
  typical: {
    bootId: id,
    conn: 42n,
    online: true,
    agent: '0.1.0',
    features: 0n,
    lanes: [
      { lane: 'events', origin: 0xdeadbeefcafef00dn, lowest: 17n, highest: 23n },
      { lane: 'manifests', origin: 0xdeadbeefcafef00dn, lowest: 4n, highest: 3n },
    ],
    clock: { unixMs: 1_760_000_000_123, synced: true, source: 'ntp' },
  },
  limit: {
    bootId: id,
    conn: most.maxInteger,
    online: true,
    agent: full(most.maxAgentText),
    features: most.maxUnsigned,
    lanes: (['events', 'manifests', 'reported'] as const).map((lane) => ({
      lane,
      origin: most.maxUnsigned,
      lowest: most.maxInteger,
      highest: most.maxInteger,
    })),
    clock: { unixMs: Number.MAX_SAFE_INTEGER, synced: true, source: full(32) },
  },
};

const marker = (index: number): EventRow => ({
  kind: 'marker',
  marker: {
    id,
    sessionId,
    startNs: 1_700_000_000_000_000_000n + BigInt(index),
    endNs: 1_700_000_000_500_000_000n + BigInt(index),
    synced: false,
    name: 'near-miss',
    source: 'rule',
    values: [{ name: 'min_range', unit: 'm', value: 0.31 }],
  },
});

const fullEvent: EventRow = {
  kind: 'event',
  event: {
    id,
    name: full(most.maxNameText),
    severity: 'info',
    atNs: most.maxInteger,
    synced: true,
    sessionId,
    clipId: id,
    rule: full(most.maxRuleText),
    ruleSetSha256: sha256,
    margin: Number.MAX_VALUE,
    values: times(most.maxValues, () => ({
      name: full(most.maxNameText),
      unit: full(most.maxUnitText),
      value: full(most.maxValueText),
    })),
    text: full(most.maxEventText),
    tags: times(most.maxTags, () => full(most.maxTagText)),
  },
};

const events: Readonly<Record<string, { origin: bigint; firstSeq: bigint; rows: EventRow[] }>> = {
  empty: { origin: 0n, firstSeq: 0n, rows: [{ kind: 'gap', gap: { count: 1n, reason: 'lost' } }] },
  typical: {
    origin: 0xdeadbeefcafef00dn,
    firstSeq: 17n,
    rows: [
      {
        kind: 'event',
        event: {
          id,
          name: 'near_miss',
          severity: 'warning',
          atNs: 1_700_000_000_250_000_000n,
          synced: true,
          sessionId,
          clipId: id,
          rule: 'near_miss@3',
          ruleSetSha256: sha256,
          margin: -0.125,
          values: [
            { name: 'vx', unit: 'm/s', value: 1.25 },
            { name: 'count', unit: '', value: -3n },
            { name: 'moving', unit: '', value: true },
            { name: 'mode', unit: '', value: 'auto ü' },
          ],
          text: 'Obstacle at 0.31 m',
          tags: ['safety'],
        },
      },
      { kind: 'gap', gap: { count: 4n, reason: 'evicted' } },
      marker(0),
    ],
  },
  limit: { origin: most.maxUnsigned, firstSeq: 1n, rows: [fullEvent, ...times(199, marker)] },
};

const manifest: Readonly<Record<string, Manifest>> = {
  empty: {
    origin: 0n,
    seq: 0n,
    clipId: id,
    sha256,
    sizeBytes: 0,
    media: 'm',
    class: 'baseline',
    priority: 0,
    document: '{}',
    previews: [],
    state: 'held',
  },
  typical: {
    origin: 0xdeadbeefcafef00dn,
    seq: 4n,
    clipId: id,
    sha256,
    sizeBytes: 1_234_567,
    media: 'application/x-mcap',
    class: 'warning',
    priority: 0.75,
    document: '{"schema":"fieldloop.clip/v1"}',
    previews: [{ kind: 'image/jpeg', sha256, sizeBytes: 3, inline: Uint8Array.of(1, 2, 3) }],
    state: 'offered',
  },
  limit: {
    origin: most.maxUnsigned,
    seq: most.maxInteger,
    clipId: id,
    sha256,
    sizeBytes: most.maxContentBytes,
    media: full(most.maxMediaText),
    class: 'critical',
    priority: 1,
    document: full(most.maxManifestDocumentText),
    previews: [
      {
        kind: full(most.maxPreviewKindText),
        sha256,
        sizeBytes: most.maxContentBytes,
        inline: new Uint8Array(most.maxInlinePreviewBytes),
      },
      ...times(3, () => ({ kind: 'k', sha256, sizeBytes: 1 })),
    ],
    state: 'evicted',
  },
};

const reported: Readonly<Record<string, Reported>> = {
  empty: { origin: 0n, seq: 0n, section: 's', generation: 0n, sha256, document: '' },
  typical: {
    origin: 0xdeadbeefcafef00dn,
    seq: 2n,
    section: 'rules',
    generation: 7n,
    sha256,
    document: `{"digest":"${sha256}"}`,
  },
  limit: {
    origin: most.maxUnsigned,
    seq: most.maxInteger,
    section: full(most.maxSectionText),
    generation: most.maxInteger,
    sha256,
    document: full(most.maxReportedDocumentText),
    jws: full(most.maxJwsText),
  },
};

const stored: Readonly<Record<string, Stored>> = {
  empty: { lane: 'events', origin: 0n, through: 0n, refused: [] },
  typical: {
    lane: 'manifests',
    origin: 0xdeadbeefcafef00dn,
    through: 23n,
    refused: [{ seq: 22n, code: 'SEQ_REUSED' }],
  },
  limit: {
    lane: 'reported',
    origin: most.maxUnsigned,
    through: most.maxInteger,
    refused: times(16, () => ({ seq: most.maxInteger, code: 'VERSION' as const })),
  },
};

const answer = { epoch: 3, durable: 65_536, credit: 1_048_576, chunkMax: 262_144 };
const none = { slot: '0', retryAfterMs: 0 };
const u32 = 2 ** 32 - 1;
const size = most.maxContentBytes;

const transfer: Readonly<Record<string, Transfer>> = {
  fetch: { kind: 'fetch', fetch: { sha256, content: 'artifact' } },
  'open-empty': {
    kind: 'open',
    open: { tid: 0, sha256, sizeBytes: 0, content: 'preview', chunkMax: 0 },
  },
  'open-typical': {
    kind: 'open',
    open: { tid: 7, sha256, sizeBytes: 1_234_567, content: 'clip', clipId: id, chunkMax: 262_144 },
  },
  'open-limit': {
    kind: 'open',
    open: { tid: u32, sha256, sizeBytes: size, content: 'artifact', clipId: id, chunkMax: u32 },
  },
  'open-ack-new': {
    kind: 'openAck',
    openAck: { tid: 7, sha256, state: 'new', ...answer, ...none },
  },
  'open-ack-partial': {
    kind: 'openAck',
    openAck: { tid: 7, sha256, state: 'partial', ...answer, ...none },
  },
  'open-ack-done': {
    kind: 'openAck',
    openAck: { tid: 7, sha256, state: 'done', ...answer, ...none },
  },
  'open-ack-later': {
    kind: 'openAck',
    openAck: { tid: 7, sha256, state: 'later', ...answer, ...none, code: 'BUSY' },
  },
  'open-ack-limit': {
    kind: 'openAck',
    openAck: {
      tid: u32,
      sha256,
      epoch: u32,
      state: 'refused',
      durable: size,
      credit: u32,
      chunkMax: u32,
      slot: full(most.maxSlotText),
      retryAfterMs: u32,
      code: 'UNWANTED',
    },
  },
  'ack-empty': { kind: 'ack', ack: { tid: 0, epoch: 0, received: 0, durable: 0, credit: 0 } },
  'ack-typical': {
    kind: 'ack',
    ack: { tid: 7, epoch: 3, received: 131_072, durable: 65_536, credit: 1_048_576 },
  },
  'ack-limit': {
    kind: 'ack',
    ack: { tid: u32, epoch: u32, received: size, durable: size, credit: u32 },
  },
  'done-typical': { kind: 'done', done: { tid: 7, epoch: 3, sha256, sizeBytes: 1_234_567 } },
  'done-limit': { kind: 'done', done: { tid: u32, epoch: u32, sha256, sizeBytes: size } },
  'nack-typical': {
    kind: 'nack',
    nack: { tid: 7, epoch: 3, code: 'GAP', from: 65_536, retryAfterMs: 0, detail: '' },
  },
  'nack-limit': {
    kind: 'nack',
    nack: {
      tid: u32,
      epoch: u32,
      code: 'NO_SPACE',
      from: size,
      retryAfterMs: u32,
      detail: full(most.maxDetailText),
    },
  },
  'cancel-typical': { kind: 'cancel', cancel: { tid: 7, epoch: 3, reason: 'evicted' } },
  'cancel-limit': { kind: 'cancel', cancel: { tid: u32, epoch: u32, reason: 'shutdown' } },
};

const named = (message: GoldenMessage, values: Readonly<Record<string, unknown>>): GoldenCase[] =>
  Object.entries(values).map(([name, value]) => ({ name, message, value }));

export const goldenCases: readonly GoldenCase[] = [
  ...named('Status', status),
  ...named('Events', events),
  ...named('Manifest', manifest),
  ...named('Reported', reported),
  ...named('Stored', stored),
  ...named('Transfer', transfer),
  ...fleetCases.flatMap(({ message, values }) => named(message, values)),
];

const hex = (text: string): string => text.replaceAll(' ', '');

export const brokenCases: readonly BrokenCase[] = [
  { name: 'broken-truncated', message: 'Status', hex: '0a10 0189' },
  { name: 'broken-no-boot-id', message: 'Status', hex: '1001' },
  { name: 'broken-utf8', message: 'Status', hex: `0a10${'00'.repeat(16)} 2202 c328` },
  { name: 'broken-lane-zero', message: 'Status', hex: `0a10${'00'.repeat(16)} 3202 0800` },
  { name: 'broken-no-rows', message: 'Events', hex: '1001' },
  { name: 'broken-nothing', message: 'Events', hex: '' },
  { name: 'broken-seq-over', message: 'Events', hex: '10ffffffffffffffffff01 1a06 1a0408011003' },
  { name: 'broken-hash-short', message: 'Manifest', hex: `1a10${'00'.repeat(16)} 2201 00` },
  {
    name: 'broken-class-zero',
    message: 'Manifest',
    hex: `1a10${'00'.repeat(16)} 2220${'00'.repeat(32)} 32016d`,
  },
  { name: 'broken-no-section', message: 'Reported', hex: `2a20${'00'.repeat(32)}` },
  { name: 'broken-lane-unknown', message: 'Stored', hex: '0809' },
  {
    name: 'broken-size-over',
    message: 'Transfer',
    hex: `2a2c 0801 1001 1a20${'00'.repeat(32)} 20ffffffff0f`,
  },
  { name: 'broken-code-zero', message: 'Transfer', hex: '3204 0801 1001' },
  { name: 'broken-group-end', message: 'Transfer', hex: '0c' },
  ...brokenFleetCases,
].map((broken) => ({ ...broken, message: broken.message as GoldenMessage, hex: hex(broken.hex) }));
