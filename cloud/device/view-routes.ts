/** What became of a device's time, how its topics come, and its numbers over time. */
import { Fault } from '@fieldloop/core';
import type { NounDeps } from '../http/deps.ts';
import {
  deviceRefField,
  instantField,
  instantText,
  nsField,
  timeFields,
  timeRange,
} from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import {
  coverageMs,
  maxCoverageRows,
  maxPlotMs,
  maxPlotPx,
  plotPx,
  topicFreshMs,
  topicUsualMs,
} from '../device-limits.ts';
import { coverageOf, coverageStates } from '../store/coverage.ts';
import { coverageSpans } from '../store/coverage-rows.ts';
import { unknownDevice } from '../store/device-ref.ts';
import { telemetryStore } from '../store/telemetry.ts';
import { columnsOf } from './columns.ts';
import type { Device } from './device.ts';
import { deviceStore } from './store.ts';
import { type TopicHealth, topicHealth, topicStates } from './topic-health.ts';
import { laneGaps, sampledSeries, topicsInClips } from './view-rows.ts';

const path = z.strictObject({ id: deviceRefField });

export const viewOperations = (deps: NounDeps): readonly Operation[] => [
  coverage(deps),
  topics(deps),
  telemetry(deps),
];

async function demandDevice(deps: NounDeps, id: string): Promise<Device> {
  const device = await deviceStore(deps.read).get(id);
  if (device === undefined) throw unknownDevice(id);
  return device;
}

const sums = z.object({
  stored: nsField,
  uploading: nsField,
  onRobot: nsField,
  evicted: nsField,
  missing: nsField,
  recorded: nsField,
});

const coverageSchema = z
  .object({
    device: z.string(),
    startNs: nsField,
    endNs: nsField,
    ranges: z.array(z.object({ state: z.enum(coverageStates), startNs: nsField, endNs: nsField })),
    sumsNs: sums.openapi({
      description: 'Nanoseconds in each state; `recorded` is in a session and in no clip.',
    }),
    gaps: z
      .array(z.object({ lane: z.string(), reason: z.string(), rows: z.int(), at: instantField }))
      .openapi({ description: 'Rows that the robot will never send: their log time is unknown.' }),
  })
  .openapi('Coverage');

export type CoverageJson = z.infer<typeof coverageSchema>;

const coverage = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getDeviceCoverage',
      tag: 'devices',
      method: 'get',
      path: '/v1/devices/{id}/coverage',
      summary: 'When data was recorded, and where it is now',
      description:
        'Each instant has its best state: stored, uploading, on_robot, evicted, missing, recorded. Nothing was recorded where no range is. Without a range of time: the last 24 hours.',
      right: 'devices:read',
    },
    {
      params: path,
      query: z.strictObject(timeFields),
      answer: { status: 200, description: 'Ranges in order.', schema: coverageSchema },
    },
    async ({ params, query }) => {
      const device = await demandDevice(deps, params.id);
      const now = deps.clock.now();
      const asked = timeRange(query, now);
      const endNs = asked.endNs ?? BigInt(now) * nsPerMs;
      const startNs = asked.startNs ?? less(endNs, BigInt(coverageMs) * nsPerMs);
      const window = { startNs, endNs };
      const spans = await coverageSpans(deps.read, { deviceId: device.id }, window);
      if (spans === undefined) {
        throw new Fault('invalid', `more than ${maxCoverageRows} clips are in this range`, {
          place: '/query/startNs',
          remedy: 'Ask for a shorter range of time.',
        });
      }
      const { ranges, sumsNs } = coverageOf(spans, window);
      const { on_robot: onRobot, ...others } = sumsNs;
      const gaps = await laneGaps(deps.read, device.name, {
        startMs: Number(startNs / nsPerMs),
        endMs: Number(endNs / nsPerMs),
      });
      return {
        device: device.name,
        startNs: String(startNs),
        endNs: String(endNs),
        ranges: ranges.map((range) => ({
          state: range.state,
          startNs: String(range.startNs),
          endNs: String(range.endNs),
        })),
        sumsNs: {
          stored: String(others.stored),
          uploading: String(others.uploading),
          onRobot: String(onRobot),
          evicted: String(others.evicted),
          missing: String(others.missing),
          recorded: String(others.recorded),
        },
        gaps: gaps.map((gap) => ({ ...gap, at: instantText(gap.at) })),
      };
    },
  );

const nsPerMs = 1_000_000n;
const less = (ns: bigint, by: bigint): bigint => (ns > by ? ns - by : 0n);

const topicsSchema = z
  .object({
    device: z.string(),
    items: z.array(
      z.object({
        topic: z.string(),
        state: z.enum(topicStates),
        hz: z.number().optional().openapi({ description: 'Messages a second, measured last.' }),
        at: instantField.optional(),
        expectedHz: z.number().optional(),
        expectedBy: z.enum(['declared', 'median']).optional().openapi({
          description: 'Declared by an operator, or the median of the last 7 days.',
        }),
      }),
    ),
  })
  .openapi('TopicHealth');

export type TopicHealthJson = z.infer<typeof topicsSchema>;

const topics = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getDeviceTopics',
      tag: 'devices',
      method: 'get',
      path: '/v1/devices/{id}/topics',
      summary: 'Each topic with its rate against the one that is expected',
      description:
        '`low`: under 80 % of what is expected; `unknown`: not measured lately, or nothing to compare with.',
      right: 'devices:read',
    },
    { params: path, answer: { status: 200, description: 'By name.', schema: topicsSchema } },
    async ({ params }) => {
      const device = await demandDevice(deps, params.id);
      const found = await healthOf(deps, device);
      return {
        device: device.name,
        items: found.map(({ at, ...health }) => ({
          ...health,
          ...(at === undefined ? {} : { at: instantText(at) }),
        })),
      };
    },
  );

/** `topic./scan.hz` */
const seriesOf = (topic: string): string => `topic.${topic}.hz`;
const topicIn = (series: string): string | undefined => /^topic\.(.+)\.hz$/.exec(series)?.[1];

async function healthOf(deps: NounDeps, device: Device): Promise<readonly TopicHealth[]> {
  const now = deps.clock.now();
  const latest = new Map(
    (await telemetryStore(deps.read).latest(device.id)).map((one) => [one.series, one]),
  );
  const measured = [...latest.keys()].map(topicIn).filter((topic) => topic !== undefined);
  const declared = device.expectedRates;
  const inClips = await topicsInClips(deps.read, device.id);
  const names = [...new Set([...Object.keys(declared), ...measured, ...inClips])].sort();
  const usual = await sampledSeries(deps.read, device.id, {
    series: measured.filter((topic) => declared[topic] === undefined).map(seriesOf),
    since: now - topicUsualMs,
  });
  return names.map((topic) => {
    const last = latest.get(seriesOf(topic));
    return topicHealth(
      {
        topic,
        hz: last?.value,
        at: last?.at,
        declaredHz: declared[topic],
        recentHz: usual.get(seriesOf(topic)) ?? [],
      },
      now - topicFreshMs,
    );
  });
}

const msField = z
  .string()
  .regex(/^\d{1,14}$/, 'is not a number of Unix milliseconds')
  .transform(Number)
  .optional()
  .openapi({ type: 'integer', description: 'Unix milliseconds.' });

const telemetrySchema = z
  .object({
    device: z.string(),
    latest: z
      .array(
        z.object({ series: z.string(), unit: z.string(), value: z.number(), at: instantField }),
      )
      .openapi({ description: 'The newest value of each series, or of the one asked for.' }),
    columns: z
      .array(z.object({ at: instantField, least: z.number(), most: z.number(), count: z.int() }))
      .optional()
      .openapi({ description: 'Least and most of each pixel column; columns without data miss.' }),
  })
  .openapi('Telemetry');

export type TelemetryJson = z.infer<typeof telemetrySchema>;

const telemetry = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getDeviceTelemetry',
      tag: 'devices',
      method: 'get',
      path: '/v1/devices/{id}/telemetry',
      summary: 'The numbers of a device: the newest, or one of them over time',
      description: 'Without `series` the newest of all; with it a plot at screen resolution.',
      right: 'devices:read',
    },
    {
      params: path,
      query: z.strictObject({
        series: z.string().min(1).max(300).optional(),
        startMs: msField,
        endMs: msField,
        px: z
          .string()
          .regex(/^\d{1,4}$/, `is not a number from 1 to ${maxPlotPx}`)
          .transform(Number)
          .refine((px) => px >= 1 && px <= maxPlotPx, `is not from 1 to ${maxPlotPx}`)
          .default(plotPx)
          .openapi({ type: 'integer', minimum: 1, maximum: maxPlotPx, default: plotPx }),
      }),
      answer: { status: 200, description: 'Values.', schema: telemetrySchema },
    },
    async ({ params, query }) => {
      const device = await demandDevice(deps, params.id);
      const store = telemetryStore(deps.read);
      const { series, px } = query;
      const all = await store.latest(device.id);
      const latest = all
        .filter((one) => series === undefined || one.series === series)
        .map((one) => ({ ...one, at: instantText(one.at) }));
      if (series === undefined) return { device: device.name, latest };
      const endMs = query.endMs ?? deps.clock.now();
      const startMs = query.startMs ?? Math.max(0, endMs - coverageMs);
      if (startMs >= endMs || endMs - startMs > maxPlotMs) {
        throw new Fault('invalid', 'the range of time is empty or too long', {
          place: '/query/startMs',
          remedy: `Ask for at most ${maxPlotMs / 86_400_000} days that end after they begin.`,
        });
      }
      const points = await store.series(device.id, series, { startAt: startMs, endAt: endMs });
      const columns = columnsOf(points, { startMs, endMs, px });
      return {
        device: device.name,
        latest,
        columns: columns.map((column) => ({ ...column, at: instantText(column.at) })),
      };
    },
  );
