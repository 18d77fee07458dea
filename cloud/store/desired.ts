/** What a device should have, section by section; the downlink brings it there. */
import { canonicalJson, Fault, type Json } from '@fieldloop/core';
import { demandDesiredFits, desiredDigest } from '@fieldloop/proto';
import type { Db } from './db.ts';
import { putOutbox } from './outbox.ts';

export interface Desired {
  readonly section: string;
  readonly generation: number;
  readonly digest: string;
  readonly document: Json;
  readonly updatedAt: number;
}

export interface DesiredWish {
  readonly deviceId: string;
  readonly section: string;
  readonly document: Json;
  readonly at: number;
}

/**
 * Run inside the caller's transaction. The same document again changes nothing. Faults: `limited`
 * (it does not fit on the wire; `demandDesiredFits` of proto asks the same), `not_found`.
 */
export async function setDesired(trx: Db, wish: DesiredWish): Promise<Desired> {
  const { deviceId, section, document, at } = wish;
  const device = await trx
    .selectFrom('device')
    .select('name')
    .where('id', '=', deviceId)
    .executeTakeFirst();
  if (device === undefined) {
    throw new Fault('not_found', `there is no device with the id "${deviceId.slice(0, 64)}"`, {
      remedy: 'List the devices with `fieldloop devices list`.',
    });
  }
  const known = await listDesired(trx, deviceId);
  const digest = desiredDigest(document);
  const before = known.find((one) => one.section === section);
  if (before?.digest === digest) return before;
  demandDesiredFits(section, document);
  const generation = Math.max(0, ...known.map((one) => one.generation)) + 1;
  const changed = { generation, digest, document: canonicalJson(document), updated_at: at };
  await trx
    .insertInto('desired')
    .values({ device_id: deviceId, section, ...changed })
    .onConflict((conflict) => conflict.columns(['device_id', 'section']).doUpdateSet(changed))
    .execute();
  const body = { device: device.name, section, generation, digest };
  await putOutbox(trx, { kind: 'desired.changed', subject: deviceId, at, body });
  return { section, generation, digest, document, updatedAt: at };
}

/** In the order of section names. */
export async function listDesired(db: Db, deviceId: string): Promise<readonly Desired[]> {
  const rows = await db
    .selectFrom('desired')
    .selectAll()
    .where('device_id', '=', deviceId)
    .orderBy('section')
    .execute();
  return rows.map((row) => ({
    section: row.section,
    generation: Number(row.generation),
    digest: row.digest,
    document: JSON.parse(row.document) as Json,
    updatedAt: Number(row.updated_at),
  }));
}
