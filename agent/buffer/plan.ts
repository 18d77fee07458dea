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

/** Of what is held, at most, for clips of the sample that the cloud does not know. */
const sampleShare = 0.25;

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

/** What an eviction should free: of both as much as there is, where that is not enough. */
export interface Need {
  readonly bytes: number;
  /** Each an inode. */
  readonly files: number;
}

type Plan = readonly string[] | undefined;

interface Wish extends Need {
  readonly newcomer?: string | undefined;
}

/**
 * Ids to evict, in order, that free what is needed, or as much of it as may go; undefined when
 * nothing may. A newcomer goes alone, when it frees enough and what is worth less does not, or when
 * nothing is worth less. Of the sample without bias the cloud is to know each clip before its bytes
 * go: as long as it is a quarter of what is held, and no critical clip goes for that. A robot
 * without a cloud would hold little else.
 */
export function planEviction(
  clips: readonly EvictionCandidate[],
  need: Wish,
  reserve: Reserve,
  nowMs: number,
): Plan {
  const held = new Map<ClipClass, number>();
  for (const clip of clips) held.set(clip.class, (held.get(clip.class) ?? 0) + clip.sizeBytes);
  const ranked = clips
    .filter((clip) => clip.clipId === need.newcomer || !clip.inTransfer)
    .map((clip) => ({ clip, worth: clipValue(clip, nowMs) / Math.max(1, clip.sizeBytes) }))
    .sort((a, b) => a.worth - b.worth || a.clip.sealedMs - b.clip.sealedMs)
    .map(({ clip }) => clip);
  const plan = chosenOf(ranked, need, { held, reserve, sparesSample: true });
  const isGrave = ranked.some(
    ({ clipId, class: of }) => of === 'critical' && plan?.includes(clipId),
  );
  return isGrave ? chosenOf(ranked, need, { held, reserve, sparesSample: false }) : plan;
}

/** Of what is worth least first. */
function chosenOf(
  ranked: readonly EvictionCandidate[],
  need: Wish,
  of: {
    readonly held: ReadonlyMap<ClipClass, number>;
    readonly reserve: Reserve;
    readonly sparesSample: boolean;
  },
): Plan {
  const held = new Map(of.held);
  const isSpared = (clip: EvictionCandidate): boolean => {
    if (!of.sparesSample || clip.class !== 'baseline' || clip.manifestSent) return false;
    const all = [...held.values()].reduce((a, b) => a + b, 0);
    return clip.clipId !== need.newcomer && (held.get('baseline') ?? 0) <= all * sampleShare;
  };
  const chosen: string[] = [];
  let freed = 0;
  // What was spared may be more than its share of what is left.
  for (const clip of [...ranked, ...ranked]) {
    if (freed >= need.bytes && chosen.length >= need.files) return chosen;
    if (chosen.includes(clip.clipId)) continue;
    const left = (held.get(clip.class) ?? 0) - clip.sizeBytes;
    if (left < (of.reserve[clip.class] ?? 0) || isSpared(clip)) continue;
    if (clip.clipId === need.newcomer) {
      const isEnough = freed < need.bytes && clip.sizeBytes >= need.bytes;
      return isEnough || chosen.length === 0 ? [clip.clipId] : chosen;
    }
    held.set(clip.class, left);
    chosen.push(clip.clipId);
    freed += clip.sizeBytes;
  }
  const isNeeded = need.bytes > 0 || need.files > 0;
  return isNeeded && chosen.length === 0 ? undefined : chosen;
}
