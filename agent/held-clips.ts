/** The clips of the buffer as a person on the robot sees them, whether an agent runs or not. */
import { Fault, type Json } from '@fieldloop/core';
import type { ClipManifest } from '@fieldloop/proto';
import type { ClipShelf } from './buffer/shelves.ts';
import { maxListedClips } from './limits.ts';

export interface ListedClip {
  readonly clip: string;
  readonly class: string;
  readonly rule: string;
  readonly why: string;
  /** Log times, ns, as text. */
  readonly startNs: string;
  readonly endNs: string;
  readonly sizeBytes: number;
  /** `sealed`: the cloud does not know of it; `wanted`: its bytes wait; `refused` by the cloud. */
  readonly state: string;
  readonly sealedMs: number;
}

export interface ShownClip extends ListedClip {
  readonly path: string;
  readonly manifest: ClipManifest;
}

type Shelf = Pick<ClipShelf, 'all' | 'read'>;

/** Newest first; `rule` narrows. */
export function listClips(shelf: Shelf, of: { rule?: string; limit?: number }): ListedClip[] {
  const { rule, limit = maxListedClips } = of;
  const listed: ListedClip[] = [];
  for (const held of shelf.all().toReversed()) {
    if (listed.length >= Math.min(limit, maxListedClips)) break;
    const { manifest } = shelf.read(held.clipId);
    if (rule !== undefined && !manifest.markers.some((marker) => marker.rule === rule)) continue;
    listed.push(listedOf(held, manifest));
  }
  return listed;
}

/** `id` may be its beginning, as long as it means one clip. Fault `not_found` otherwise. */
export function showClip(shelf: Shelf, id: string): ShownClip {
  const found = shelf.all().filter(({ clipId }) => clipId.startsWith(id));
  const [held] = found;
  if (held === undefined || found.length > 1 || id.length < 4) {
    const many =
      found.length > 1 ? `${found.length} clips begin with "${id}"` : 'no such clip here';
    throw new Fault('not_found', many, {
      place: id.slice(0, 40),
      remedy: 'Give at least four characters of an id of "fieldloop-agent clips list".',
    });
  }
  const { path, manifest } = shelf.read(held.clipId);
  return { ...listedOf(held, manifest), path, manifest };
}

function listedOf(held: ReturnType<Shelf['all']>[number], manifest: ClipManifest): ListedClip {
  const marker = manifest.markers[0];
  return {
    clip: held.clipId,
    class: held.class,
    rule: [...new Set(manifest.markers.map(({ rule }) => rule))].join(', '),
    why: marker?.why ?? marker?.expression ?? '',
    startNs: manifest.startNs,
    endNs: manifest.endNs,
    sizeBytes: held.sizeBytes,
    state: held.state,
    sealedMs: held.sealedMs,
  };
}

/** Bigints do not occur in it: a manifest is JSON. */
export const asJson = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;
