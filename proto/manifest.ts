/**
 * What the cloud learns of a clip before it has its bytes: the document inside the wire message
 * Manifest. Log times are decimal strings of nanoseconds.
 */
import { Fault } from '@fieldloop/core';
import * as z from 'zod';

const ns = z.string().regex(/^\d{1,20}$/);
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const name = z.string().min(1).max(96);
const value = z.union([z.number(), z.string().max(256), z.boolean(), z.null()]);
const topic = z.string().max(256);
const count = z.int().min(0);

export const severitySchema = z.enum(['critical', 'warning', 'info']);
export const clipClassSchema = z.enum(['critical', 'warning', 'info', 'baseline']);

/** One verdict inside a clip: why it was flagged. */
export const clipMarkerSchema = z.object({
  rule: name,
  ruleSet: name,
  version: z.int().min(0),
  ruleSetDigest: hash,
  severity: severitySchema,
  why: z.string().max(512).optional(),
  atNs: ns,
  expression: z.string().max(2048),
  values: z.record(z.string().max(64), value),
  /** What the rule says of the moment, in the words of its author: `{initiator: "joystick"}`. */
  label: z
    .record(z.string().max(64), value)
    .refine((all) => Object.keys(all).length <= 16, 'has more than 16 entries')
    .optional(),
  /** How far beyond its threshold, in units of the threshold. */
  margin: z.number().optional(),
});

/** A recorder's file that the messages stood in, and where its first and last chunk begin. */
const sourceFileSchema = z.object({
  file: z.string().max(256),
  fromOffset: count,
  throughOffset: count,
  chunks: count,
});

/** A small picture or sketch that goes with the manifest, found among the previews by its hash. */
export const clipPreviewSchema = z.object({
  kind: z.enum(['thumbnail', 'sketch']),
  /** Of the camera; a sketch has none. */
  topic: topic.optional(),
  atNs: ns.optional(),
  mediaType: z.string().max(64),
  width: count.optional(),
  height: count.optional(),
  sha256: hash,
  sizeBytes: count,
});

/** What a clip leaves out of what was asked for, and why. */
const droppedSchema = z.object({
  topic,
  why: z.enum(['max_bytes', 'redaction_failed', 'disk', 'context']),
  messages: count,
});

const redactionSchema = z.object({
  /** SHA-256 of the policy in canonical JSON. */
  digest: hash,
  /** Topics whose messages were changed or left out on purpose. */
  topics: z.array(topic).max(64),
  failed: z.array(z.object({ topic, why: z.string().max(160) })).max(64),
});

/** The robot's own clock when the clip was cut. */
const clockSchema = z.object({
  source: z.string().max(32),
  /** The wall clock's distance from the log time of the newest message, ms; live sources only. */
  offsetMs: z.number().optional(),
  synced: z.boolean(),
});

/** A field of a later version is let go: an older cloud takes the clips of newer robots. */
export const clipManifestSchema = z.object({
  schema: z.literal('fieldloop.clip/v1'),
  clipId: z.uuid(),
  sessionId: z.uuid(),
  device: name,
  source: z.string().max(256),
  startNs: ns,
  endNs: ns,
  severity: severitySchema,
  class: clipClassSchema,
  tags: z.array(z.string().max(32)).max(16),
  markers: z.array(clipMarkerSchema).min(1).max(64),
  topics: z.array(z.object({ topic, schema: z.string().max(256), count: z.int() })).max(256),
  messageCount: z.int().min(0),
  /**
   * Largest score of each kind inside the clip, by `scorer.kind` such as `classifier.entropy`, and
   * the mean by `scorer.kind.mean`.
   */
  scores: z.record(z.string().max(96), z.number()),
  /** SHA-256 of each model that ran, by model id. */
  models: z.record(z.string().max(64), hash),
  firmware: z.string().max(64).optional(),
  agentVersion: z.string().max(32),
  /** The probability with which sampling rules kept at least one of the moments. Absent: 1. */
  propensity: z.number().positive().max(1).optional(),
  /** True when the window no longer held the whole pre-roll. */
  preTruncated: z.boolean(),
  /** The clip that this one is a part of. */
  derivedFrom: z.uuid().optional(),
  /** Files that the messages were recorded into, oldest first; absent for live streams. */
  files: z.array(sourceFileSchema).max(16).optional(),
  /** Ids that the clips of later triggers would have had, had they not become part of this one. */
  mergedFrom: z.array(z.uuid()).max(63).optional(),
  /** One long moment in several clips: the same id, counted from 1. */
  group: z.object({ id: z.uuid(), part: z.int().min(1) }).optional(),
  /** Messages a second that topics were thinned to. */
  downsampled: z.record(topic, z.number().positive()).optional(),
  dropped: z.array(droppedSchema).max(64).optional(),
  redaction: redactionSchema.optional(),
  clock: clockSchema.optional(),
  /** Triggers kept back since the clip before, by `rule reason`. */
  suppressed: z.record(z.string().max(128), z.int().positive()).optional(),
  /** Unix ms after which nobody wants the bytes any more. */
  expiresMs: count.optional(),
  /** SHA-256 of the document of this robot's clip before; absent for its first. */
  prev: hash.optional(),
  previews: z.array(clipPreviewSchema).max(4).optional(),
  sha256: hash,
  sizeBytes: z.int().min(0),
});

export type Severity = z.infer<typeof severitySchema>;
export type ClipClass = z.infer<typeof clipClassSchema>;
export type ClipMarker = z.infer<typeof clipMarkerSchema>;
export type ClipPreview = z.infer<typeof clipPreviewSchema>;
export type ClipManifest = z.infer<typeof clipManifestSchema>;

/** Fault `invalid` naming the first member that does not fit. */
export function parseClipManifest(document: unknown): ClipManifest {
  const parsed = clipManifestSchema.safeParse(document);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Fault('invalid', `the clip manifest does not fit: ${issue?.message ?? 'unknown'}`, {
    place: `/${issue?.path.map(String).join('/') ?? ''}`,
    remedy: 'Update the agent on this device to a version that this cloud accepts.',
  });
}
