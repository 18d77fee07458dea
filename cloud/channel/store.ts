import { bit, type Db, type Row } from '../store/db.ts';
import type { Channel, ChannelConfig, ChannelSecret } from './channel.ts';

export interface NewChannel {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly config: ChannelConfig;
  readonly secret: ChannelSecret;
  readonly at: number;
}

/** Channels. Secrets are read by `secret` alone. */
export const channelStore = (db: Db) => ({
  /** Undefined when the name is taken. */
  async create(channel: NewChannel): Promise<Channel | undefined> {
    const row = await db
      .insertInto('channel')
      .values({
        id: channel.id,
        name: channel.name,
        kind: channel.config.kind,
        enabled: bit(channel.enabled),
        config: JSON.stringify(channel.config),
        secret: JSON.stringify(channel.secret),
        created_at: channel.at,
        updated_at: channel.at,
        version: 1,
      })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .returningAll()
      .executeTakeFirst();
    return row && channelOfRow(row);
  },

  /** By id or name. */
  async get(idOrName: string): Promise<Channel | undefined> {
    const row = await db
      .selectFrom('channel')
      .selectAll()
      .where((where) => where.or([where('id', '=', idOrName), where('name', '=', idOrName)]))
      .executeTakeFirst();
    return row && channelOfRow(row);
  },

  async all(): Promise<readonly Channel[]> {
    return (await db.selectFrom('channel').selectAll().orderBy('id').execute()).map(channelOfRow);
  },

  async secret(id: string): Promise<ChannelSecret> {
    const row = await db
      .selectFrom('channel')
      .select('secret')
      .where('id', '=', id)
      .executeTakeFirst();
    return row?.secret === undefined || row.secret === null
      ? {}
      : (JSON.parse(row.secret) as ChannelSecret);
  },

  /** The caller has read the channel in this transaction. */
  async change(
    channel: Channel,
    change: {
      readonly name?: string | undefined;
      readonly enabled?: boolean | undefined;
      readonly config?: ChannelConfig | undefined;
      readonly secret?: ChannelSecret | undefined;
    },
    at: number,
  ): Promise<Channel> {
    const { name, enabled, config, secret } = change;
    const row = await db
      .updateTable('channel')
      .set({
        ...(name === undefined ? {} : { name }),
        ...(enabled === undefined ? {} : { enabled: bit(enabled) }),
        ...(config === undefined ? {} : { config: JSON.stringify(config) }),
        ...(secret === undefined ? {} : { secret: JSON.stringify(secret) }),
        updated_at: at,
        version: channel.version + 1,
      })
      .where('id', '=', channel.id)
      .returningAll()
      .executeTakeFirstOrThrow();
    return channelOfRow(row);
  },

  /** Name of an alert policy that tells this channel. */
  async userOf(id: string): Promise<string | undefined> {
    const row = await db
      .selectFrom('alert_policy_channel')
      .innerJoin('alert_policy', 'alert_policy.id', 'alert_policy_channel.policy_id')
      .select('alert_policy.name')
      .where('channel_id', '=', id)
      .limit(1)
      .executeTakeFirst();
    return row?.name;
  },

  async delete(id: string): Promise<void> {
    await db.deleteFrom('channel').where('id', '=', id).execute();
  },
});

export function channelOfRow(row: Row<'channel'>): Channel {
  return {
    id: row.id,
    name: row.name,
    enabled: row.enabled === 1n,
    config: JSON.parse(row.config) as ChannelConfig,
    ...(row.failing_since === null ? {} : { failingSince: Number(row.failing_since) }),
    ...(row.last_ok_at === null ? {} : { lastOkAt: Number(row.last_ok_at) }),
    ...(row.last_error === null ? {} : { lastError: row.last_error }),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    version: Number(row.version),
  };
}
