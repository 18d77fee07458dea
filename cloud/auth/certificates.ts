/** The certificates that were given to robots: which of them may still speak. */
import type { Db } from '../store/db.ts';
import type { Issued } from './x509.ts';

export interface GivenCertificate {
  readonly fingerprint: string;
  readonly device: string;
  readonly keySha256: string;
  readonly state: 'active' | 'superseded' | 'revoked';
  readonly pem: string;
  readonly notAfter: number;
}

export const certificateStore = (db: Db) => ({
  async add(device: string, keySha256: string, issued: Issued, at: number): Promise<void> {
    await db
      .insertInto('certificate')
      .values({
        fingerprint: issued.fingerprint,
        device,
        key_sha256: keySha256,
        serial: issued.serial,
        not_before: issued.notBefore,
        not_after: issued.notAfter,
        state: 'active',
        pem: issued.pem,
        issued_at: at,
      })
      .execute();
  },

  async get(fingerprint: string): Promise<GivenCertificate | undefined> {
    const row = await db
      .selectFrom('certificate')
      .selectAll()
      .where('fingerprint', '=', fingerprint)
      .executeTakeFirst();
    return row && fromRow(row);
  },

  /** The newest one that a device got for this key. */
  async forKey(device: string, keySha256: string): Promise<GivenCertificate | undefined> {
    const row = await db
      .selectFrom('certificate')
      .selectAll()
      .where('device', '=', device)
      .where('key_sha256', '=', keySha256)
      .orderBy('issued_at', 'desc')
      .executeTakeFirst();
    return row && fromRow(row);
  },

  /** Ends every active certificate of a device. */
  async end(device: string, state: 'superseded' | 'revoked', at: number): Promise<void> {
    await db
      .updateTable('certificate')
      .set({ state, ended_at: at })
      .where('device', '=', device)
      .where('state', '=', 'active')
      .execute();
  },
});

function fromRow(row: {
  fingerprint: string;
  device: string;
  key_sha256: string;
  state: string;
  pem: string;
  not_after: bigint;
}): GivenCertificate {
  return {
    fingerprint: row.fingerprint,
    device: row.device,
    keySha256: row.key_sha256,
    state: row.state === 'active' ? 'active' : row.state === 'revoked' ? 'revoked' : 'superseded',
    pem: row.pem,
    notAfter: Number(row.not_after),
  };
}
