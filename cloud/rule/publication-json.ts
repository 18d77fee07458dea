/** Publications as the API shows them. */
import { instantField, instantText } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { figuresJson, forecastSchema } from './json.ts';
import type { Actual } from './judge.ts';
import type { Publication, PublicationDevice } from './publication-store.ts';
import { deviceRoles, publicationModes, publicationStates } from './rule.ts';
import type { KeptForecast } from './store.ts';

/** Above it nobody would call it a limit. */
const mostFactor = 1_000;

export const limitsField = z
  .strictObject({
    haltFactor: z.number().min(1).max(mostFactor).default(3).openapi({
      description: 'Halts when a rate is over this many times the upper end of the forecast.',
    }),
    maxFaults: z.int().min(0).max(1_000_000).default(0),
    maxMibPerRobotDay: z.number().min(0.1).max(10_000_000).optional(),
  })
  .prefault({});

const actualSchema = z.object({
  devices: z.int().openapi({ description: 'Devices that run it now.' }),
  robotDays: z.number(),
  evaluations: z.number(),
  faults: z.number(),
  fires: z.number(),
  clips: z.number(),
  bytes: z.number(),
  largestClip: z.number(),
  byRule: z.record(z.string(), z.number()),
  perRobotDay: z.object({ fires: z.number(), clips: z.number(), bytes: z.number() }),
});

export const publicationDeviceSchema = z
  .object({
    id: z.string(),
    device: z.string(),
    role: z.enum(deviceRoles).openapi({
      description: 'covered: a newer publication has the device. none: this one has ended.',
    }),
    state: z.enum(['pending', 'running', 'rejected', 'offline']),
    digest: z.string().optional(),
    problems: z.array(
      z.object({
        line: z.int(),
        column: z.int(),
        code: z.string(),
        message: z.string(),
        remedy: z.string().optional(),
      }),
    ),
    startedAt: instantField,
    reportedAt: instantField.optional(),
    exposureHours: z.number(),
    evaluations: z.number(),
    faults: z.number(),
    fired: z.record(z.string(), z.number()),
    clips: z.number(),
    bytes: z.number(),
  })
  .openapi('PublicationDevice');

export type PublicationDeviceJson = z.infer<typeof publicationDeviceSchema>;

export const publicationSchema = z
  .object({
    id: z.string().openapi({ example: 'pub_01JC0000000000000000000000' }),
    ruleSet: z.string(),
    ruleSetVersion: z.int(),
    digest: z.string(),
    cohort: z.object({ id: z.string(), name: z.string().optional() }),
    mode: z.enum(publicationModes),
    state: z.enum(publicationStates),
    percent: z.int().openapi({ description: 'Share of the cohort that an active one reaches.' }),
    limits: z.object({
      haltFactor: z.number(),
      maxFaults: z.int(),
      maxMibPerRobotDay: z.number().optional(),
    }),
    forecast: forecastSchema
      .omit({ ruleSet: true, n: true, digest: true, createdBy: true, createdAt: true })
      .optional(),
    forced: z.string().optional().openapi({ description: 'Why it has no forecast.' }),
    reason: z.string().optional().openapi({ description: 'Why it was halted or rolled back.' }),
    actual: actualSchema.optional(),
    judgedAt: instantField.optional(),
    perDevice: z.array(publicationDeviceSchema).optional().openapi({
      description: 'The first of them, where one publication is asked for.',
    }),
    createdBy: z.string(),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('Publication');

export type PublicationJson = z.infer<typeof publicationSchema>;

export interface PublicationParts {
  readonly cohortName: string | undefined;
  readonly forecast: KeptForecast | undefined;
  readonly devices?: readonly PublicationDevice[] | undefined;
}

export function publicationJson(of: Publication, parts: PublicationParts): PublicationJson {
  const { cohortName, forecast, devices } = parts;
  const { id, ruleSet, n, digest, mode, state, percent, limits, createdBy, version } = of;
  return {
    id,
    ruleSet,
    ruleSetVersion: n,
    digest,
    mode,
    state,
    percent,
    cohort: { id: of.cohort, ...(cohortName === undefined ? {} : { name: cohortName }) },
    limits: { ...limits },
    ...(forecast && { forecast: { id: forecast.id, ...figuresJson(forecast.forecast) } }),
    ...(of.forced === undefined ? {} : { forced: of.forced }),
    ...(of.reason === undefined ? {} : { reason: of.reason }),
    ...(of.actual === undefined ? {} : { actual: actualJson(of.actual) }),
    ...(of.judgedAt === undefined ? {} : { judgedAt: instantText(of.judgedAt) }),
    ...(devices === undefined ? {} : { perDevice: devices.map(publicationDeviceJson) }),
    createdBy,
    createdAt: instantText(of.createdAt),
    updatedAt: instantText(of.updatedAt),
    version,
  };
}

function actualJson(actual: Actual): NonNullable<PublicationJson['actual']> {
  const { robotDays, fires, clips, bytes } = actual;
  const rate = (count: number): number => (robotDays === 0 ? 0 : count / robotDays);
  return {
    ...actual,
    byRule: { ...actual.byRule },
    perRobotDay: { fires: rate(fires), clips: rate(clips), bytes: rate(bytes) },
  };
}

export function publicationDeviceJson(of: PublicationDevice): PublicationDeviceJson {
  const { deviceId, device, online, role, state, problems, evaluations, faults } = of;
  return {
    id: deviceId,
    device,
    role,
    state: state === 'pending' && !online ? 'offline' : state,
    ...(of.digest === undefined ? {} : { digest: of.digest }),
    problems: problems.map((problem) => ({ ...problem })),
    startedAt: instantText(of.startedAt),
    ...(of.reportAt === 0 ? {} : { reportedAt: instantText(of.reportAt) }),
    exposureHours: of.exposureMs / 3_600_000,
    evaluations,
    faults,
    fired: { ...of.fired },
    clips: of.clips,
    bytes: of.bytes,
  };
}
