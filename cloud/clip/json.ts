/** A clip as the API shows it. */
import type { ClipMarker } from '@fieldloop/proto';
import {
  instantField,
  instantText,
  nsField,
  nsInstantText,
  severityField,
} from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { type Clip, clipStates, leadingMarker } from './clip.ts';

const value = z.union([z.number(), z.string(), z.boolean(), z.null()]);

const whySchema = z
  .object({
    rule: z.string().openapi({ example: 'near-miss' }),
    ruleSet: z.string(),
    version: z.int().openapi({ description: 'Of the rule set.' }),
    ruleSetDigest: z.string(),
    severity: severityField,
    atNs: nsField.openapi({ description: 'When the rule fired.' }),
    expression: z.string(),
    values: z
      .record(z.string(), value)
      .openapi({ description: 'The signals of the expression at that moment.' }),
    text: z.string().optional().openapi({ description: 'In the words of the author.' }),
  })
  .openapi('Why');

const clipSummarySchema = z
  .object({
    id: z.string().openapi({ example: 'clp_01JC0000000000000000000000' }),
    device: z.string(),
    session: z.string(),
    state: z
      .enum(clipStates)
      .openapi({ description: '`on_device`: only the manifest is here; `stored`: verified.' }),
    startNs: nsField,
    endNs: nsField,
    startAt: instantField.openapi({ description: 'startNs as a wall time.' }),
    durationMs: z.number(),
    sizeBytes: z.int(),
    sha256: z.string(),
    severity: severityField,
    class: z.enum(['critical', 'warning', 'info', 'baseline']),
    tags: z.array(z.string()),
    why: whySchema,
    rules: z.array(z.string()).openapi({ description: 'Every rule that fired inside.' }),
    scores: z
      .record(z.string(), z.number())
      .openapi({ description: 'The largest score of each kind inside, by `scorer.kind`.' }),
    receivedAt: instantField,
    storedAt: instantField.optional(),
    version: z.int(),
  })
  .openapi('ClipSummary');

export const clipSchema = clipSummarySchema
  .extend({
    source: z.string(),
    topics: z.array(
      z.object({ name: z.string(), schema: z.string(), count: z.int(), hz: z.number() }),
    ),
    messageCount: z.int(),
    markers: z.array(whySchema).openapi({ description: 'Every verdict inside, oldest first.' }),
    models: z
      .record(z.string(), z.string())
      .openapi({ description: 'SHA-256 of each model that ran.' }),
    firmware: z.string().optional(),
    agentVersion: z.string(),
    preTruncated: z.boolean(),
    createdAt: instantField,
    updatedAt: instantField,
  })
  .openapi('Clip');

export const clipPageSchema = z
  .object({ items: z.array(clipSummarySchema), nextCursor: z.string().optional() })
  .openapi('ClipPage');

type WhyJson = z.infer<typeof whySchema>;
export type ClipSummaryJson = z.infer<typeof clipSummarySchema>;
export type ClipJson = z.infer<typeof clipSchema>;
export type ClipPage = z.infer<typeof clipPageSchema>;

export function clipSummaryJson(clip: Clip): ClipSummaryJson {
  const { manifest } = clip;
  return {
    id: clip.id,
    device: clip.device,
    session: clip.session,
    state: clip.state,
    startNs: String(clip.startNs),
    endNs: String(clip.endNs),
    startAt: nsInstantText(clip.startNs),
    durationMs: Number(clip.endNs - clip.startNs) / 1e6,
    sizeBytes: clip.sizeBytes,
    sha256: clip.sha256,
    severity: clip.severity,
    class: clip.class,
    tags: [...manifest.tags],
    why: whyJson(leadingMarker(manifest)),
    rules: [...new Set(manifest.markers.map(({ rule }) => rule))],
    scores: { ...manifest.scores },
    receivedAt: instantText(clip.receivedAt),
    ...(clip.storedAt === undefined ? {} : { storedAt: instantText(clip.storedAt) }),
    version: clip.version,
  };
}

export function clipJson(clip: Clip): ClipJson {
  const { manifest } = clip;
  const seconds = Number(clip.endNs - clip.startNs) / 1e9;
  return {
    ...clipSummaryJson(clip),
    source: manifest.source,
    topics: manifest.topics.map(({ topic, schema, count }) => ({
      name: topic,
      schema,
      count,
      hz: seconds > 0 ? Math.round((count / seconds) * 100) / 100 : 0,
    })),
    messageCount: manifest.messageCount,
    markers: manifest.markers.map(whyJson),
    models: { ...manifest.models },
    ...(manifest.firmware === undefined ? {} : { firmware: manifest.firmware }),
    agentVersion: manifest.agentVersion,
    preTruncated: manifest.preTruncated,
    createdAt: instantText(clip.createdAt),
    updatedAt: instantText(clip.updatedAt),
  };
}

const whyJson = (marker: ClipMarker): WhyJson => ({
  rule: marker.rule,
  ruleSet: marker.ruleSet,
  version: marker.version,
  ruleSetDigest: marker.ruleSetDigest,
  severity: marker.severity,
  atNs: marker.atNs,
  expression: marker.expression,
  values: { ...marker.values },
  ...(marker.why === undefined ? {} : { text: marker.why }),
});
