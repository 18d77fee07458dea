/** What the operations on clips are built from. */
import type { BlobStore } from '../blob/blob.ts';
import type { Links } from '../blob/links.ts';
import type { Recordings } from '../blob/recordings/pool.ts';
import type { StoredRecording } from '../blob/recordings/calls.ts';
import type { Viewers } from '../blob/viewers.ts';
import type { NounDeps } from '../http/deps.ts';
import { z } from '../http/openapi.ts';
import type { Db } from '../store/db.ts';
import { taggedClips } from './care-store.ts';
import { bytesFault } from './care.ts';
import { type Clip, unknownClip } from './clip.ts';
import { clipStore } from './store.ts';

export interface ClipDeps extends NounDeps {
  readonly bytes: BlobStore;
  readonly recordings: Recordings;
  readonly links: Links;
  readonly viewers: Viewers;
  /** Where browsers find this cloud; absent: where a request came to. */
  readonly publicUrl?: string | undefined;
}

export const clipPath = z.strictObject({ id: z.string().max(64) });

/** With the operators' tags. Fault `not_found`. */
export async function demandClip(db: Db, id: string): Promise<Clip> {
  const clip = await clipStore(db).get(id);
  if (clip === undefined) throw unknownClip(id);
  const [tagged] = await taggedClips(db, [clip]);
  return tagged ?? clip;
}

/** Fault `conflict` when its bytes are not here. */
export function storedRecording(clip: Clip): StoredRecording {
  if (clip.state !== 'stored') throw bytesFault(clip);
  return { sha256: clip.sha256, sizeBytes: clip.sizeBytes, name: clip.id };
}

/** A whole number in a query. */
export const countField = (of: {
  readonly least: number;
  readonly most: number;
  readonly otherwise: number;
}) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `is not a number from ${of.least} to ${of.most}`)
    .transform(Number)
    .refine((n) => n >= of.least && n <= of.most, `is not from ${of.least} to ${of.most}`)
    .default(of.otherwise)
    .openapi({ type: 'integer', minimum: of.least, maximum: of.most, default: of.otherwise });

export const yesField = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')
  .default(false)
  .openapi({ type: 'string', enum: ['true', 'false'], default: 'false' });
