/** The delivery log of webhooks and of channels: the same operations under both. */
import { Fault } from '@fieldloop/core';
import type { NounDeps } from '../http/deps.ts';
import { listAnswer, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { deliverySource } from '../http/q/sources/deliveries.ts';
import type { Db } from '../store/db.ts';
import { sql } from '../store/kysely.ts';
import type { Delivery, TargetKind } from './delivery.ts';
import { attemptJson, deliveryJson, deliverySchema, deliveryWithAttempts } from './json.ts';
import { deliveryOfRow, deliveryQueue } from './queue.ts';

export interface DeliveryRoutes {
  readonly kind: TargetKind;
  /** `Webhook`, for the names of operations. */
  readonly name: string;
  readonly noun: 'webhooks' | 'channels';
  /** The target's id. Fault `not_found` with what to do. */
  readonly idOf: (db: Db, idOrName: string) => Promise<string>;
}

const idField = z.string().min(1).max(64);

export const deliveryOperations = (deps: NounDeps, of: DeliveryRoutes): readonly Operation[] => [
  list(deps, of),
  get(deps, of),
  redeliver(deps, of),
];

const list = (deps: NounDeps, of: DeliveryRoutes): Operation =>
  operation(
    {
      id: `list${of.name}Deliveries`,
      tag: of.noun,
      method: 'get',
      path: `/v1/${of.noun}/{id}/deliveries`,
      summary: `What was sent to a ${of.kind}, and what waits`,
      right: `${of.noun}:read`,
    },
    {
      params: z.strictObject({ id: idField }),
      query: listQuery(deliverySource, {}),
      answer: {
        status: 200,
        description: 'One page.',
        schema: listAnswer(`${of.name}DeliveryPage`, deliverySchema),
      },
    },
    async ({ params, query }) => {
      const target = await of.idOf(deps.read, params.id);
      return await listPage(deps, query, {
        operation: `list${of.name}Deliveries ${target}`,
        source: deliverySource,
        rows: deps.read.selectFrom('delivery').selectAll('delivery'),
        schema: deliverySchema,
        narrow: () => ({ where: [sql<boolean>`delivery.target_id = ${target}`] }),
        items: (rows) => rows.map((row) => deliveryJson(deliveryOfRow(row))),
      });
    },
  );

const path = z.strictObject({ id: idField, delivery: idField });

const get = (deps: NounDeps, of: DeliveryRoutes): Operation =>
  operation(
    {
      id: `get${of.name}Delivery`,
      tag: of.noun,
      method: 'get',
      path: `/v1/${of.noun}/{id}/deliveries/{delivery}`,
      summary: 'One delivery with what was sent and every try',
      right: `${of.noun}:read`,
    },
    {
      params: path,
      answer: { status: 200, description: 'The delivery.', schema: deliveryWithAttempts },
    },
    async ({ params }) => {
      const delivery = await demand(deps.read, of, params);
      const tries = await deliveryQueue(deps.read).attempts(delivery.id);
      return { ...deliveryJson(delivery), body: delivery.body, tries: tries.map(attemptJson) };
    },
  );

const redeliver = (deps: NounDeps, of: DeliveryRoutes): Operation =>
  operation(
    {
      id: `redeliver${of.name}Delivery`,
      tag: of.noun,
      method: 'post',
      path: `/v1/${of.noun}/{id}/deliveries/{delivery}:redeliver`,
      summary: 'Send it again now, with all its tries before it',
      description: 'The receiver sees the same id: one that keeps ids knows it.',
      right: `${of.noun}:admin`,
    },
    {
      params: path,
      answer: { status: 200, description: 'The delivery.', schema: deliverySchema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const delivery = await demand(trx, of, call.params);
        await deliveryQueue(trx).redeliver(delivery.target.id, delivery.id, deps.clock.now());
        await call.audit(trx, { action: 'delivery.redeliver', subject: delivery.id });
        return deliveryJson(await demand(trx, of, call.params));
      }),
  );

async function demand(
  db: Db,
  of: DeliveryRoutes,
  params: { readonly id: string; readonly delivery: string },
): Promise<Delivery> {
  const target = await of.idOf(db, params.id);
  const delivery = await deliveryQueue(db).get(params.delivery);
  if (delivery?.target.id === target) return delivery;
  throw new Fault('not_found', `there is no delivery "${params.delivery}" of this ${of.kind}`, {
    remedy: `List them at /v1/${of.noun}/${params.id}/deliveries; ended ones are kept 7 days.`,
  });
}
