/** What is inside a clip and around it: topics, messages, plots, pictures, why, and its lineage. */
import { Fault } from '@fieldloop/core';
import { instantField, instantText, nsField, nsInstantText } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { maxPlotColumns } from '../limits.ts';
import { type Clip, leadingMarker } from './clip.ts';
import { stateReason } from './care.ts';
import {
  type ClipDeps,
  clipPath,
  countField,
  demandClip,
  openedClip,
  storedRecording,
  yesField,
} from './deps.ts';
import {
  clipJson,
  clipSchema,
  lineageJson,
  lineageSchema,
  rate,
  whyJson,
  whySchema,
} from './json.ts';
import { preview, sketch } from './preview-routes.ts';
import { marginsOf } from './story.ts';
import { clipStoryStore } from './story-store.ts';
import { viewOf } from './view.ts';

export const clipViewOperations = (deps: ClipDeps): readonly Operation[] => [
  get(deps),
  topics(deps),
  plot(deps),
  preview(deps),
  sketch(deps),
  why(deps),
  lineage(deps),
];

const get = (deps: ClipDeps): Operation =>
  operation(
    {
      id: 'getClip',
      tag: 'clips',
      method: 'get',
      path: '/v1/clips/{id}',
      summary: 'One clip, and why it was flagged',
      right: 'clips:read',
    },
    { params: clipPath, answer: { status: 200, description: 'The clip.', schema: clipSchema } },
    async ({ params }) => clipJson(await viewOf(deps.read, await demandClip(deps.read, params.id))),
  );

const topicsSchema = z
  .object({
    clip: z.string(),
    source: z
      .enum(['file', 'manifest'])
      .openapi({ description: '`manifest`: the bytes are not here, this is what the robot said.' }),
    topics: z.array(
      z.object({
        name: z.string(),
        schema: z.string(),
        schemaEncoding: z.string().optional(),
        messageEncoding: z.string().optional(),
        latched: z.boolean().optional(),
        count: z.int(),
        hz: z.number(),
        bytes: z.int().optional().openapi({ description: 'Of the messages’ data.' }),
        firstNs: nsField.optional(),
        lastNs: nsField.optional(),
      }),
    ),
  })
  .openapi('ClipTopics');

const topics = (deps: ClipDeps): Operation =>
  operation(
    {
      id: 'getClipTopics',
      tag: 'clips',
      method: 'get',
      path: '/v1/clips/{id}/topics',
      summary: 'The topics of a clip, with their counts, rates and times',
      description: 'Sizes take a walk through the file: ask for them with `bytes=true`.',
      right: 'clips:read',
      faults: ['corrupt'],
    },
    {
      params: clipPath,
      query: z.strictObject({ bytes: yesField }),
      answer: { status: 200, description: 'By name.', schema: topicsSchema },
    },
    async ({ params, query, request }) => {
      const clip = await demandClip(deps.read, params.id);
      if (clip.state !== 'stored') {
        const shown = clipManifestTopics(clip);
        return { clip: clip.id, source: 'manifest' as const, topics: shown };
      }
      const call = { source: storedRecording(clip), withBytes: query.bytes };
      const found = await deps.recordings.call('topics', call, request.signal);
      const seconds = Number(clip.endNs - clip.startNs) / 1e9;
      const shown = found.map(({ topic, firstNs, lastNs, ...same }) => ({
        name: topic,
        ...same,
        hz: rate(same.count, seconds),
        ...(firstNs === undefined ? {} : { firstNs: String(firstNs) }),
        ...(lastNs === undefined ? {} : { lastNs: String(lastNs) }),
      }));
      return { clip: clip.id, source: 'file' as const, topics: shown };
    },
  );

function clipManifestTopics(clip: Clip) {
  const seconds = Number(clip.endNs - clip.startNs) / 1e9;
  return clip.manifest.topics.map(({ topic, schema, count }) => ({
    name: topic,
    schema,
    count,
    hz: rate(count, seconds),
  }));
}

const numbers = z.array(z.number().nullable());
const counts = z.array(z.int());

const plotSchema = z
  .object({
    clip: z.string(),
    startNs: nsField,
    endNs: nsField,
    px: z.int(),
    series: z.array(
      z.object({
        path: z.string(),
        topic: z.string(),
        field: z.string(),
        type: z.string(),
        unit: z.string().optional(),
        messages: z.int(),
        faults: z.int().openapi({ description: 'Messages that are not what their schema says.' }),
        columns: z
          .object({
            x: counts.openapi({ description: 'The column: 0 at startNs.' }),
            count: counts,
            gaps: counts.openapi({ description: 'Messages without a number: NaN, absent.' }),
            min: numbers,
            max: numbers,
            first: numbers,
            last: numbers,
          })
          .openapi({ description: 'Only columns that have messages; null where all are gaps.' }),
      }),
    ),
  })
  .openapi('ClipPlot');

const plot = (deps: ClipDeps): Operation =>
  operation(
    {
      id: 'getClipPlot',
      tag: 'clips',
      method: 'get',
      path: '/v1/clips/{id}/plot',
      summary: 'Signals at the resolution of a screen',
      description:
        'Smallest, largest, first and last value of each pixel column, so that no spike is lost. ' +
        'A path is a topic, a dot and a field: `/odom.twist.twist.linear.x`, ' +
        '`/scan.ranges[]@min`, `/scan.ranges[0]`.',
      right: 'clips:read',
      faults: ['conflict', 'corrupt'],
    },
    {
      params: clipPath,
      query: z.strictObject({
        path: z
          .array(z.string().min(1).max(512))
          .min(1)
          .openapi({ description: 'May repeat.', example: ['/odom.twist.twist.linear.x'] }),
        startNs: nsField.optional().openapi({ description: 'The clip’s start when absent.' }),
        endNs: nsField.optional().openapi({ description: 'Before; behind the clip’s end.' }),
        px: countField({ least: 1, most: maxPlotColumns, otherwise: 1000 }),
      }),
      answer: { status: 200, description: 'One series a path, in order.', schema: plotSchema },
    },
    async (asked) => {
      const { query, request } = asked;
      const clip = await openedClip(deps, asked, 'clip.plot');
      const source = storedRecording(clip);
      const startNs = query.startNs === undefined ? clip.startNs : BigInt(query.startNs);
      const endNs = query.endNs === undefined ? clip.endNs + 1n : BigInt(query.endNs);
      demandRange(startNs, endNs);
      const { path: paths, px } = query;
      const range = { startNs, endNs, px };
      const call = { source, paths, ...range };
      const series = await deps.recordings.call('plot', call, request.signal);
      return {
        clip: clip.id,
        startNs: String(startNs),
        endNs: String(endNs),
        px,
        series: [...series],
      };
    },
  );

export function demandRange(startNs: bigint | undefined, endNs: bigint | undefined): void {
  if (startNs === undefined || endNs === undefined || startNs < endNs) return;
  throw new Fault('invalid', 'the end of the range is not behind its start', {
    place: '/query/endNs',
    remedy: 'Give an endNs larger than startNs; the end itself is left out.',
  });
}

const clipWhySchema = z
  .object({
    clip: z.string(),
    state: z.string(),
    stateReason: z.string(),
    leading: whySchema,
    verdicts: z.array(
      z.object({
        ...whySchema.shape,
        isMerged: z
          .boolean()
          .openapi({ description: 'It fired inside the clip of another and became part of it.' }),
      }),
    ),
    class: z.string(),
    scores: z.record(z.string(), z.number()),
    preTruncated: z.boolean(),
    receivedAt: instantField,
    recordedAt: instantField,
  })
  .openapi('ClipWhy');

const why = (deps: ClipDeps): Operation =>
  operation(
    {
      id: 'getClipWhy',
      tag: 'clips',
      method: 'get',
      path: '/v1/clips/{id}/why',
      summary: 'Why a clip was flagged: every verdict, with its values and its margin',
      right: 'clips:read',
    },
    { params: clipPath, answer: { status: 200, description: 'Why.', schema: clipWhySchema } },
    async ({ params }) => {
      const clip = await demandClip(deps.read, params.id);
      const margins = marginsOf(await clipStoryStore(deps.read).marks(clip));
      const lead = leadingMarker(clip.manifest);
      return {
        clip: clip.id,
        state: clip.state,
        stateReason: stateReason(clip),
        leading: whyJson(lead, margins),
        verdicts: clip.manifest.markers.map((marker) => ({
          ...whyJson(marker, margins),
          isMerged: marker !== lead,
        })),
        class: clip.class,
        scores: { ...clip.manifest.scores },
        preTruncated: clip.manifest.preTruncated,
        receivedAt: instantText(clip.receivedAt),
        recordedAt: nsInstantText(clip.startNs),
      };
    },
  );

const lineage = (deps: ClipDeps): Operation =>
  operation(
    {
      id: 'getClipLineage',
      tag: 'clips',
      method: 'get',
      path: '/v1/clips/{id}/lineage',
      summary: 'Where a clip came from and what became of it',
      right: 'clips:read',
    },
    { params: clipPath, answer: { status: 200, description: 'By id.', schema: lineageSchema } },
    async ({ params }) => {
      const clip = await demandClip(deps.read, params.id);
      return lineageJson(clip, await clipStoryStore(deps.read).lineage(clip));
    },
  );
