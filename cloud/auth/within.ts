/**
 * Keeps a caller who is restricted to cohorts to the devices in them. What is read by id is looked
 * up here before its operation runs; four lists narrow themselves; everything else is refused.
 */
import { type Clock, Fault } from '@fieldloop/core';
import { type Caller, demandEverywhere } from '../http/caller.ts';
import type { OperationDoc } from '../http/operation.ts';
import { amongCohorts } from '../store/cohort-ref.ts';
import type { Db } from '../store/db.ts';
import { sql } from '../store/kysely.ts';

type Owned = 'device' | 'session' | 'clip' | 'event';

/** Reads of one thing that belongs to one device, and of nothing beside it. */
const owned: readonly { readonly path: RegExp; readonly table: Owned }[] = [
  { path: /^\/v1\/devices\/\{id\}(\/\w+)?$/, table: 'device' },
  { path: /^\/v1\/sessions\/\{id\}$/, table: 'session' },
  {
    path: /^\/v1\/clips\/\{id\}(\/(data|messages|plot|previews\/\{n\}|sketch|topics|why))?$/,
    table: 'clip',
  },
  { path: /^\/v1\/events\/\{id\}$/, table: 'event' },
];

/** The table of what an operation reads by id, when that belongs to one device. */
export const ownedTable = (doc: Pick<OperationDoc, 'method' | 'path'>): Owned | undefined =>
  doc.method === 'get' ? owned.find(({ path }) => path.test(doc.path))?.table : undefined;

/** Runs before an operation of such a caller. Faults: `forbidden`, `not_found`. */
export type KeepWithin = (
  caller: Caller,
  doc: OperationDoc,
  params: Readonly<Record<string, string>>,
) => Promise<void>;

export const openWithin =
  (deps: { readonly read: Db; readonly clock: Clock }): KeepWithin =>
  async (caller, doc, params) => {
    if (caller.cohorts === undefined || doc.withinCohorts === true) return;
    const table = ownedTable(doc);
    if (table === undefined) {
      demandEverywhere(caller);
      return;
    }
    const id = params['id'] ?? '';
    const among = await amongCohorts(deps.read, caller.cohorts, deps.clock.now());
    const ofOwner =
      table === 'device'
        ? sql<boolean>`(device.id = ${id} or device.name = ${id})`
        : sql<boolean>`device.id in (select device_id from ${sql.table(table)} where id = ${id})`;
    const device = await deps.read
      .selectFrom('device')
      .select('device.id')
      .where(ofOwner)
      .where(among)
      .executeTakeFirst();
    if (device !== undefined) return;
    throw new Fault('not_found', `there is no ${table} "${id.slice(0, 64)}" for this key`, {
      remedy: `The key is for the devices of ${caller.cohorts.join(', ') || 'no cohort'} alone.`,
    });
  };
