/**
 * What goes when the disk is short: the clip of least value for each byte it holds, first.
 * Pure, so that every choice can be checked without a disk.
 */
import type { ClipClass } from '@fieldloop/proto';
import { plausibleClockMs } from '../limits.ts';

export interface EvictionCandidate {
  readonly clipId: string;
  readonly sizeBytes: number;
  readonly class: ClipClass;
  readonly priority: number;
  readonly sealedMs: number;
  /** The cloud knows of the clip already, so less is lost with its bytes. */
  readonly manifestSent: boolean;
  /** Its bytes are on their way: never evicted. */
  readonly inTransfer: boolean;
}

/** Bytes that each class keeps whatever happens; absent is none. */
export type Reserve = Readonly<Partial<Record<ClipClass, number>>>;

const classWeight: Readonly<Record<ClipClass, number>> = {
  critical: 8,
  warning: 4,
  info: 1,
  baseline: 0.5,
};

/** After a day a clip is worth half. */
const halfLifeMs = 24 * 3_600_000;

export function clipValue(clip: EvictionCandidate, nowMs: number): number {
  const known = clip.manifestSent ? 1 : 2;
  const worth = Math.max(clip.priority, 0) * classWeight[clip.class];
  return worth * 0.5 ** (ageMs(clip, nowMs) / halfLifeMs) * known;
}

/** One sealed before the clock of its robot was set has no age that is known: it counts as new. */
function ageMs({ sealedMs }: EvictionCandidate, nowMs: number): number {
  const isUnknown = sealedMs < plausibleClockMs && nowMs >= plausibleClockMs;
  return isUnknown ? 0 : Math.max(0, nowMs - sealedMs);
}

/** What an eviction should free. */
export interface Need {
  readonly bytes: number;
  /** Files, each an inode: as many as there are, where these are not enough. */
  readonly files: number;
}

/**
 * Ids to evict, in order, that free what is needed; undefined when no choice frees enough. When the
 * newcomer itself is among the least valuable, it goes alone and the others stay.
 */
export function planEviction(
  clips: readonly EvictionCandidate[],
  need: Need & { readonly newcomer?: string | undefined },
  reserve: Reserve,
  nowMs: number,
): readonly string[] | undefined {
  const held = new Map<ClipClass, number>();
  for (const clip of clips) held.set(clip.class, (held.get(clip.class) ?? 0) + clip.sizeBytes);
  const ranked = clips
    .filter((clip) => !clip.inTransfer)
    .map((clip) => ({ clip, worth: clipValue(clip, nowMs) / Math.max(1, clip.sizeBytes) }))
    .sort((a, b) => a.worth - b.worth || a.clip.sealedMs - b.clip.sealedMs);
  const chosen: string[] = [];
  let freed = 0;
  for (const { clip } of ranked) {
    if (freed >= need.bytes && chosen.length >= need.files) break;
    const left = (held.get(clip.class) ?? 0) - clip.sizeBytes;
    if (left < (reserve[clip.class] ?? 0)) continue;
    if (clip.clipId === need.newcomer) {
      if (freed >= need.bytes && chosen.length > 0) break;
      if (clip.sizeBytes >= need.bytes) return [clip.clipId];
    }
    held.set(clip.class, left);
    chosen.push(clip.clipId);
    freed += clip.sizeBytes;
  }
  return freed < need.bytes || (need.files > 0 && chosen.length === 0) ? undefined : chosen;
}
