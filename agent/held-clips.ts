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

/** Ids that are named to who gave too little of one. */
const maxNamedClips = 5;

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

/** With their files, oldest first by log time. */
export const everyClip = (shelf: Shelf): ShownClip[] =>
  shelf
    .all()
    .map((held) => shownOf(shelf, held))
    .toSorted((a, b) => Number(BigInt(a.startNs) - BigInt(b.startNs)));

/** `id` may be its beginning, as long as it means one clip. Fault `not_found` otherwise. */
export function showClip(shelf: Shelf, id: string): ShownClip {
  const found = shelf.all().filter(({ clipId }) => clipId.startsWith(id));
  const [held] = found;
  if (held === undefined || id.length < 4) {
    throw new Fault('not_found', 'no such clip here', {
      place: id.slice(0, 40),
      remedy: 'Give at least four characters of an id of "fieldloop-agent clips list".',
    });
  }
  if (found.length > 1) {
    const few = found.slice(0, maxNamedClips).map(({ clipId }) => clipId);
    const more = found.length > few.length ? ', …' : '';
    throw new Fault('not_found', `${found.length} clips begin with "${id}"`, {
      remedy: `Give more characters of one of ${few.join(', ')}${more}.`,
    });
  }
  return shownOf(shelf, held);
}

function shownOf(shelf: Shelf, held: ReturnType<Shelf['all']>[number]): ShownClip {
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
