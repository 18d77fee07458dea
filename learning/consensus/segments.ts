/** Time segments of several annotators become one set: clusters by overlap, each at its medians. */

export interface DrawnSegment {
  readonly label: number;
  readonly start: number;
  readonly end: number;
  readonly annotator: number;
}

export interface AgreedSegment {
  readonly label: number;
  readonly start: number;
  readonly end: number;
  /** Annotators with a segment in the cluster. */
  readonly annotators: readonly number[];
  /** Indices of its segments among the given ones. */
  readonly members: readonly number[];
}

/** Temporal intersection over union. */
export function temporalIou(
  a: { readonly start: number; readonly end: number },
  b: { readonly start: number; readonly end: number },
): number {
  const shared = Math.min(a.end, b.end) - Math.max(a.start, b.start);
  if (shared <= 0) return 0;
  return shared / (a.end - a.start + (b.end - b.start) - shared);
}

/**
 * Clusters of one class at tIoU >= `least` with the medians so far, the earliest first; of one
 * annotator at most one is in a cluster. The bounds of a cluster are the medians of its own: one
 * annotator who slipped moves nothing.
 */
export function agreeSegments(
  segments: readonly DrawnSegment[],
  least = 0.5,
): readonly AgreedSegment[] {
  const order = segments
    .map((segment, i) => ({ segment, i }))
    .toSorted((a, b) => a.segment.start - b.segment.start || a.i - b.i);
  const clusters: {
    start: number;
    end: number;
    members: { segment: DrawnSegment; i: number }[];
  }[] = [];
  for (const one of order) {
    let best: (typeof clusters)[number] | undefined;
    let most = 0;
    for (const cluster of clusters) {
      const [first] = cluster.members;
      if (first?.segment.label !== one.segment.label) continue;
      if (cluster.members.some(({ segment }) => segment.annotator === one.segment.annotator)) {
        continue;
      }
      const overlap = temporalIou(cluster, one.segment);
      if (overlap >= least && overlap > most) [best, most] = [cluster, overlap];
    }
    if (best === undefined) {
      clusters.push({ start: one.segment.start, end: one.segment.end, members: [one] });
      continue;
    }
    best.members.push(one);
    best.start = median(best.members.map(({ segment }) => segment.start));
    best.end = median(best.members.map(({ segment }) => segment.end));
  }
  return clusters.map(({ start, end, members }) => ({
    label: members[0]?.segment.label ?? 0,
    start,
    end,
    annotators: members.map(({ segment }) => segment.annotator),
    members: members.map(({ i }) => i),
  }));
}

/** The middle value, or the mean of the two in the middle; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? Number.NaN) + upper) / 2;
}
