/**
 * Numbers that devices say each minute. A minute is of the cloud's clock: a robot whose clock is
 * wrong writes into the present, and what it says twice in one minute is the newest alone.
 */
import { telemetryMinuteMs } from '../limits.ts';
import type { Db } from './db.ts';

export interface TelemetryValue {
  readonly series: string;
  readonly unit: string;
  readonly value: number;
}

export interface TelemetryPoint {
  /** Unix milliseconds of the minute. */
  readonly at: number;
  readonly value: number;
}

export const telemetryStore = (db: Db) => ({
  /** Run inside a transaction. */
  async put(deviceId: string, values: readonly TelemetryValue[], receivedAt: number) {
    if (values.length === 0) return;
    const at = receivedAt - (receivedAt % telemetryMinuteMs);
    const rows = values.map(({ series, value }) => ({ device_id: deviceId, series, at, value }));
    await db
      .insertInto('telemetry')
      .values(rows)
      .onConflict((conflict) =>
        conflict
          .columns(['device_id', 'series', 'at'])
          .doUpdateSet((set) => ({ value: set.ref('excluded.value') })),
      )
      .execute();
    await db
      .insertInto('telemetry_latest')
      .values(rows.map((row, i) => ({ ...row, at: receivedAt, unit: values[i]?.unit ?? '' })))
      .onConflict((conflict) =>
        conflict.columns(['device_id', 'series']).doUpdateSet((set) => ({
          at: set.ref('excluded.at'),
          value: set.ref('excluded.value'),
          unit: set.ref('excluded.unit'),
        })),
      )
      .execute();
  },

  /** The newest value of each series of a device, in the order of their names. */
  async latest(deviceId: string): Promise<readonly (TelemetryValue & { readonly at: number })[]> {
    const rows = await db
      .selectFrom('telemetry_latest')
      .selectAll()
      .where('device_id', '=', deviceId)
      .orderBy('series')
      .execute();
    return rows.map(({ series, unit, value, at }) => ({ series, unit, value, at: Number(at) }));
  },

  /** The newest value of one series of every device that said it at or after `since`. */
  async latestOf(
    series: string,
    since: number,
  ): Promise<readonly (TelemetryPoint & { readonly deviceId: string })[]> {
    const rows = await db
      .selectFrom('telemetry_latest')
      .select(['device_id', 'at', 'value'])
      .where('series', '=', series)
      .where('at', '>=', BigInt(since))
      .orderBy('device_id')
      .execute();
    return rows.map((row) => ({ deviceId: row.device_id, at: Number(row.at), value: row.value }));
  },

  /** Minutes of one series from `startAt`, before `endAt`, oldest first. */
  async series(
    deviceId: string,
    series: string,
    range: { readonly startAt: number; readonly endAt: number; readonly limit?: number },
  ): Promise<readonly TelemetryPoint[]> {
    let rows = db
      .selectFrom('telemetry')
      .select(['at', 'value'])
      .where('device_id', '=', deviceId)
      .where('series', '=', series)
      .where('at', '>=', BigInt(range.startAt))
      .where('at', '<', BigInt(range.endAt))
      .orderBy('at');
    if (range.limit !== undefined) rows = rows.limit(range.limit);
    return (await rows.execute()).map(({ at, value }) => ({ at: Number(at), value }));
  },

  /** Every series that is kept of a device, by name. */
  async names(deviceId: string): Promise<readonly string[]> {
    const rows = await db
      .selectFrom('telemetry_latest')
      .select('series')
      .where('device_id', '=', deviceId)
      .orderBy('series')
      .execute();
    return rows.map((row) => row.series);
  },

  /** Forgets minutes before `since` of one device, and series that ended before it. */
  async forget(deviceId: string, since: number): Promise<void> {
    for (const series of await this.names(deviceId)) {
      await db
        .deleteFrom('telemetry')
        .where('device_id', '=', deviceId)
        .where('series', '=', series)
        .where('at', '<', BigInt(since))
        .execute();
    }
    await db
      .deleteFrom('telemetry_latest')
      .where('device_id', '=', deviceId)
      .where('at', '<', BigInt(since))
      .execute();
  },
});
