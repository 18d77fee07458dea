import type { Db, Row } from '../store/db.ts';
import type { Webhook, WebhookState } from './webhook.ts';

export interface NewWebhook {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly kinds: readonly string[];
  readonly state: WebhookState;
  readonly secret: string;
  /** Only rows behind this one are sent. */
  readonly cursor: bigint;
  readonly at: number;
}

/** Webhooks. Secrets are read by `secrets` alone. */
export const webhookStore = (db: Db) => ({
  /** Undefined when the name is taken. */
  async create(webhook: NewWebhook): Promise<Webhook | undefined> {
    const row = await db
      .insertInto('webhook')
      .values({
        id: webhook.id,
        name: webhook.name,
        url: webhook.url,
        kinds: JSON.stringify(webhook.kinds),
        state: webhook.state,
        secret: webhook.secret,
        cursor_seq: webhook.cursor,
        created_at: webhook.at,
        updated_at: webhook.at,
        version: 1,
      })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .returningAll()
      .executeTakeFirst();
    return row && webhookOfRow(row);
  },

  /** By id or name. */
  async get(idOrName: string): Promise<Webhook | undefined> {
    const row = await db
      .selectFrom('webhook')
      .selectAll()
      .where((where) => where.or([where('id', '=', idOrName), where('name', '=', idOrName)]))
      .executeTakeFirst();
    return row && webhookOfRow(row);
  },

  /** Every one, in the order of ids. */
  async all(): Promise<readonly Webhook[]> {
    return (await db.selectFrom('webhook').selectAll().orderBy('id').execute()).map(webhookOfRow);
  },

  /** Those that sign now: one, or two while a secret is changed. */
  async secrets(id: string, now: number): Promise<readonly string[]> {
    const row = await db
      .selectFrom('webhook')
      .select(['secret', 'old_secret', 'old_secret_until'])
      .where('id', '=', id)
      .executeTakeFirst();
    if (row === undefined) return [];
    const isOldAlive = row.old_secret !== null && (row.old_secret_until ?? 0n) > BigInt(now);
    return isOldAlive && row.old_secret !== null ? [row.secret, row.old_secret] : [row.secret];
  },

  /** The caller has read the webhook in this transaction. */
  async change(
    webhook: Webhook,
    change: {
      readonly name?: string | undefined;
      readonly url?: string | undefined;
      readonly kinds?: readonly string[] | undefined;
      readonly state?: WebhookState | undefined;
    },
    at: number,
  ): Promise<Webhook> {
    const isWoken = change.state === 'enabled' && webhook.state !== 'enabled';
    const row = await db
      .updateTable('webhook')
      .set({
        ...(change.name === undefined ? {} : { name: change.name }),
        ...(change.url === undefined ? {} : { url: change.url }),
        ...(change.kinds === undefined ? {} : { kinds: JSON.stringify(change.kinds) }),
        ...(change.state === undefined ? {} : { state: change.state, disabled_why: null }),
        // Its days of failure begin anew, or it would be switched off by the next one.
        ...(isWoken ? { failing_since: null } : {}),
        updated_at: at,
        version: webhook.version + 1,
      })
      .where('id', '=', webhook.id)
      .returningAll()
      .executeTakeFirstOrThrow();
    return webhookOfRow(row);
  },

  /** The present secret becomes the old one. */
  async rotate(
    webhook: Webhook,
    secret: string,
    times: { readonly at: number; readonly oldUntil: number },
  ): Promise<Webhook> {
    const row = await db
      .updateTable('webhook')
      .set((set) => ({
        old_secret: set.ref('secret'),
        old_secret_until: times.oldUntil,
        secret,
        updated_at: times.at,
        version: webhook.version + 1,
      }))
      .where('id', '=', webhook.id)
      .returningAll()
      .executeTakeFirstOrThrow();
    return webhookOfRow(row);
  },

  /** Outbox rows up to `seq` are deliveries of these webhooks. Never goes back. */
  async moveCursor(ids: readonly string[], seq: bigint): Promise<void> {
    await db
      .updateTable('webhook')
      .set({ cursor_seq: seq })
      .where('id', 'in', ids)
      .where('cursor_seq', '<', seq)
      .execute();
  },

  async delete(id: string): Promise<void> {
    await db.deleteFrom('webhook').where('id', '=', id).execute();
  },
});

export function webhookOfRow(row: Row<'webhook'>): Webhook {
  return {
    id: row.id,
    name: row.name,
    url: row.url,
    kinds: JSON.parse(row.kinds) as string[],
    state: row.state as WebhookState,
    ...(row.disabled_why === null ? {} : { disabledWhy: row.disabled_why }),
    ...(row.failing_since === null ? {} : { failingSince: Number(row.failing_since) }),
    ...(row.last_ok_at === null ? {} : { lastOkAt: Number(row.last_ok_at) }),
    ...(row.last_error === null ? {} : { lastError: row.last_error }),
    ...(row.old_secret_until === null ? {} : { oldSecretUntil: Number(row.old_secret_until) }),
    cursor: row.cursor_seq,
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    version: Number(row.version),
  };
}
