/**
 * What the cloud learns of a clip before it has its bytes: the document inside the wire message
 * Manifest. Log times are decimal strings of nanoseconds.
 */
import { Fault } from '@fieldloop/core';
import { z } from 'zod';

const ns = z.string().regex(/^\d{1,20}$/);
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const name = z.string().min(1).max(96);
const value = z.union([z.number(), z.string().max(256), z.boolean(), z.null()]);

export const severitySchema = z.enum(['critical', 'warning', 'info']);
export const clipClassSchema = z.enum(['critical', 'warning', 'info', 'baseline']);

/** One verdict inside a clip: why it was flagged. */
export const clipMarkerSchema = z.strictObject({
  rule: name,
  ruleSet: name,
  version: z.int().min(0),
  ruleSetDigest: hash,
  severity: severitySchema,
  why: z.string().max(512).optional(),
  atNs: ns,
  expression: z.string().max(2048),
  values: z.record(z.string().max(64), value),
});

export const clipManifestSchema = z.strictObject({
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
  topics: z
    .array(
      z.strictObject({ topic: z.string().max(256), schema: z.string().max(256), count: z.int() }),
    )
    .max(256),
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
  /** Of a baseline clip: the probability with which its rule kept the moment. Absent: 1. */
  propensity: z.number().positive().max(1).optional(),
  /** True when the window no longer held the whole pre-roll. */
  preTruncated: z.boolean(),
  /** The clip that this one is a part of. */
  derivedFrom: z.uuid().optional(),
  sha256: hash,
  sizeBytes: z.int().min(0),
});

export type Severity = z.infer<typeof severitySchema>;
export type ClipClass = z.infer<typeof clipClassSchema>;
export type ClipMarker = z.infer<typeof clipMarkerSchema>;
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
