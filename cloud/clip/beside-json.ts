/** What a robot tells of a clip beside its content, as the API shows it. */
import type { ClipManifest } from '@fieldloop/proto';
import { idOfUuid } from '../entity-id.ts';
import { instantField, instantText } from '../http/fields.ts';
import { z } from '../http/openapi.ts';

const count = z.int();

export const besideShape = {
  propensity: z
    .number()
    .optional()
    .openapi({ description: 'With which probability sampling rules kept it; 1 when absent.' }),
  recordedIn: z
    .array(z.object({ file: z.string(), fromOffset: count, throughOffset: count, chunks: count }))
    .openapi({ description: 'Files on the robot, and where its first and last chunk begin.' }),
  mergedFrom: z
    .array(z.string())
    .openapi({ description: 'Clips that later triggers would have had of their own.' }),
  group: z
    .object({ id: z.string(), part: count })
    .optional()
    .openapi({ description: 'One long moment in several clips.' }),
  downsampled: z
    .record(z.string(), z.number())
    .openapi({ description: 'Messages a second of topics that were thinned.' }),
  dropped: z
    .array(
      z.object({
        topic: z.string(),
        why: z.enum(['max_bytes', 'redaction_failed', 'disk', 'context']),
        messages: count,
      }),
    )
    .openapi({ description: 'Topics that were asked for and are missing.' }),
  redaction: z
    .object({
      digest: z.string(),
      topics: z.array(z.string()),
      failed: z.array(z.object({ topic: z.string(), why: z.string() })),
    })
    .optional()
    .openapi({ description: 'What the robot changed before it wrote anything.' }),
  clock: z
    .object({ source: z.string(), offsetMs: z.number().optional(), synced: z.boolean() })
    .optional()
    .openapi({ description: 'The robot’s clock when the clip was cut.' }),
  suppressed: z
    .record(z.string(), count)
    .openapi({ description: 'Triggers kept back since the clip before, by rule and reason.' }),
  expiresAt: instantField
    .optional()
    .openapi({ description: 'After it no rule of the clip wants it any more.' }),
  previousManifest: z
    .string()
    .optional()
    .openapi({ description: 'SHA-256 of the document of the robot’s clip before.' }),
} as const;

type Beside = z.infer<z.ZodObject<typeof besideShape>>;

export function besideJson(manifest: ClipManifest): Beside {
  const { files = [], mergedFrom = [], dropped = [], downsampled, suppressed } = manifest;
  const { propensity, group, redaction, clock, expiresMs, prev } = manifest;
  const offset = clock?.offsetMs === undefined ? {} : { offsetMs: clock.offsetMs };
  return {
    recordedIn: files.map((file) => ({ ...file })),
    mergedFrom: mergedFrom.map((id) => idOfUuid('clp', id)),
    downsampled: { ...downsampled },
    dropped: dropped.map((one) => ({ ...one })),
    suppressed: { ...suppressed },
    ...(propensity === undefined ? {} : { propensity }),
    ...(group === undefined ? {} : { group }),
    ...(redaction === undefined ? {} : { redaction }),
    ...(clock === undefined
      ? {}
      : { clock: { source: clock.source, synced: clock.synced, ...offset } }),
    ...(expiresMs === undefined ? {} : { expiresAt: instantText(expiresMs) }),
    ...(prev === undefined ? {} : { previousManifest: prev }),
  };
}
