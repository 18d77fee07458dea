import { certificateStore } from '../auth/certificates.ts';
import { listName, type NounDeps } from '../http/deps.ts';
import {
  cursorField,
  deviceRefField,
  instantField,
  instantText,
  limitField,
} from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { pageOf } from '../http/page.ts';
import { putAudit } from '../store/audit-chain.ts';
import { unknownDevice } from '../store/device-ref.ts';
import { type Device, deviceStates } from './device.ts';
import { deviceStore } from './store.ts';

const reported = z
  .object({ digest: z.string(), at: instantField, document: z.unknown() })
  .openapi('ReportedSection');

const deviceSchema = z
  .object({
    id: z.string().openapi({ example: 'dev_01JC0000000000000000000000' }),
    name: z.string(),
    state: z.enum(deviceStates),
    site: z.string().optional(),
    presence: z.object({
      online: z.boolean(),
      since: instantField.optional(),
      lastSeen: instantField.optional(),
      boot: z.string().optional(),
    }),
    running: z.record(z.string(), reported).openapi({
      description: 'What the robot said it runs: `agent`, `firmware`, `models`, `rules`.',
    }),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('Device');

export type DeviceJson = z.infer<typeof deviceSchema>;

const page = z
  .object({ items: z.array(deviceSchema), nextCursor: z.string().optional() })
  .openapi('DevicePage');

export type DevicePage = z.infer<typeof page>;

const path = z.strictObject({ id: deviceRefField });
const yesNo = z.enum(['true', 'false']).transform((text) => text === 'true');

export interface DeviceDeps extends NounDeps {
  /** The device lost its right to speak: its connections are closed before the answer. */
  onRevoked(name: string): void;
}

export function deviceOperations(deps: DeviceDeps): readonly Operation[] {
  const devices = deviceStore(deps.read);
  return [
    operation(
      {
        id: 'listDevices',
        tag: 'devices',
        method: 'get',
        path: '/v1/devices',
        summary: 'Devices in the order of their names',
        right: 'devices:read',
      },
      {
        query: z.strictObject({
          state: z.enum(deviceStates).optional(),
          site: z.string().max(64).optional(),
          online: yesNo.optional().openapi({ type: 'boolean' }),
          limit: limitField,
          cursor: cursorField,
        }),
        answer: { status: 200, description: 'One page.', schema: page },
      },
      async ({ query }) => {
        const list = listName('listDevices', query);
        const { limit, cursor, ...filter } = query;
        const [after] = cursor === undefined ? [] : deps.cursors.decode(list, cursor);
        const rows = await devices.list({ ...filter, after, limit: limit + 1 });
        return pageOf(rows, limit, {
          item: deviceJson,
          cursor: (last) => deps.cursors.encode(list, [last.name]),
        }) as DevicePage;
      },
    ),
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
        return deviceJson(device);
      },
    ),
    revoke(deps),
  ];
}

const revoke = (deps: DeviceDeps): Operation =>
  operation(
    {
      id: 'revokeDevice',
      tag: 'devices',
      method: 'post',
      path: '/v1/devices/{id}:revoke',
      summary: 'Take a device its right to connect',
      description: 'Its connections are closed. Clips that it sent stay. Twice is once.',
      right: 'devices:admin',
    },
    { params: path, answer: { status: 200, description: 'The device.', schema: deviceSchema } },
    async ({ params, caller, requestId }) => {
      const at = deps.clock.now();
      const device = await deps.write.transaction().execute(async (trx) => {
        const found = await deviceStore(trx).get(params.id);
        if (found === undefined) throw unknownDevice(params.id);
        if (await deviceStore(trx).revoke(found.name, at)) {
          await certificateStore(trx).end(found.name, 'revoked', at);
          await putAudit(trx, {
            at,
            actor: caller?.id ?? 'system',
            via: 'api',
            action: 'device.revoke',
            subject: found.id,
            requestId,
          });
        }
        return await deviceStore(trx).get(found.id);
      });
      if (device === undefined) throw unknownDevice(params.id);
      deps.onRevoked(device.name);
      return deviceJson(device);
    },
  );

function deviceJson(device: Device): DeviceJson {
  const { presence, running, createdAt, updatedAt, ...same } = device;
  const { since, lastSeen, ...known } = presence;
  return {
    ...same,
    presence: {
      ...known,
      ...(since === undefined ? {} : { since: instantText(since) }),
      ...(lastSeen === undefined ? {} : { lastSeen: instantText(lastSeen) }),
    },
    running: Object.fromEntries(
      Object.entries(running).map(([section, { digest, at, document }]) => [
        section,
        { digest, at: instantText(at), document },
      ]),
    ),
    createdAt: instantText(createdAt),
    updatedAt: instantText(updatedAt),
  };
}
