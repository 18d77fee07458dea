/** What a manifest tells beside the clip's own content: origins, merges, groups. Pure. */
import type { ClipManifest } from '@fieldloop/proto';
import { maxDroppedTold, maxFilesTold, maxSuppressedTold, maxThinnedTold } from '../clip-limits.ts';
import { stableUuid } from '../stable-id.ts';
import type { WindowBlock } from '../window/entry.ts';
import { askOf } from './ask.ts';
import type { Draft } from './plan.ts';

/** The id that a clip has from its first trigger on; `ending` tells a clip that was cut short. */
function clipIdOf(sessionId: string, first: Draft['markers'][number], ending = ''): string {
  const unixMs = Number(BigInt(first.atNs) / 1_000_000n);
  const { rule, ruleSetDigest, atNs } = first;
  return stableUuid(unixMs, ['clip', sessionId, ruleSetDigest, rule, atNs, ending + askOf(first)]);
}

/** A part that goes on with an earlier one repeats its marker, and is a clip of its own. */
export function draftIdOf(
  sessionId: string,
  draft: Pick<Draft, 'markers' | 'group'>,
  ending = '',
): string | undefined {
  const [first] = draft.markers;
  const part = draft.group?.part ?? 1;
  const tail = part > 1 ? `${ending} part ${part}` : ending;
  return first && clipIdOf(sessionId, first, tail);
}

export function mergedFrom(sessionId: string, { markers }: Draft, ending = ''): string[] {
  return [...new Set(markers.slice(1).map((marker) => clipIdOf(sessionId, marker, ending)))];
}

export function groupOf(
  sessionId: string,
  { group, markers }: Draft,
): ClipManifest['group'] | undefined {
  const [first] = markers;
  if (group === undefined || first === undefined) return undefined;
  const unixMs = Number(BigInt(first.atNs) / 1_000_000n);
  // Parts begin at different times; their group is of the first of them alone.
  const atMs = Number(BigInt(/@(\d+)$/.exec(group.id)?.[1] ?? 0) / 1_000_000n) || unixMs;
  return { id: stableUuid(atMs, ['group', sessionId, group.id]), part: group.part };
}

/** The recorder's files that the range stands in, and from where to where. */
export function filesOf(
  held: readonly Pick<WindowBlock, 'file' | 'firstNs' | 'lastNs'>[],
  range: { readonly startNs: bigint; readonly endNs: bigint },
): NonNullable<ClipManifest['files']> {
  const files = new Map<string, { from: number; through: number; offsets: Set<number> }>();
  for (const { file, firstNs, lastNs } of held) {
    if (file === undefined || lastNs < range.startNs || firstNs > range.endNs) continue;
    const { path, offset } = file;
    const known = files.get(path);
    if (known === undefined) {
      files.set(path, { from: offset, through: offset, offsets: new Set([offset]) });
    } else {
      known.from = Math.min(known.from, offset);
      known.through = Math.max(known.through, offset);
      known.offsets.add(offset);
    }
  }
  return [...files].slice(-maxFilesTold).map(([path, { from, through, offsets }]) => ({
    file: path.slice(-256),
    fromOffset: from,
    throughOffset: through,
    chunks: offsets.size,
  }));
}

/** The most frequent reasons. */
export function suppressedOf(counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(counts)
      .filter(([, count]) => count > 0)
      .sort(([, a], [, b]) => b - a)
      .slice(0, maxSuppressedTold)
      .map(([key, count]) => [key.slice(0, 128), count]),
  );
}

type Dropped = NonNullable<ClipManifest['dropped']>;

export const droppedOf = (dropped: Dropped): Dropped =>
  dropped.slice(0, maxDroppedTold).map((one) => ({ ...one, topic: one.topic.slice(0, 256) }));

/** Of the topics that the clip holds. */
export function downsampledOf(
  rates: ReadonlyMap<string, number>,
  held: readonly { readonly topic: string }[],
): Record<string, number> {
  const topics = new Set(held.map(({ topic }) => topic));
  return Object.fromEntries(
    [...rates].filter(([topic]) => topics.has(topic)).slice(0, maxThinnedTold),
  );
}
