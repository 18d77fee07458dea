/** The list of devices. */
import type { NounDeps } from '../http/deps.ts';
import { listAnswer, type Listing, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { deviceSource } from '../http/q/sources/devices.ts';
import { bit } from '../store/db.ts';
import { sql } from '../store/kysely.ts';
import { deviceStates } from './device.ts';
import { type DeviceJson, deviceJson, deviceSchema } from './json.ts';
import { devicesOf } from './rows.ts';

export type DevicePage = Listing<DeviceJson>;

const yesNo = z.enum(['true', 'false']).transform((text) => text === 'true');

export const listDevices = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listDevices',
      tag: 'devices',
      method: 'get',
      path: '/v1/devices',
      summary: 'Devices in the order of their names',
      right: 'devices:read',
      withinCohorts: true,
    },
    {
      query: listQuery(deviceSource, {
        state: z.enum(deviceStates).optional(),
        site: z.string().max(64).optional(),
        online: yesNo.optional().openapi({ type: 'boolean' }),
      }),
      answer: {
        status: 200,
        description: 'One page.',
        schema: listAnswer('DevicePage', deviceSchema),
      },
    },
    async ({ query, caller }) => {
      const { state, site, online } = query;
      return await listPage(deps, query, {
        operation: 'listDevices',
        source: deviceSource,
        rows: deps.read.selectFrom('device').selectAll('device'),
        schema: deviceSchema,
        caller,
        is: { state, site },
        where: () => [
          online === undefined ? undefined : sql<boolean>`device.online = ${BigInt(bit(online))}`,
        ],
        items: async (rows) => (await devicesOf(deps.read, rows)).map(deviceJson),
      });
    },
  );
