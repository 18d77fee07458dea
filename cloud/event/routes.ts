import { Fault } from '@fieldloop/core';
import { listName, type NounDeps } from '../http/deps.ts';
import {
  deviceRefField,
  instantField,
  instantText,
  nsField,
  pageFields,
  severityField,
  timeFields,
} from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { type TimedQuery, timedPage } from '../http/timed-page.ts';
import { deviceIdOf } from '../store/device-ref.ts';
import type { Event, EventFilter } from './event.ts';
import { eventStore } from './store.ts';

const value = z.union([z.number(), z.string(), z.boolean(), z.null()]);

const schema = z
  .object({
    id: z.string().openapi({ example: 'evt_01JC0000000000000000000000' }),
    kind: z.enum(['event', 'marker']),
    device: z.string(),
    session: z.string().optional(),
    clip: z.string().optional(),
    name: z.string(),
    severity: severityField,
    atNs: nsField,
    endNs: nsField.openapi({ description: 'Equal to atNs for an instant.' }),
    synced: z.boolean().openapi({ description: 'Whether the clock of the robot was right then.' }),
    rule: z.string().optional(),
    ruleSetDigest: z.string().optional(),
    margin: z.number().optional(),
    values: z.record(z.string(), value),
    tags: z.array(z.string()),
    text: z.string().optional(),
    receivedAt: instantField,
  })
  .openapi('Event');

export type EventJson = z.infer<typeof schema>;

const page = z
  .object({ items: z.array(schema), nextCursor: z.string().optional() })
  .openapi('EventPage');

export type EventPage = z.infer<typeof page>;

const listQuery = z.strictObject({
  device: deviceRefField.optional(),
  clip: z.string().max(64).optional(),
  kind: z.enum(['event', 'marker']).optional(),
  name: z.string().max(64).optional(),
  severity: severityField.optional(),
  ...timeFields,
  ...pageFields,
});

export function eventOperations(deps: NounDeps): readonly Operation[] {
  return [list(deps), get(deps), markers(deps)];
}

const list = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listEvents',
      tag: 'events',
      method: 'get',
      path: '/v1/events',
      summary: 'Events and markers, the newest log time first',
      right: 'events:read',
    },
    { query: listQuery, answer: { status: 200, description: 'One page.', schema: page } },
    async ({ query }) => {
      const { limit, cursor, device, clip, kind, severity } = query;
      const filter = {
        clip,
        kind,
        severity,
        name: query.name,
        deviceId: device === undefined ? undefined : await deviceIdOf(deps.read, device),
      };
      const list = listName('listEvents', query);
      return await eventPage(deps, { list, filter, limit, cursor, range: query });
    },
  );

const markers = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listClipMarkers',
      tag: 'clips',
      method: 'get',
      path: '/v1/clips/{id}/markers',
      summary: 'What happened on the timeline of a clip, the newest first',
      description: 'Events that name the clip, and markers set on it.',
      right: 'events:read',
    },
    {
      params: z.strictObject({ id: z.string().max(64) }),
      query: z.strictObject(pageFields),
      answer: { status: 200, description: 'One page.', schema: page },
    },
    async ({ params, query: { limit, cursor } }) => {
      if (!(await eventStore(deps.read).hasClip(params.id))) {
        throw new Fault('not_found', `there is no clip "${params.id}"`, {
          remedy: 'List the clips with `fieldloop clips list`.',
        });
      }
      const list = listName('listClipMarkers', params);
      const filter = { clip: params.id };
      return await eventPage(deps, { list, filter, limit, cursor, range: {} });
    },
  );

const get = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getEvent',
      tag: 'events',
      method: 'get',
      path: '/v1/events/{id}',
      summary: 'One event or marker',
      right: 'events:read',
    },
    {
      params: z.strictObject({ id: z.string().max(64) }),
      answer: { status: 200, description: 'The event.', schema },
    },
    async ({ params }) => {
      const event = await eventStore(deps.read).get(params.id);
      if (event !== undefined) return eventJson(event);
      throw new Fault('not_found', `there is no event "${params.id}"`, {
        remedy: 'List the events with `fieldloop events list`.',
      });
    },
  );

async function eventPage(
  deps: NounDeps,
  query: TimedQuery & { readonly filter: EventFilter },
): Promise<EventPage> {
  const events = eventStore(deps.read);
  const page = await timedPage(deps, query, {
    rows: async (range, at) => await events.list({ ...query.filter, ...range }, at),
    position: ({ atNs, id }) => ({ ns: atNs, id }),
    item: eventJson,
  });
  return page as EventPage;
}

function eventJson(event: Event): EventJson {
  return {
    ...event,
    atNs: String(event.atNs),
    endNs: String(event.endNs),
    values: { ...event.values },
    tags: [...event.tags],
    receivedAt: instantText(event.receivedAt),
  };
}
