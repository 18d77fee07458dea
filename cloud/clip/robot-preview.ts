/** What a robot shows of a clip whose bytes it has: a picture a camera, a sketch of signals. */
import { gunzipSync } from 'node:zlib';
import { Fault, sha256Hex } from '@fieldloop/core';
import type { ClipManifest, ClipPreview, Preview as WirePreview } from '@fieldloop/proto';
import { maxSketchBytes } from '../limits.ts';
import { z } from '../http/openapi.ts';

export interface RobotPreview {
  readonly n: number;
  readonly kind: ClipPreview['kind'];
  readonly topic?: string;
  /** Log time of the image. */
  readonly atNs?: bigint;
  readonly mediaType: string;
  readonly width?: number;
  readonly height?: number;
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

const jpegHead = [0xff, 0xd8, 0xff];

/** Those that are what the manifest says: a picture is a JPEG, and each has its hash. */
export function soundPreviews(
  { previews = [] }: Pick<ClipManifest, 'previews'>,
  sent: readonly WirePreview[],
): readonly RobotPreview[] {
  return previews.flatMap((told, n) => {
    const bytes = sent.find(({ sha256 }) => sha256 === told.sha256)?.inline;
    if (bytes === undefined || sha256Hex(bytes) !== told.sha256) return [];
    const isPicture = told.kind === 'thumbnail';
    if (isPicture && !jpegHead.every((byte, i) => bytes[i] === byte)) return [];
    const { kind, topic, atNs, width, height, sha256 } = told;
    return [
      {
        n,
        kind,
        mediaType: isPicture ? 'image/jpeg' : 'application/gzip',
        sha256,
        bytes,
        ...(topic === undefined ? {} : { topic }),
        ...(atNs === undefined ? {} : { atNs: BigInt(atNs) }),
        ...(width === undefined ? {} : { width }),
        ...(height === undefined ? {} : { height }),
      },
    ];
  });
}

export const sketchSchema = z
  .object({
    startNs: z.string().regex(/^\d{1,20}$/),
    stepMs: z.number().positive().openapi({ description: 'Time that one value stands for.' }),
    signals: z
      .array(
        z.object({
          name: z.string().max(128),
          unit: z.string().max(32).optional(),
          values: z.array(z.number().nullable()).max(256),
        }),
      )
      .max(16),
  })
  .openapi('ClipSketch');

/** Fault `corrupt` when a robot sent anything else. */
export function sketchOf(bytes: Uint8Array): z.infer<typeof sketchSchema> {
  try {
    const text = gunzipSync(bytes, { maxOutputLength: maxSketchBytes }).toString('utf8');
    return sketchSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Fault('corrupt', 'the robot sent a sketch that cannot be read', {
      remedy: 'Look at the signals with `fieldloop clips plot` once the clip is stored.',
      cause,
    });
  }
}
