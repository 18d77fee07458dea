import type { Db, Row } from '../store/db.ts';
import { sql } from '../store/kysely.ts';
import type { Enrolment } from './enrolment.ts';

export const enrolmentStore = (db: Db) => ({
  /** The newest first. */
  async list(query: {
    readonly device?: string | undefined;
    readonly after?: { readonly at: number; readonly fingerprint: string } | undefined;
    readonly limit: number;
  }): Promise<readonly Enrolment[]> {
    const { device, after, limit } = query;
    let rows = db
      .selectFrom('certificate')
      .select(['fingerprint', 'device', 'serial', 'state', 'issued_at', 'not_after', 'ended_at'])
      .orderBy('issued_at', 'desc')
      .orderBy('fingerprint', 'desc')
      .limit(limit);
    if (device !== undefined) rows = rows.where('device', '=', device);
    if (after !== undefined) {
      const { at, fingerprint } = after;
      rows = rows.where(
        sql<boolean>`(certificate.issued_at, certificate.fingerprint) < (${BigInt(at)}, ${fingerprint})`,
      );
    }
    return (await rows.execute()).map(fromRow);
  },

  async get(fingerprint: string): Promise<Enrolment | undefined> {
    const row = await db
      .selectFrom('certificate')
      .selectAll()
      .where('fingerprint', '=', fingerprint)
      .executeTakeFirst();
    return row && fromRow(row);
  },
});

type Shown = 'fingerprint' | 'device' | 'serial' | 'state' | 'issued_at' | 'not_after' | 'ended_at';

const fromRow = (row: Pick<Row<'certificate'>, Shown>): Enrolment => ({
  fingerprint: row.fingerprint,
  device: row.device,
  serial: row.serial,
  state: row.state === 'revoked' || row.state === 'superseded' ? row.state : 'active',
  issuedAt: Number(row.issued_at),
  notAfter: Number(row.not_after),
  ...(row.ended_at === null ? {} : { endedAt: Number(row.ended_at) }),
});
