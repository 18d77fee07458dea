/**
 * Properties of devices that reported before there was a place for them: what each section said
 * last holds since then. Once, in steps; a kill in between loses nothing and doubles nothing.
 */
import type { Json } from '@fieldloop/core';
import { backfillEveryMs, backfillRows } from '../limits.ts';
import type { Db } from './db.ts';
import { putReportedProperties } from './properties.ts';
import { openLoop, type WorkerDeps } from './work.ts';

const name = 'device_property';

export const openPropertyBackfill = (deps: WorkerDeps): AsyncDisposable =>
  openLoop(deps, { name: 'device properties', everyMs: backfillEveryMs }, async (signal) => {
    while (!signal.aborted && (await propertyBackfillStep(deps.write)) === 'more');
  });

export const propertyBackfillStep = async (db: Db): Promise<'more' | 'done'> =>
  await db.transaction().execute(async (trx) => {
    const state = await trx
      .selectFrom('backfill')
      .selectAll()
      .where('name', '=', name)
      .executeTakeFirst();
    if (state?.done === 1n) return 'done';
    const after = state?.position ?? '';
    const devices = await trx
      .selectFrom('device')
      .select('id')
      .where('id', '>', after)
      .orderBy('id')
      .limit(backfillRows)
      .execute();
    for (const { id } of devices) await fill(trx, id);
    const next = { position: devices.at(-1)?.id ?? after, done: devices.length === 0 ? 1 : 0 };
    await trx
      .insertInto('backfill')
      .values({ name, ...next })
      .onConflict((conflict) => conflict.column('name').doUpdateSet(next))
      .execute();
    return devices.length === 0 ? 'done' : 'more';
  });

async function fill(trx: Db, deviceId: string): Promise<void> {
  const reports = await trx
    .selectFrom('device_report')
    .select(['section', 'document', 'at'])
    .where('device_id', '=', deviceId)
    .orderBy('at')
    .orderBy('section')
    .execute();
  for (const { section, document, at } of reports) {
    const said = JSON.parse(document) as Json;
    await putReportedProperties(trx, deviceId, { section, document: said, at: Number(at) });
  }
}
