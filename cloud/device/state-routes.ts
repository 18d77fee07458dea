/** What a device is and was: its properties over time, its connections, what it should run. */
import type { Json } from '@fieldloop/core';
import type { NounDeps } from '../http/deps.ts';
import { listName } from '../http/deps.ts';
import { deviceRefField, instantField, instantText, pageFields } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { pageOf } from '../http/page.ts';
import { listDesired } from '../store/desired.ts';
import { unknownDevice } from '../store/device-ref.ts';
import { propertyIntervals } from '../store/properties.ts';
import { configStates, sectionConfig } from './config-state.ts';
import type { Device } from './device.ts';
import { propertyValueField } from './json.ts';
import { deviceStore } from './store.ts';
import { connectionsOf } from './view-rows.ts';

const path = z.strictObject({ id: deviceRefField });

export const stateOperations = (deps: NounDeps): readonly Operation[] => [
  properties(deps),
  intervals(deps),
  presence(deps),
  config(deps),
];

async function demandDevice(deps: NounDeps, id: string): Promise<Device> {
  const device = await deviceStore(deps.read).get(id);
  if (device === undefined) throw unknownDevice(id);
  return device;
}

const sourceField = z
  .enum(['operator', 'agent', 'firmware', 'models', 'rules'])
  .openapi({ description: 'An operator, or the section of the robot’s report that says it.' });

const propertiesSchema = z
  .object({
    device: z.string(),
    items: z.array(
      z.object({
        key: z.string(),
        value: propertyValueField,
        source: sourceField,
        since: instantField,
      }),
    ),
  })
  .openapi('DeviceProperties');

export type DevicePropertiesJson = z.infer<typeof propertiesSchema>;

const properties = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getDeviceProperties',
      tag: 'devices',
      method: 'get',
      path: '/v1/devices/{id}/properties',
      summary: 'What holds of a device now, who says it and since when',
      right: 'devices:read',
    },
    { params: path, answer: { status: 200, description: 'By key.', schema: propertiesSchema } },
    async ({ params }) => {
      const device = await demandDevice(deps, params.id);
      return {
        device: device.name,
        items: device.properties.map(({ key, value, source, at }) => ({
          key,
          value,
          source,
          since: instantText(at),
        })),
      };
    },
  );

const interval = z
  .object({
    key: z.string(),
    value: propertyValueField,
    source: sourceField,
    from: instantField,
    to: instantField.optional().openapi({ description: 'Absent while it holds.' }),
  })
  .openapi('PropertyInterval');

const intervalPage = z
  .object({ items: z.array(interval), nextCursor: z.string().optional() })
  .openapi('PropertyIntervalPage');

export type PropertyIntervalPage = z.infer<typeof intervalPage>;

const intervals = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listDevicePropertyIntervals',
      tag: 'devices',
      method: 'get',
      path: '/v1/devices/{id}/propertyIntervals',
      summary: 'Which value a property had when',
      description: 'With `atMs` what held at that moment: which firmware, which rules, which site.',
      right: 'devices:read',
    },
    {
      params: path,
      query: z.strictObject({
        key: z.string().min(1).max(128).optional().openapi({ example: 'firmware' }),
        atMs: z
          .string()
          .regex(/^\d{1,14}$/, 'is not a number of Unix milliseconds')
          .transform(Number)
          .optional()
          .openapi({ type: 'integer', description: 'Only what held then, Unix milliseconds.' }),
        ...pageFields,
      }),
      answer: { status: 200, description: 'The newest first.', schema: intervalPage },
    },
    async ({ params, query }) => {
      const device = await demandDevice(deps, params.id);
      const list = listName('listDevicePropertyIntervals', { ...query, device: device.id });
      const { key, atMs, limit, cursor } = query;
      const [from, last] = cursor === undefined ? [] : deps.cursors.decode(list, cursor);
      const after = from === undefined ? undefined : { from: Number(from), key: last ?? '' };
      const found = await propertyIntervals(deps.read, device.id, {
        key,
        at: atMs,
        limit: limit + 1,
        after,
      });
      return pageOf(found, limit, {
        item: (one) => ({
          key: one.key,
          value: one.value,
          source: one.source,
          from: instantText(one.from),
          ...(one.to === undefined ? {} : { to: instantText(one.to) }),
        }),
        cursor: (one) => deps.cursors.encode(list, [String(one.from), one.key]),
      }) as PropertyIntervalPage;
    },
  );

const presenceSchema = z
  .object({
    device: z.string(),
    online: z.boolean(),
    since: instantField.optional(),
    lastSeen: instantField.optional(),
    boot: z.string().optional(),
    connections: z
      .array(
        z.object({
          id: z.string(),
          kind: z.string().openapi({ description: '`control`, or `bulk` while clips are sent.' }),
          node: z.string(),
          remote: z.string(),
          openedAt: instantField,
          closedAt: instantField.optional(),
          why: z.string().optional().openapi({ description: 'Why it was closed.' }),
        }),
      )
      .openapi({ description: 'The newest first; those of the last 30 days are kept.' }),
  })
  .openapi('Presence');

export type PresenceJson = z.infer<typeof presenceSchema>;

const presence = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getDevicePresence',
      tag: 'devices',
      method: 'get',
      path: '/v1/devices/{id}/presence',
      summary: 'Whether a device is connected, and why its connections ended',
      right: 'devices:read',
    },
    { params: path, answer: { status: 200, description: 'Presence.', schema: presenceSchema } },
    async ({ params }) => {
      const { name, presence } = await demandDevice(deps, params.id);
      const { since, lastSeen, ...same } = presence;
      const connections = await connectionsOf(deps.read, name);
      return {
        device: name,
        ...same,
        ...(since === undefined ? {} : { since: instantText(since) }),
        ...(lastSeen === undefined ? {} : { lastSeen: instantText(lastSeen) }),
        connections: connections.map(({ openedAt, closedAt, ...one }) => ({
          ...one,
          openedAt: instantText(openedAt),
          ...(closedAt === undefined ? {} : { closedAt: instantText(closedAt) }),
        })),
      };
    },
  );

const configSchema = z
  .object({
    device: z.string(),
    items: z.array(
      z.object({
        section: z.string(),
        state: z.enum(configStates),
        since: instantField,
        desired: z.object({ generation: z.int(), digest: z.string() }).optional(),
        reported: z.object({ digest: z.string(), at: instantField }).optional(),
        differences: z.array(
          z.object({
            pointer: z.string(),
            desired: z.unknown().optional(),
            reported: z.unknown().optional(),
          }),
        ),
        problems: z
          .unknown()
          .optional()
          .openapi({ description: 'Why the robot does not take it, in its own words.' }),
      }),
    ),
  })
  .openapi('DeviceConfig');

export type DeviceConfigJson = z.infer<typeof configSchema>;

const config = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getDeviceConfig',
      tag: 'devices',
      method: 'get',
      path: '/v1/devices/{id}/config',
      summary: 'What a device should run, what it runs, and the difference',
      right: 'devices:read',
    },
    { params: path, answer: { status: 200, description: 'By section.', schema: configSchema } },
    async ({ params }) => {
      const device = await demandDevice(deps, params.id);
      const desired = await listDesired(deps.read, device.id);
      const sections = new Set([
        ...desired.map((one) => one.section),
        ...Object.keys(device.running),
      ]);
      const items = [...sections].sort().map((section) => {
        const report = device.running[section];
        const { since, reported, ...same } = sectionConfig(
          section,
          desired.find((one) => one.section === section),
          report && { ...report, document: report.document as Json },
        );
        return {
          ...same,
          differences: [...same.differences],
          since: instantText(since),
          ...(reported && { reported: { ...reported, at: instantText(reported.at) } }),
        };
      });
      return { device: device.name, items };
    },
  );
