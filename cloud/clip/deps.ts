/** What the operations on clips are built from. */
import { Fault } from '@fieldloop/core';
import type { BlobStore } from '../blob/blob.ts';
import type { Links } from '../blob/links.ts';
import type { Recordings } from '../blob/recordings/pool.ts';
import type { StoredRecording } from '../blob/recordings/calls.ts';
import type { Viewers } from '../blob/viewers.ts';
import type { NounDeps } from '../http/deps.ts';
import { z } from '../http/openapi.ts';
import { demandClipsOpen, useOpened } from '../store/access.ts';
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

/**
 * A clip whose bytes the caller may read now; what a grant opens is written down. Fault `forbidden`
 * while the policy closes it.
 */
export async function openedClip(
  deps: Pick<ClipDeps, 'read' | 'write' | 'clock'>,
  call: {
    readonly params: { readonly id: string };
    readonly caller: { readonly id: string; readonly userId?: string } | undefined;
  },
  action: string,
): Promise<Clip> {
  const clip = await demandClip(deps.read, call.params.id);
  const { caller: asker } = call;
  const asked = { kind: 'cross_region_read' as const, clips: [clip.id], asker };
  const opened = await demandClipsOpen(deps.read, asked, deps.clock.now());
  const actor = asker?.userId ?? asker?.id ?? 'nobody';
  await useOpened(deps, opened, { actor, action, subject: clip.id });
  return clip;
}

/** A link works for anybody: what a grant opens for one person has none. Fault `forbidden`. */
export async function linkableClip(
  deps: Pick<ClipDeps, 'read' | 'clock'>,
  call: {
    readonly params: { readonly id: string };
    readonly caller: { readonly id: string; readonly userId?: string } | undefined;
  },
): Promise<Clip> {
  const clip = await demandClip(deps.read, call.params.id);
  const asked = { kind: 'cross_region_read' as const, clips: [clip.id], asker: call.caller };
  const { grant } = await demandClipsOpen(deps.read, asked, deps.clock.now());
  if (grant === undefined) return clip;
  throw new Fault('forbidden', `${clip.id} is open for you alone, by ${grant.review}`, {
    remedy: 'Download it: `fieldloop clips download`.',
  });
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
