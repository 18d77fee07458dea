/** A device as the API shows it. */
import { instantField, instantText } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { type Device, deviceStates } from './device.ts';

const reported = z
  .object({ digest: z.string(), at: instantField, document: z.unknown() })
  .openapi('ReportedSection');

export const propertyValueField = z.union([z.string().max(256), z.number(), z.boolean()]);

export const deviceSchema = z
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
    properties: z.record(z.string(), propertyValueField).openapi({
      description: 'What holds now, of people and of the robot: site, firmware, hw, …',
    }),
    expectedRates: z.record(z.string(), z.number()).openapi({
      description: 'Messages a second that the operator declared, by topic.',
    }),
    cohorts: z
      .array(z.string())
      .optional()
      .openapi({ description: 'Names of those that it is in now; where one device is read.' }),
    certificate: z
      .object({ fingerprint: z.string(), notAfter: instantField })
      .optional()
      .openapi({ description: 'The newest with which it may connect.' }),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('Device');

export type DeviceJson = z.infer<typeof deviceSchema>;

export function deviceJson(device: Device): DeviceJson {
  const { presence, running, properties, certificate, createdAt, updatedAt, ...same } = device;
  const { since, lastSeen, ...known } = presence;
  return {
    ...same,
    expectedRates: { ...same.expectedRates },
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
    properties: Object.fromEntries(properties.map(({ key, value }) => [key, value])),
    ...(certificate === undefined
      ? {}
      : { certificate: { ...certificate, notAfter: instantText(certificate.notAfter) } }),
    createdAt: instantText(createdAt),
    updatedAt: instantText(updatedAt),
  };
}
