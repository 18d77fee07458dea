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
import { type Clip, clipStates, leadingMarker, tagsOf } from './clip.ts';
import { type Pin, stateReason } from './care.ts';
import type { Preview, PreviewState } from './preview.ts';
import { besideJson, besideShape } from './beside-json.ts';
import type { RobotPreview } from './robot-preview.ts';
import { type ClipMark, type Lineage, marginsOf, rulesOf } from './story.ts';

const value = z.union([z.number(), z.string(), z.boolean(), z.null()]);

export const whySchema = z
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
    label: z
      .record(z.string(), value)
      .optional()
      .openapi({ description: 'What the rule says of the moment, in the words of its author.' }),
    margin: z
      .number()
      .optional()
      .openapi({ description: 'How far beyond its threshold, in units of the threshold.' }),
  })
  .openapi('Why');

export const clipSummarySchema = z
  .object({
    id: z.string().openapi({ example: 'clp_01JC0000000000000000000000' }),
    device: z.string(),
    session: z.string(),
    state: z
      .enum(clipStates)
      .openapi({ description: '`on_device`: only the manifest is here; `stored`: verified.' }),
    stateReason: z.string().openapi({ description: 'Why it is in this state, in words.' }),
    startNs: nsField,
    endNs: nsField,
    startAt: instantField.openapi({ description: 'startNs as a wall time.' }),
    durationMs: z.number(),
    sizeBytes: z.int(),
    sha256: z.string(),
    severity: severityField,
    class: z.enum(['critical', 'warning', 'info', 'baseline']),
    tags: z
      .array(z.string())
      .openapi({ description: 'The robot’s, and behind them those of operators.' }),
    label: z.string().optional().openapi({ description: 'What people call it.' }),
    why: whySchema,
    rules: z.array(z.string()).openapi({ description: 'Every rule that fired inside.' }),
    scores: z
      .record(z.string(), z.number())
      .openapi({ description: 'The largest score of each kind inside, by `scorer.kind`.' }),
    isHeld: z.boolean().openapi({ description: 'Nobody deletes it while it is held.' }),
    receivedAt: instantField,
    storedAt: instantField.optional(),
    version: z.int(),
  })
  .openapi('ClipSummary');

const previewSchema = z
  .object({
    n: z.int(),
    kind: z
      .enum(['first', 'trigger', 'middle', 'thumbnail'])
      .openapi({ description: '`thumbnail`: the robot’s own, until the clip is stored.' }),
    topic: z.string(),
    atNs: nsField,
    mediaType: z.string(),
    width: z.int(),
    height: z.int(),
    sizeBytes: z.int(),
    path: z.string().openapi({ example: '/v1/clips/clp_01JC0000000000000000000000/previews/0' }),
  })
  .openapi('Preview');

export const clipSchema = z
  .object({
    ...clipSummarySchema.shape,
    source: z.string(),
    topics: z.array(
      z.object({ name: z.string(), schema: z.string(), count: z.int(), hz: z.number() }),
    ),
    messageCount: z.int(),
    markers: z.array(whySchema).openapi({ description: 'Every verdict inside, oldest first.' }),
    operatorTags: z.array(z.string()),
    note: z.string().optional(),
    hold: z.object({ reason: z.string(), by: z.string(), at: instantField }).optional(),
    pinnedBy: z
      .array(z.object({ kind: z.enum(['hold', 'failure', 'export', 'dataset']), what: z.string() }))
      .openapi({ description: 'What keeps it, or would miss it.' }),
    previews: z.array(previewSchema),
    previewState: z
      .enum(['pending', 'made', 'failed'])
      .openapi({ description: '`pending`: they are made when it is stored, or asked for.' }),
    previewProblem: z.string().optional(),
    models: z
      .record(z.string(), z.string())
      .openapi({ description: 'SHA-256 of each model that ran.' }),
    ruleSets: z.array(z.object({ ruleSet: z.string(), version: z.int(), digest: z.string() })),
    firmware: z.string().optional().openapi({ description: 'At that time.' }),
    deviceProperties: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
      .openapi({ description: 'What the device’s properties were at the start of the clip.' }),
    agentVersion: z.string(),
    preTruncated: z.boolean(),
    ...besideShape,
    createdAt: instantField,
    updatedAt: instantField,
  })
  .openapi('Clip');

export type WhyJson = z.infer<typeof whySchema>;
export type ClipSummaryJson = z.infer<typeof clipSummarySchema>;
export type ClipJson = z.infer<typeof clipSchema>;

/** What a clip is shown with. */
export interface ClipView {
  readonly clip: Clip;
  readonly previews: readonly Preview[];
  readonly preview: { readonly state: PreviewState; readonly why?: string };
  /** Pictures that the robot sent; they stand in until there are others. */
  readonly robotPreviews: readonly RobotPreview[];
  readonly pins: readonly Pin[];
  readonly marks: readonly ClipMark[];
  readonly properties: Readonly<Record<string, string | number | boolean>>;
}

export function clipSummaryJson(clip: Clip): ClipSummaryJson {
  const { manifest } = clip;
  return {
    id: clip.id,
    device: clip.device,
    session: clip.session,
    state: clip.state,
    stateReason: stateReason(clip),
    startNs: String(clip.startNs),
    endNs: String(clip.endNs),
    startAt: nsInstantText(clip.startNs),
    durationMs: Number(clip.endNs - clip.startNs) / 1e6,
    sizeBytes: clip.sizeBytes,
    sha256: clip.sha256,
    severity: clip.severity,
    class: clip.class,
    tags: [...tagsOf(clip)],
    ...(clip.label === undefined ? {} : { label: clip.label }),
    why: whyJson(leadingMarker(manifest)),
    rules: [...new Set(manifest.markers.map(({ rule }) => rule))],
    scores: { ...manifest.scores },
    isHeld: clip.hold !== undefined,
    receivedAt: instantText(clip.receivedAt),
    ...(clip.storedAt === undefined ? {} : { storedAt: instantText(clip.storedAt) }),
    version: clip.version,
  };
}

export function clipJson(view: ClipView): ClipJson {
  const { clip, preview, properties } = view;
  const { manifest, hold } = clip;
  const margins = marginsOf(view.marks);
  const firmware = manifest.firmware ?? firmwareIn(properties);
  return {
    ...clipSummaryJson(clip),
    why: whyJson(leadingMarker(manifest), margins),
    source: manifest.source,
    topics: manifestTopics(clip),
    messageCount: manifest.messageCount,
    markers: manifest.markers.map((marker) => whyJson(marker, margins)),
    operatorTags: [...(clip.operatorTags ?? [])],
    ...(clip.note === undefined ? {} : { note: clip.note }),
    ...(hold === undefined ? {} : { hold: { ...hold, at: instantText(hold.at) } }),
    pinnedBy: view.pins.map((pin) => ({ ...pin })),
    previews:
      view.previews.length > 0
        ? view.previews.map((one) => previewJson(clip.id, one))
        : view.robotPreviews.map((one) => robotPreviewJson(clip, one)),
    previewState: preview.state,
    ...(preview.why === undefined ? {} : { previewProblem: preview.why }),
    models: { ...manifest.models },
    ruleSets: rulesOf(clip).map((rule) => ({ ...rule })),
    ...(firmware === undefined ? {} : { firmware }),
    deviceProperties: { ...properties },
    agentVersion: manifest.agentVersion,
    preTruncated: manifest.preTruncated,
    ...besideJson(manifest),
    createdAt: instantText(clip.createdAt),
    updatedAt: instantText(clip.updatedAt),
  };
}

function firmwareIn(properties: ClipView['properties']): string | undefined {
  const { firmware } = properties;
  return firmware === undefined ? undefined : String(firmware);
}

/** The topics as the manifest tells them, for clips whose bytes are not here as well. */
export function manifestTopics(clip: Clip): ClipJson['topics'] {
  const seconds = Number(clip.endNs - clip.startNs) / 1e9;
  return clip.manifest.topics.map(({ topic, schema, count }) => ({
    name: topic,
    schema,
    count,
    hz: rate(count, seconds),
  }));
}

export const rate = (count: number, seconds: number): number =>
  seconds > 0 ? Math.round((count / seconds) * 100) / 100 : 0;

export function whyJson(marker: ClipMarker, margins?: ReadonlyMap<string, number>): WhyJson {
  const margin = margins?.get(`${marker.rule} ${marker.atNs}`) ?? marker.margin;
  return {
    rule: marker.rule,
    ruleSet: marker.ruleSet,
    version: marker.version,
    ruleSetDigest: marker.ruleSetDigest,
    severity: marker.severity,
    atNs: marker.atNs,
    expression: marker.expression,
    values: { ...marker.values },
    ...(marker.why === undefined ? {} : { text: marker.why }),
    ...(marker.label === undefined ? {} : { label: { ...marker.label } }),
    ...(margin === undefined ? {} : { margin }),
  };
}

function previewJson(clipId: string, preview: Preview): z.infer<typeof previewSchema> {
  const { sha256: _sha256, atNs, ...same } = preview;
  const path = `/v1/clips/${clipId}/previews/${preview.n}`;
  return { ...same, atNs: String(atNs), path };
}

function robotPreviewJson(clip: Clip, preview: RobotPreview): z.infer<typeof previewSchema> {
  const { n, topic = '', atNs = clip.startNs, mediaType, width = 0, height = 0, bytes } = preview;
  return {
    n,
    kind: 'thumbnail',
    topic,
    atNs: String(atNs),
    mediaType,
    width,
    height,
    sizeBytes: bytes.length,
    path: `/v1/clips/${clip.id}/previews/${n}`,
  };
}

export const lineageSchema = z
  .object({
    device: z.string(),
    session: z.string(),
    source: z.string().openapi({ description: 'Where the robot recorded it.' }),
    rules: z.array(
      z.object({
        ruleSet: z.string(),
        version: z.int(),
        digest: z.string(),
        publications: z.array(z.string()),
      }),
    ),
    models: z.record(z.string(), z.string()),
    derivedFrom: z
      .string()
      .optional()
      .openapi({ description: 'The clip that its robot cut it out of, on request.' }),
    derived: z.array(z.string()).openapi({ description: 'Clips cut out of this one.' }),
    failures: z.array(z.string()),
    exports: z.array(z.string()),
    commands: z.array(z.string()).openapi({ description: 'Pulls that asked for it.' }),
  })
  .openapi('ClipLineage');

export const lineageJson = (clip: Clip, lineage: Lineage): z.infer<typeof lineageSchema> => ({
  device: lineage.device,
  session: lineage.session,
  source: clip.manifest.source,
  rules: lineage.rules.map(({ publications, ...rule }) => ({
    ...rule,
    publications: [...publications],
  })),
  models: { ...clip.manifest.models },
  ...(lineage.derivedFrom === undefined ? {} : { derivedFrom: lineage.derivedFrom }),
  derived: [...lineage.derived],
  failures: [...lineage.failures],
  exports: [...lineage.exports],
  commands: [...lineage.commands],
});
