/** Sends deliveries to channels. A channel is never switched off: alerts depend on it. */
import type { Targets } from '../outgoing/dispatcher.ts';
import type { Notification } from '../outgoing/notification.ts';
import type { SendDeps } from '../outgoing/options.ts';
import type { Db } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import { tell } from './send.ts';
import { channelStore } from './store.ts';

export const channelTargets = (deps: SendDeps & { readonly read: Db }): Targets => ({
  async open(id) {
    const channels = channelStore(deps.read);
    const channel = await channels.get(id);
    if (channel?.enabled !== true) return undefined;
    const secret = await channels.secret(id);
    return async (delivery) => {
      const notification = delivery.body as unknown as Notification;
      return await tell(channel, secret, { id: delivery.id, notification }, deps);
    };
  },
  async tried(trx, id, outcome, at) {
    const row = await trx
      .selectFrom('channel')
      .select(['name', 'failing_since', 'version'])
      .where('id', '=', id)
      .executeTakeFirst();
    if (row === undefined) return;
    const isMoved = outcome.ok === (row.failing_since !== null);
    await trx
      .updateTable('channel')
      .set({
        failing_since: outcome.ok ? null : (row.failing_since ?? at),
        last_error: outcome.error ?? null,
        ...(outcome.ok ? { last_ok_at: at } : {}),
        ...(isMoved ? { version: row.version + 1n, updated_at: at } : {}),
      })
      .where('id', '=', id)
      .execute();
    if (!isMoved) return;
    const body = { name: row.name, ...(outcome.error === undefined ? {} : { why: outcome.error }) };
    const kind = outcome.ok ? 'channel.recovered' : 'channel.failing';
    await putOutbox(trx, { kind, subject: id, at, body });
  },
});
