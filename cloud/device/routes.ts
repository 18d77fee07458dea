import type { NounDeps } from '../http/deps.ts';
import { deviceRefField } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { demandVersion } from '../http/version.ts';
import { cohortsOf } from '../store/cohort-ref.ts';
import { unknownDevice } from '../store/device-ref.ts';
import { bulkOperations } from './bulk.ts';
import { listCohortDevices } from './cohort-list.ts';
import { demandDefined } from './defined.ts';
import { type DeviceJson, deviceJson, deviceSchema, propertyValueField } from './json.ts';
import { listDevices } from './list.ts';
import { stateOperations } from './state-routes.ts';
import { deviceStore } from './store.ts';
import { type VerbDeps, verbOperations } from './verbs.ts';
import { viewOperations } from './view-routes.ts';

export type { DeviceJson };
export type { DevicePage } from './list.ts';

const path = z.strictObject({ id: deviceRefField });

export type DeviceDeps = VerbDeps;

export function deviceOperations(deps: DeviceDeps): readonly Operation[] {
  const devices = deviceStore(deps.read);
  return [
    listDevices(deps),
    listCohortDevices(deps),
    operation(
      {
        id: 'getDevice',
        tag: 'devices',
        method: 'get',
        path: '/v1/devices/{id}',
        summary: 'One device with what it reports as running',
        right: 'devices:read',
      },
      { params: path, answer: { status: 200, description: 'The device.', schema: deviceSchema } },
      async ({ params }) => {
        const device = await devices.get(params.id);
        if (device === undefined) throw unknownDevice(params.id);
        const cohorts = await cohortsOf(deps.read, device.id, deps.clock.now());
        return { ...deviceJson(device), cohorts: cohorts.map(({ name }) => name) };
      },
    ),
    patch(deps),
    ...verbOperations(deps),
    ...bulkOperations(deps),
    ...viewOperations(deps),
    ...stateOperations(deps),
  ];
}

const topicField = z.string().min(1).max(256);
/** More is a mistake, and what a device's answer holds stays small. */
const mostMembers = 200;
const few = <T>(members: Readonly<Record<string, T>>): boolean =>
  Object.keys(members).length <= mostMembers;

const patchBody = z.strictObject({
  site: z.string().min(1).max(64).nullable().optional(),
  properties: z
    .record(z.string().min(1).max(64), propertyValueField.nullable())
    .refine(few, `has more than ${mostMembers} members`)
    .optional()
    .openapi({ description: 'Values of defined properties; null takes one away.' }),
  expectedRates: z
    .record(topicField, z.number().min(0).max(1e6).nullable())
    .refine(few, `has more than ${mostMembers} members`)
    .optional()
    .openapi({ description: 'Messages a second by topic; null takes one away.' }),
});

const patch = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'updateDevice',
      tag: 'devices',
      method: 'patch',
      path: '/v1/devices/{id}',
      summary: 'Say where a device is, what it is like, and how fast its topics should come',
      description: 'What is not named stays. The values of before are kept with their times.',
      right: 'devices:write',
    },
    {
      params: path,
      body: patchBody,
      answer: { status: 200, description: 'The device.', schema: deviceSchema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const devices = deviceStore(trx);
        const found = await devices.get(call.params.id);
        if (found === undefined) throw unknownDevice(call.params.id);
        demandVersion(call, found);
        await demandDefined(trx, call.body.properties ?? {});
        await devices.patch(found.id, call.body, deps.clock.now());
        const after = await devices.get(found.id);
        if (after === undefined) throw unknownDevice(call.params.id);
        const before = Object.fromEntries(found.properties.map(({ key, value }) => [key, value]));
        await call.audit(trx, {
          action: 'device.update',
          subject: found.id,
          before: { properties: before, expectedRates: found.expectedRates },
          after: call.body,
        });
        return deviceJson(after);
      }),
  );
