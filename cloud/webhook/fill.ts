/**
 * Makes deliveries of the outbox: each webhook has its own place in it, so that nothing is lost
 * when the cloud dies, and one whose receiver is slow waits at its place without holding up the
 * others. Rows and place move in one transaction.
 */
import type { Clock, Ids, Json } from '@fieldloop/core';
import { maxDeliveryBytes, maxWaitingDeliveries } from '../alert-limits.ts';
import { instantText } from '../http/fields.ts';
import { kindMatches } from '../outgoing/delivery.ts';
import { deliveryQueue, type NewDelivery } from '../outgoing/queue.ts';
import type { Db } from '../store/db.ts';
import { outboxAfter, outboxEnd, type OutboxItem } from '../store/tail.ts';
import { webhookStore } from './store.ts';
import type { Webhook } from './webhook.ts';

export interface FillDeps {
  readonly read: Db;
  readonly write: Db;
  readonly ids: Ids;
  readonly clock: Clock;
}

/** A step; true when there is more to do at once. */
export type Fill = () => Promise<boolean>;

export function openFill(deps: FillDeps): Fill {
  /** How far each webhook has looked; its row follows when something was found. */
  const looked = new Map<string, bigint>();
  const placeOf = ({ id, cursor }: Webhook): bigint => {
    const place = looked.get(id) ?? 0n;
    return place > cursor ? place : cursor;
  };
  return async () => {
    const end = await outboxEnd(deps.read);
    const webhooks = (await webhookStore(deps.read).all()).filter(
      (webhook) => webhook.state === 'enabled' && placeOf(webhook) < end,
    );
    const places = Map.groupBy(webhooks, placeOf);
    let isMore = false;
    for (const [place, at] of places) {
      const ready = await withRoom(deps.read, at);
      if (ready.length === 0) continue;
      const rows = await outboxAfter(deps.read, place);
      const last = rows.at(-1)?.seq;
      if (last === undefined) continue;
      await put(deps, ready, rows);
      for (const webhook of ready) looked.set(webhook.id, last);
      isMore ||= last < end;
    }
    return isMore;
  };
}

async function withRoom(read: Db, webhooks: readonly Webhook[]): Promise<readonly Webhook[]> {
  const ready: Webhook[] = [];
  for (const webhook of webhooks) {
    const waiting = await deliveryQueue(read).waiting(webhook.id);
    if (waiting < maxWaitingDeliveries) ready.push(webhook);
  }
  return ready;
}

async function put(
  deps: FillDeps,
  webhooks: readonly Webhook[],
  rows: readonly OutboxItem[],
): Promise<void> {
  const found = webhooks.map((webhook) => ({
    webhook,
    deliveries: rows
      .filter((row) => webhook.kinds.some((glob) => kindMatches(glob, row.kind)))
      .map((row) => deliveryOf(webhook, row, deps)),
  }));
  const matched = found.filter(({ deliveries }) => deliveries.length > 0);
  const last = rows.at(-1)?.seq;
  if (matched.length === 0 || last === undefined) return;
  await deps.write.transaction().execute(async (trx) => {
    await deliveryQueue(trx).put(matched.flatMap(({ deliveries }) => deliveries));
    await webhookStore(trx).moveCursor(
      webhooks.map(({ id }) => id),
      last,
    );
  });
}

function deliveryOf(webhook: Webhook, row: OutboxItem, { ids, clock }: FillDeps): NewDelivery {
  const { seq, kind, subject } = row;
  return {
    id: ids.ulid('dlv'),
    target: { kind: 'webhook', id: webhook.id },
    key: String(seq),
    kind,
    subject,
    seq,
    at: clock.now(),
    body: eventBody(row),
  };
}

/** What a receiver gets of an outbox row, beside the delivery's id. */
export function eventBody({ seq, kind, subject, at, body }: OutboxItem): Json {
  const head = { seq: String(seq), kind, subject, at: instantText(at) };
  const isLarge = Buffer.byteLength(JSON.stringify(body)) > maxDeliveryBytes;
  return isLarge ? { ...head, data: null, truncated: true } : { ...head, data: body };
}
