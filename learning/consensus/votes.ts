/** What annotators said of items, and the plainest way to agree: the most votes. */

/** One answer: of an item, by an annotator, for a class; all are indices from 0. */
export interface Vote {
  readonly item: number;
  readonly annotator: number;
  readonly label: number;
}

export interface Majority {
  /** Votes for the leading class, and all votes. */
  readonly votes: number;
  readonly of: number;
  /** The class with the most votes; absent when two share the lead: a tie never resolves. */
  readonly label?: number;
}

/** The majority of each item; an item that nobody answered has no votes. */
export function majority(votes: readonly Vote[], items: number): readonly Majority[] {
  const counts = Array.from({ length: items }, () => new Map<number, number>());
  for (const { item, label } of votes) {
    const of = counts[item];
    of?.set(label, (of.get(label) ?? 0) + 1);
  }
  return counts.map((of) => {
    const ranked = [...of].toSorted((a, b) => b[1] - a[1] || a[0] - b[0]);
    const [first, second] = ranked;
    const total = ranked.reduce((sum, [, n]) => sum + n, 0);
    if (first === undefined) return { votes: 0, of: 0 };
    const known = { votes: first[1], of: total };
    return second?.[1] === first[1] ? known : { ...known, label: first[0] };
  });
}
