import { Fault } from '@fieldloop/core';
import type { NounDeps } from '../http/deps.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { eventJson, eventSchema } from './json.ts';
import { eventKindOperations } from './kind-routes.ts';
import { listClipMarkers, listEvents } from './list.ts';
import { listDeviceEvents, listSessionEvents } from './nested-lists.ts';
import { eventStore } from './store.ts';
import { writeOperations } from './write-routes.ts';

export type { EventJson, EventPage } from './json.ts';

export function eventOperations(deps: NounDeps): readonly Operation[] {
  return [
    listEvents(deps),
    get(deps),
    listClipMarkers(deps),
    listDeviceEvents(deps),
    listSessionEvents(deps),
    ...writeOperations(deps),
    ...eventKindOperations(deps),
  ];
}

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
      answer: { status: 200, description: 'The event.', schema: eventSchema },
    },
    async ({ params }) => {
      const event = await eventStore(deps.read).get(params.id);
      if (event !== undefined) return eventJson(event);
      throw new Fault('not_found', `there is no event "${params.id}"`, {
        remedy: 'List the events with `fieldloop events list`.',
      });
    },
  );
