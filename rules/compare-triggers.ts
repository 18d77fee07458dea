/**
 * Two versions over the same recordings: which moments both found, and which only one did. Rules
 * are the same rule when their ids are; moments are the same when they are near each other, since
 * another threshold finds the same moment a little earlier or later. What only the shadow found
 * made no clip, and is not the same as what fired. Pure: log times in ns.
 */

export interface RuleMoment {
  readonly rule: string;
  readonly session: string;
  readonly atNs: bigint;
  readonly shadow?: true;
}

export interface ComparedMoments<M extends RuleMoment> {
  readonly rule: string;
  readonly matched: number;
  /** Fired in the version after, not in the one before; and the other way. */
  readonly gained: readonly M[];
  readonly lost: readonly M[];
}

export interface Comparing {
  readonly rules: readonly string[];
  readonly nearNs: bigint;
  /** Of one rule and session, how many each version lists at most: beyond, nothing is compared. */
  readonly listed?: { readonly before: number; readonly after: number } | undefined;
}

/** Rules of `after` in their order, then those that only `before` has. */
export function compareMoments<M extends RuleMoment>(
  before: readonly M[],
  after: readonly M[],
  how: Comparing,
): ComparedMoments<M>[] {
  const old = Map.groupBy(before, ({ rule }) => rule);
  const fresh = Map.groupBy(after, ({ rule }) => rule);
  return how.rules.map((rule) => {
    const parts = matchAlike(old.get(rule) ?? [], fresh.get(rule) ?? [], how);
    return { rule, ...parts };
  });
}

type Parts<M extends RuleMoment> = Omit<ComparedMoments<M>, 'rule'>;

/** Those of one session, and of the shadow or not, among themselves. */
function matchAlike<M extends RuleMoment>(
  before: readonly M[],
  after: readonly M[],
  { nearNs, listed }: Comparing,
): Parts<M> {
  const kind = ({ session, shadow }: M): string => `${shadow === true} ${session}`;
  const old = Map.groupBy(before, kind);
  const fresh = Map.groupBy(after, kind);
  const parts = [...new Set([...old.keys(), ...fresh.keys()])].map((one) => {
    const [then, now] = [inOrder(old.get(one)), inOrder(fresh.get(one))];
    const ends = [endOf(then, listed?.before), endOf(now, listed?.after)];
    const known = (moments: readonly M[]): readonly M[] =>
      moments.filter(({ atNs }) => ends.every((endNs) => endNs === undefined || atNs <= endNs));
    return match(known(then), known(now), nearNs);
  });
  return {
    matched: parts.reduce((sum, one) => sum + one.matched, 0),
    gained: parts.flatMap((one) => one.gained),
    lost: parts.flatMap((one) => one.lost),
  };
}

/** Of a list that is full: what came later is not known. */
const endOf = (moments: readonly RuleMoment[], most = Number.POSITIVE_INFINITY) =>
  moments.length < most ? undefined : moments.at(-1)?.atNs;

/**
 * Each moment meets at most one of the other version. Both lists are in order of time, so taking
 * the earliest that is near enough leaves as many pairs as there can be.
 */
function match<M extends RuleMoment>(
  before: readonly M[],
  after: readonly M[],
  nearNs: bigint,
): Parts<M> {
  const gained: M[] = [];
  const lost: M[] = [];
  let matched = 0;
  let at = 0;
  for (const one of after) {
    for (let old = before[at]; old !== undefined && old.atNs < one.atNs - nearNs; ) {
      lost.push(old);
      at += 1;
      old = before[at];
    }
    const old = before[at];
    if (old === undefined || old.atNs > one.atNs + nearNs) gained.push(one);
    else {
      matched += 1;
      at += 1;
    }
  }
  return { matched, gained, lost: [...lost, ...before.slice(at)] };
}

const inOrder = <M extends RuleMoment>(moments: readonly M[] = []): M[] =>
  moments.toSorted((a, b) => (a.atNs < b.atNs ? -1 : Number(a.atNs > b.atNs)));
