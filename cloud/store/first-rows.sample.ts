/**
 * Rows of every table of the steps 0001 and 0002, in plain SQL as a cloud of that time left them.
 * Later steps run forward on them, and backups carry them.
 */
import { canonicalJson } from '@fieldloop/core';
import { auditHash, auditStart } from '../audit/audit.ts';
import { sampleManifest } from '../clip/clip.sample.ts';
import { clipIdOf } from '../clip/clip.ts';
import type { Db } from './db.ts';
import { sql } from './kysely.ts';

const manifest = sampleManifest(1, { tags: ['rain', "o'clock"] });
const day = 1_717_200_000_000;
const hash = (letter: string): string => letter.repeat(64);

const entry = {
  seq: 1,
  at: day,
  actor: 'key_1',
  via: 'api',
  action: 'device.revoke',
  subject: 'dev_2',
  detail: { note: 'stolen' },
  requestId: 'req-1',
  prev: auditStart,
};
const second = { ...entry, seq: 2, subject: 'dev_1', prev: auditHash(entry) };

type Value = string | number | bigint | null;
type FirstRows = Readonly<Record<string, readonly Readonly<Record<string, Value>>[]>>;

const kept = { created_at: day, updated_at: day + 1, version: 3 };
const lane = { device: 'amr-01', lane: 'events', origin: -5n };

/** By table, in an order in which each row's parents come first. */
export const nounRows: FirstRows = {
  setting: [{ name: 'cursor.secret', value: 'c2VjcmV0' }],
  device: [
    {
      id: 'dev_1',
      name: 'amr-01',
      state: 'active',
      site: 'halle-3 äöü 机器人',
      online: 1,
      presence_at: day,
      conn: 2n ** 63n - 1n,
      boot: 'b-1',
      last_seen_at: day,
      ...kept,
    },
    {
      id: 'dev_2',
      name: 'amr-02',
      state: 'revoked',
      site: null,
      online: 0,
      presence_at: null,
      conn: null,
      boot: null,
      last_seen_at: null,
      ...kept,
    },
  ],
  device_report: [
    {
      device_id: 'dev_1',
      section: 'agent',
      digest: hash('d'),
      at: day,
      document: '{"version":"0.1.0","text":"a\\u0000b \\ud800","n":1.50}',
    },
  ],
  session: [{ id: 'ses_1', device_id: 'dev_1', source: 'sim', start_ns: 1n, end_ns: 9n, ...kept }],
  clip: [
    {
      id: clipIdOf(manifest),
      device_id: 'dev_1',
      session_id: 'ses_1',
      state: 'stored',
      start_ns: BigInt(manifest.startNs),
      end_ns: BigInt(manifest.endNs),
      size_bytes: manifest.sizeBytes,
      sha256: manifest.sha256,
      severity: 'warning',
      class: 'warning',
      received_at: day,
      stored_at: day,
      ...kept,
      manifest: canonicalJson(manifest),
    },
  ],
  clip_term: ['rain', "o'clock"].map((term) => ({
    kind: 'tag',
    term,
    start_ns: BigInt(manifest.startNs),
    clip_id: clipIdOf(manifest),
  })),
  clip_value: [
    { clip_id: clipIdOf(manifest), key: 'scores.classifier.entropy', num: 0.1 + 0.2 },
    { clip_id: clipIdOf(manifest), key: 'scores.small', num: 5e-324 },
  ],
  event: [
    {
      id: 'evt_1',
      device_id: 'dev_1',
      session_id: 'ses_1',
      clip_id: clipIdOf(manifest),
      kind: 'marker',
      name: 'near-miss',
      severity: 'critical',
      at_ns: 5n,
      end_ns: 6n,
      synced: 1,
      rule: 'near-miss',
      rule_set_digest: hash('e'),
      margin: -0.25,
      text: 'line\nline\ttab "quoted" \\',
      tags: '["rain"]',
      values_json: '{"v":1}',
      received_at: day,
    },
    {
      id: 'evt_2',
      device_id: 'dev_2',
      session_id: null,
      clip_id: null,
      kind: 'event',
      name: 'dock',
      severity: 'info',
      at_ns: -(2n ** 63n),
      end_ns: 0n,
      synced: 0,
      rule: null,
      rule_set_digest: null,
      margin: null,
      text: null,
      tags: '[]',
      values_json: '{}',
      received_at: day,
    },
  ],
  claim_token: [
    {
      id: 'tok_1',
      secret_sha256: hash('a'),
      device_name: 'amr-01',
      site: null,
      note: '',
      created_by: 'key_1',
      created_at: day,
      expires_at: day + 1,
      used_at: day,
      used_key_sha256: hash('b'),
      device_id: 'dev_1',
      revoked_at: null,
    },
  ],
  api_key: [
    {
      id: 'key_1',
      name: 'admin',
      secret_sha256: hash('c'),
      scopes: '["*:read","*:write"]',
      created_at: day,
      expires_at: null,
      last_used_at: day,
      revoked_at: null,
    },
  ],
  outbox: ['clip.known', 'clip.stored'].map((kind) => ({
    kind,
    subject: clipIdOf(manifest),
    at: day,
    body: '{"device":"amr-01"}',
  })),
  audit: [entry, second].map(({ requestId, detail, ...row }) => ({
    ...row,
    detail: canonicalJson(detail),
    request_id: requestId,
    hash: auditHash({ ...row, requestId, detail }),
  })),
};

export const wireRows: FirstRows = {
  certificate: [
    {
      fingerprint: hash('1'),
      device: 'amr-01',
      key_sha256: hash('b'),
      serial: '0a',
      not_before: day,
      not_after: day + 9,
      state: 'active',
      pem: '-----BEGIN\n',
      issued_at: day,
      ended_at: null,
    },
  ],
  connection: [
    {
      id: 'con_1',
      device: 'amr-01',
      kind: 'control',
      node: 'local',
      remote: '::1',
      fingerprint: hash('1'),
      opened_at: day,
      closed_at: null,
      why: null,
    },
  ],
  lane: [{ ...lane, through: 7n, ranges: '[["9","10"]]', touched_at: day }],
  row_key: [{ ...lane, seq: 7n, last_seq: 7n, crc: 4_294_967_295n, code: 'MALFORMED' }],
  lane_gap: [{ ...lane, seq: 2n, last_seq: 4n, reason: 'evicted', at: day }],
  transfer: [
    {
      device: 'amr-01',
      sha256: hash('7'),
      size_bytes: 10,
      kind: 'clip',
      epoch: 4,
      durable: 5,
      owner: 'local',
      attempts: 1,
      touched_at: day,
    },
  ],
  epoch: [{ device: 'amr-01', epoch: 4_294_967_295n }],
  blob: [{ sha256: manifest.sha256, size_bytes: manifest.sizeBytes, stored_at: day }],
  blob_source: [{ device: 'amr-01', sha256: manifest.sha256, kind: 'clip', at: day }],
};

export const firstClip = { id: clipIdOf(manifest), manifest } as const;

/** Writes them all in one transaction. */
export async function putFirstRows(db: Db, rows: FirstRows): Promise<void> {
  await db.transaction().execute(async (trx) => {
    for (const [table, list] of Object.entries(rows)) {
      for (const row of list) {
        const names = sql.join(Object.keys(row).map((name) => sql.ref(name)));
        const values = sql.join(Object.values(row));
        await sql`insert into ${sql.table(table)} (${names}) values (${values})`.execute(trx);
      }
    }
  });
}
