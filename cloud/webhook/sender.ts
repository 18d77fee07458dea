/** Sends deliveries to webhooks, and switches off one that failed for days. */
import type { Json } from '@fieldloop/core';
import { webhookFailingMs } from '../alert-limits.ts';
import type { Delivery, Outcome } from '../outgoing/delivery.ts';
import type { Targets } from '../outgoing/dispatcher.ts';
import type { SendDeps } from '../outgoing/options.ts';
import { post } from '../outgoing/post.ts';
import { signature, signatureHeader } from '../outgoing/sign.ts';
import { putAudit } from '../store/audit-chain.ts';
import type { Db } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import { webhookStore } from './store.ts';
import type { Webhook } from './webhook.ts';

type WebhookSendDeps = Omit<SendDeps, 'mailCa'> & { readonly read: Db };

export const webhookTargets = (deps: WebhookSendDeps): Targets => ({
  async open(id) {
    const webhook = await webhookStore(deps.read).get(id);
    if (webhook?.state !== 'enabled') return undefined;
    return async (delivery) => await sendEvent(webhook, delivery, deps);
  },
  tried: noteTry,
});

/** One try. Never throws for what a receiver does. */
export async function sendEvent(
  webhook: Webhook,
  delivery: Pick<Delivery, 'id' | 'kind' | 'body' | 'attempts'>,
  deps: WebhookSendDeps,
): Promise<Outcome> {
  const secrets = await webhookStore(deps.read).secrets(webhook.id, deps.now());
  const event = delivery.body as Readonly<Record<string, Json>>;
  const body = JSON.stringify({ id: delivery.id, ...event });
  return await post(
    {
      url: webhook.url,
      body,
      timeoutMs: deps.timeoutMs,
      headers: {
        'content-type': 'application/json',
        'user-agent': deps.userAgent,
        'fieldloop-id': delivery.id,
        'fieldloop-kind': delivery.kind,
        'fieldloop-attempt': String(delivery.attempts + 1),
        [signatureHeader]: signature(secrets, body, deps.now()),
      },
    },
    deps.rules,
  );
}

async function noteTry(trx: Db, id: string, outcome: Outcome, at: number): Promise<void> {
  const row = await trx
    .selectFrom('webhook')
    .select(['name', 'state', 'failing_since', 'version'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) return;
  const since = outcome.ok ? null : (row.failing_since ?? BigInt(at));
  const failedMs = since === null ? 0 : at - Number(since);
  const isOver = row.state === 'enabled' && failedMs >= webhookFailingMs;
  const why = `Nothing arrived for ${Math.floor(failedMs / 86_400_000)} days. ${outcome.error ?? ''}`;
  // What a reader of the webhook would want to hear of moves its version, a further try does not.
  const isMoved = isOver || (since === null) !== (row.failing_since === null);
  await trx
    .updateTable('webhook')
    .set({
      failing_since: since,
      last_error: outcome.error ?? null,
      ...(outcome.ok ? { last_ok_at: at } : {}),
      ...(isMoved ? { version: row.version + 1n, updated_at: at } : {}),
      ...(isOver ? { state: 'disabled', disabled_why: why } : {}),
    })
    .where('id', '=', id)
    .execute();
  if (!isOver) return;
  const body = { name: row.name, why };
  await putOutbox(trx, { kind: 'webhook.disabled', subject: id, at, body });
  const action = { action: 'webhook.disable', subject: id, detail: { why } };
  await putAudit(trx, { at, actor: 'system', via: 'process', ...action });
}
