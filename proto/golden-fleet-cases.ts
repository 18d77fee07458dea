/** Golden frames of what goes down to devices, and of their telemetry. */
import { desiredDigest } from './desired.ts';
import * as most from './limits.ts';
import type { Command, Desired, Telemetry } from './messages.ts';

const id = '01890a5d-ac96-774b-bcce-b302099a8057';
const full = (length: number): string => 'x'.repeat(length);
const ns = '1700000000250000000';
const lastNs = String(most.maxInteger);

/** Small enough to stay unpacked; what is packed may differ from one zlib to the next. */
const small = { active: null };

const desired: Readonly<Record<string, Desired>> = {
  empty: { generation: 0n, features: 0n, sections: [] },
  typical: {
    generation: 7n,
    features: 0n,
    sections: [{ name: 'r', generation: 7n, sha256: desiredDigest(small), document: small }],
  },
  limit: {
    generation: most.maxInteger,
    features: most.maxUnsigned,
    sections: Array.from({ length: most.maxDesiredSections }, () => ({
      name: full(most.maxSectionText),
      generation: most.maxInteger,
      sha256: desiredDigest(1),
      document: 1,
    })),
  },
};

const head = { id, deadlineMs: 1_760_000_000_123 };

const command: Readonly<Record<string, Command>> = {
  empty: { id, deadlineMs: 0, kind: 'ping', input: {} },
  'pull-typical': {
    ...head,
    kind: 'pull',
    input: { clip: id, topics: ['/odom'], startNs: ns, endNs: ns },
  },
  'pull-whole': { ...head, kind: 'pull', input: { clip: id } },
  'pull-limit': {
    id,
    deadlineMs: Number.MAX_SAFE_INTEGER,
    kind: 'pull',
    input: {
      clip: id,
      topics: Array.from({ length: 12 }, () => full(most.maxTopicText)),
      startNs: lastNs,
      endNs: lastNs,
    },
  },
  'clip-now-typical': {
    ...head,
    kind: 'clip_now',
    input: { preS: 30, postS: 10.5, topics: ['/odom'], reason: 'what?', severity: 'critical' },
  },
  'clip-now-limit': {
    ...head,
    kind: 'clip_now',
    input: {
      preS: most.maxRollSeconds,
      postS: most.maxRollSeconds,
      topics: Array.from({ length: most.maxCommandTopics }, () => full(50)),
      reason: full(most.maxReasonText),
      severity: 'warning',
    },
  },
  restart: { ...head, kind: 'restart', input: {} },
  'log-level': { ...head, kind: 'log_level', input: { level: 'debug' } },
  diagnose: { ...head, kind: 'diagnose', input: {} },
  refresh: { ...head, kind: 'refresh', input: { section: full(most.maxSectionText) } },
};

const telemetry: Readonly<Record<string, Telemetry>> = {
  empty: { bootId: id, seq: 0n, atMs: 0, series: [] },
  typical: {
    bootId: id,
    seq: 3n,
    atMs: 1_760_000_000_123,
    series: [
      { name: 'agent.rss', unit: 'B', value: 104_857_600 },
      { name: 'topic./odom.hz', unit: 'Hz', value: 49.75 },
    ],
  },
  limit: {
    bootId: id,
    seq: most.maxInteger,
    atMs: Number.MAX_SAFE_INTEGER,
    series: [
      ...Array.from({ length: 40 }, () => ({
        name: full(most.maxSeriesText),
        unit: full(most.maxUnitText),
        value: Number.MAX_VALUE,
      })),
      ...Array.from({ length: most.maxSeries - 40 }, () => ({ name: 's', unit: '', value: 0 })),
    ],
  },
};

export const fleetCases = [
  { message: 'Desired', values: desired },
  { message: 'Command', values: command },
  { message: 'Telemetry', values: telemetry },
] as const;

const idBytes = `0a10${'00'.repeat(16)}`;

export const brokenFleetCases = [
  { name: 'broken-hash-short', message: 'Desired', hex: '1a05 0a0172 1a00' },
  {
    name: 'broken-packing-zero',
    message: 'Desired',
    hex: `1a29 0a0172 1a20${'00'.repeat(32)} 22027b7d`,
  },
  {
    name: 'broken-no-brotli',
    message: 'Desired',
    hex: `1a2b 0a0172 1a20${'00'.repeat(32)} 22027b7d 2802`,
  },
  {
    name: 'broken-other-hash',
    message: 'Desired',
    hex: `1a2b 0a0172 1a20${'00'.repeat(32)} 22027b7d 2801`,
  },
  { name: 'broken-no-id', message: 'Command', hex: '2a00' },
  { name: 'broken-no-clip', message: 'Command', hex: `${idBytes} 1a00` },
  { name: 'broken-level-zero', message: 'Command', hex: `${idBytes} 3200` },
  { name: 'broken-no-section', message: 'Command', hex: `${idBytes} 4a00` },
  { name: 'broken-no-boot-id', message: 'Telemetry', hex: '1001' },
  {
    name: 'broken-not-finite',
    message: 'Telemetry',
    hex: `${idBytes} 220c 0a0173 19000000000000f07f`,
  },
];
