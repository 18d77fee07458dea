/** Whether the topics of a device come as they should. Pure. */

export const topicStates = ['ok', 'low', 'silent', 'unknown'] as const;
export type TopicState = (typeof topicStates)[number];

export interface TopicFacts {
  readonly topic: string;
  /** Messages a second, measured last; absent: never measured. */
  readonly hz?: number | undefined;
  /** When that was, Unix milliseconds. */
  readonly at?: number | undefined;
  readonly declaredHz?: number | undefined;
  /** Rates measured over the last days, in any order. */
  readonly recentHz: readonly number[];
}

export interface TopicHealth {
  readonly topic: string;
  readonly state: TopicState;
  readonly hz?: number;
  readonly at?: number;
  readonly expectedHz?: number;
  /** Where `expectedHz` comes from. */
  readonly expectedBy?: 'declared' | 'median';
}

/** Under this share of what is expected a rate is low. */
const lowShare = 0.8;

/**
 * `unknown`: nothing was measured since `freshSince`, or nothing is known to compare with.
 * `silent`: measured, and nothing came.
 */
export function topicHealth(facts: TopicFacts, freshSince: number): TopicHealth {
  const { topic, hz, at, declaredHz, recentHz } = facts;
  const usual = median(recentHz.filter((rate) => rate > 0));
  const expectedHz = declaredHz ?? usual;
  const expectedBy = declaredHz === undefined ? ('median' as const) : ('declared' as const);
  const isFresh = hz !== undefined && at !== undefined && at >= freshSince;
  return {
    topic,
    state: isFresh ? stateOf(hz, expectedHz) : 'unknown',
    ...(hz === undefined ? {} : { hz }),
    ...(at === undefined ? {} : { at }),
    ...(expectedHz === undefined ? {} : { expectedHz, expectedBy }),
  };
}

function stateOf(hz: number, expectedHz: number | undefined): TopicState {
  if (expectedHz === 0) return 'ok';
  if (hz === 0) return 'silent';
  if (expectedHz === undefined) return 'unknown';
  return hz < expectedHz * lowShare ? 'low' : 'ok';
}

/** The middle value; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  return upper === undefined || lower === undefined ? undefined : (lower + upper) / 2;
}
