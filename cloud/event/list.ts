/** The lists of events: all, and those on the timeline of a clip. */
import { Fault } from '@fieldloop/core';
import type { Caller } from '../http/caller.ts';
import type { NounDeps } from '../http/deps.ts';
import { deviceRefField, severityField, timeFields, timeRange } from '../http/fields.ts';
import { listAnswer, listPage, type ListQuery, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import type { Narrowing } from '../http/q/filter.ts';
import { eventSource } from '../http/q/sources/events.ts';
import { deviceIdOf } from '../store/device-ref.ts';
import { sql } from '../store/kysely.ts';
import type { EventFilter } from './event.ts';
import { eventJson, type EventPage, eventSchema } from './json.ts';
import { eventOfRow, eventRows, eventStore } from './store.ts';

const answer = {
  status: 200 as const,
  description: 'One page.',
  schema: listAnswer('EventPage', eventSchema),
};

export const listEvents = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listEvents',
      tag: 'events',
      method: 'get',
      path: '/v1/events',
      summary: 'Events and markers, the newest log time first',
      right: 'events:read',
      withinCohorts: true,
      faults: ['not_found'],
    },
    {
      query: listQuery(eventSource, {
        device: deviceRefField.optional(),
        clip: z.string().max(64).optional(),
        kind: z.enum(['event', 'marker']).optional(),
        name: z.string().max(64).optional(),
        severity: severityField.optional(),
        ...timeFields,
      }),
      answer,
    },
    async ({ query, caller }) => {
      const { device, clip, kind, name, severity } = query;
      const deviceId = device === undefined ? undefined : await deviceIdOf(deps.read, device);
      return await page(deps, { query, caller }, 'listEvents', (now) => ({
        ...timeRange(query, now),
        deviceId,
        clip,
        kind,
        name,
        severity,
      }));
    },
  );

export const listClipMarkers = (deps: NounDeps): Operation =>
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
      query: listQuery(eventSource, {}),
      answer,
    },
    async ({ params, query }) => {
      const clip = params.id;
      if (!(await eventStore(deps.read).hasClip(clip))) {
        throw new Fault('not_found', `there is no clip "${clip}"`, {
          remedy: 'List the clips with `fieldloop clips list`.',
        });
      }
      return await page(deps, { query }, `listClipMarkers ${clip}`, () => ({ clip }));
    },
  );

const page = async (
  deps: NounDeps,
  { query, caller }: { readonly query: ListQuery; readonly caller?: Caller | undefined },
  operation: string,
  filter: (now: number) => EventFilter,
): Promise<EventPage> =>
  await listPage(deps, query, {
    operation,
    source: eventSource,
    rows: eventRows(deps.read),
    schema: eventSchema,
    caller,
    narrow: (now) => eventNarrowing(filter(now)),
    items: (rows) => rows.map((row) => eventJson(eventOfRow(row))),
  });

/** A filter as conditions on the source of events. */
export function eventNarrowing(filter: EventFilter): Omit<Narrowing, 'now'> {
  const { deviceId, clip, startNs, endNs } = filter;
  return {
    is: { kind: filter.kind, name: filter.name, severity: filter.severity },
    where: [
      deviceId === undefined ? undefined : sql<boolean>`event.device_id = ${deviceId}`,
      // An event may come before the clip it names: whose it is counts when it is read.
      clip === undefined
        ? undefined
        : sql<boolean>`(event.clip_id is not null and event.clip_id = ${clip}
            and not exists (select 1 from clip where clip.id = event.clip_id
              and clip.device_id <> event.device_id))`,
      startNs === undefined ? undefined : sql<boolean>`event.at_ns >= ${startNs}`,
      endNs === undefined ? undefined : sql<boolean>`event.at_ns < ${endNs}`,
    ],
  };
}
