/** How people and programs write events and markers: one, many at once, and their own again. */
import { Fault, type Json } from '@fieldloop/core';
import { allows } from '../auth/rights.ts';
import type { Caller } from '../http/caller.ts';
import type { NounDeps } from '../http/deps.ts';
import { nsField, severityField } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { demandVersion } from '../http/version.ts';
import { eventSlackMs, maxBatchEvents } from '../device-limits.ts';
import type { Db } from '../store/db.ts';
import { checkKind, checkTime, type Event } from './event.ts';
import { eventJson, eventSchema } from './json.ts';
import { smallJson } from './kind-routes.ts';
import { eventKindStore } from './kind-store.ts';
import { newEvent } from './new-event.ts';
import { eventBody, forceField, idField, labelField, tagsField } from './write-body.ts';
import { writtenEventStore } from './written-store.ts';

const batchBody = z.strictObject({
  events: z.array(eventBody).min(1).max(maxBatchEvents),
});

const batchAnswer = z
  .object({
    created: z.int(),
    known: z.int().openapi({ description: 'Told before, by their externalId.' }),
    items: z.array(
      z.object({ id: z.string(), externalId: z.string().optional(), created: z.boolean() }),
    ),
  })
  .openapi('EventBatchResult');

export type EventBatchJson = z.infer<typeof batchAnswer>;

const path = z.strictObject({ id: idField });

export const writeOperations = (deps: NounDeps): readonly Operation[] => [
  create(deps),
  batch(deps),
  update(deps),
  remove(deps),
];

const create = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'createEvent',
      tag: 'events',
      method: 'post',
      path: '/v1/events',
      summary: 'Write an event, or a marker on a clip',
      right: 'events:write',
      faults: ['not_found'],
    },
    { body: eventBody, answer: { status: 201, description: 'The event.', schema: eventSchema } },
    async (call) =>
      await call.change(async (trx) => {
        const by = call.caller?.id ?? 'system';
        const { event, created } = await newEvent(
          trx,
          { body: call.body, by, place: '/body' },
          deps,
        );
        if (created) {
          const after = call.body as Json;
          await call.audit(trx, { action: 'event.create', subject: event.id, after });
        }
        return eventJson(event);
      }),
  );

const batch = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'createEvents',
      tag: 'events',
      method: 'post',
      path: '/v1/events:batch',
      summary: 'Write up to 1,000 events: all of them or none',
      description: 'With externalId in each it may be sent again without doubling any.',
      right: 'events:write',
      faults: ['not_found'],
    },
    { body: batchBody, answer: { status: 200, description: 'Each one.', schema: batchAnswer } },
    async (call) =>
      await call.change(async (trx) => {
        const by = call.caller?.id ?? 'system';
        const items: EventBatchJson['items'] = [];
        for (const [i, body] of call.body.events.entries()) {
          const place = `/body/events/${i}`;
          const { event, created } = await newEvent(trx, { body, by, place }, deps);
          const { externalId } = body;
          items.push({ id: event.id, ...(externalId && { externalId }), created });
        }
        const created = items.filter((one) => one.created).length;
        if (created > 0) {
          const subject = items.find((one) => one.created)?.id ?? '';
          await call.audit(trx, { action: 'event.batch', subject, detail: { created } });
        }
        return { created, known: items.length - created, items };
      }),
  );

const update = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'updateEvent',
      tag: 'events',
      method: 'patch',
      path: '/v1/events/{id}',
      summary: 'Change an event or marker of your own',
      right: 'events:write',
    },
    {
      params: path,
      body: z.strictObject({
        severity: severityField.optional(),
        atNs: nsField.optional(),
        endNs: nsField.optional(),
        label: labelField.nullable().optional(),
        data: smallJson.nullable().optional(),
        tags: tagsField.optional(),
        force: forceField,
      }),
      answer: { status: 200, description: 'The event.', schema: eventSchema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const found = await demandOwn(trx, call.params.id, call.caller);
        demandVersion(call, found);
        const { force, atNs, endNs, ...rest } = call.body;
        const patch = {
          ...rest,
          data: rest.data as Json | undefined,
          ...movedTo(found, { atNs, endNs }),
        };
        await checkPatch(trx, { found, patch, force }, deps);
        await writtenEventStore(trx).change(found, patch, deps.clock.now());
        await call.audit(trx, {
          action: 'event.update',
          subject: found.id,
          before: eventJson(found) as Json,
          after: call.body as Json,
        });
        return eventJson((await writtenEventStore(trx).get(found.id)) ?? found);
      }),
  );

const remove = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'deleteEvent',
      tag: 'events',
      method: 'delete',
      path: '/v1/events/{id}',
      summary: 'Take an event or marker of your own away',
      right: 'events:write',
    },
    { params: path, answer: { status: 204, description: 'It is gone.' } },
    async (call) => {
      await call.change(async (trx) => {
        const found = await demandOwn(trx, call.params.id, call.caller);
        demandVersion(call, found);
        await writtenEventStore(trx).remove(found, deps.clock.now());
        const before = eventJson(found) as Json;
        await call.audit(trx, { action: 'event.delete', subject: found.id, before });
      });
    },
  );

/** An instant that is moved stays an instant. */
function movedTo(
  found: Event,
  to: { readonly atNs: string | undefined; readonly endNs: string | undefined },
): { readonly atNs: bigint; readonly endNs: bigint } {
  const atNs = to.atNs === undefined ? found.atNs : BigInt(to.atNs);
  const isInstant = found.endNs === found.atNs;
  const endNs = to.endNs === undefined ? (isInstant ? atNs : found.endNs) : BigInt(to.endNs);
  return { atNs, endNs };
}

async function checkPatch(
  trx: Db,
  change: {
    readonly found: Event;
    readonly patch: {
      readonly atNs: bigint;
      readonly endNs: bigint;
      readonly data?: Json | undefined;
    };
    readonly force: boolean;
  },
  deps: NounDeps,
): Promise<void> {
  const { found, patch, force } = change;
  if (patch.data !== undefined) {
    const kind = (await eventKindStore(trx).named([found.name])).get(found.name);
    checkKind({ name: found.name, data: patch.data ?? undefined }, kind, '/body');
  }
  const store = writtenEventStore(trx);
  const clip = found.clip === undefined ? undefined : await store.clip(found.clip);
  const nowNs = BigInt(deps.clock.now() + eventSlackMs) * 1_000_000n;
  const deviceId = clip?.deviceId ?? (await deviceOf(trx, found));
  const known = clip ?? (await store.knownTime(deviceId, nowNs));
  checkTime(patch, force ? undefined : known, '/body');
}

async function deviceOf(trx: Db, { id }: Event): Promise<string> {
  const row = await trx
    .selectFrom('event')
    .select('device_id')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  return row.device_id;
}

/** Faults: `not_found`; `forbidden` for what a robot or somebody else wrote. */
async function demandOwn(trx: Db, id: string, caller: Caller | undefined): Promise<Event> {
  const found = await writtenEventStore(trx).get(id);
  if (found === undefined) {
    throw new Fault('not_found', `there is no event "${id}"`, {
      remedy: 'List the events with `fieldloop events list`.',
    });
  }
  if (found.createdBy === undefined) {
    throw new Fault('forbidden', `${id} is the robot's own word`, {
      remedy: 'Write an event or marker beside it.',
    });
  }
  const isOwn = caller !== undefined && found.createdBy === caller.id;
  if (isOwn || allows(caller?.scopes ?? [], 'events:admin')) return found;
  throw new Fault('forbidden', `${id} was written by ${found.createdBy}`, {
    remedy: 'Ask them or an admin to change it.',
  });
}
