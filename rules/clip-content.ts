/** Which messages a clip holds of its range, and what that is when clips become one. */
import { topicFits } from './topic-pattern.ts';

export interface Content {
  /** Names and patterns; `*` is every topic. */
  readonly topics: readonly string[];
  /**
   * Messages a second by topic; what is not named is whole. A name goes before patterns, and the
   * first pattern that fits before the others.
   */
  readonly downsample?: Readonly<Record<string, number>>;
  /** Absent: no bound. */
  readonly maxBytes?: number;
}

/**
 * Of `known`, those that a clip holds, in the order of their importance: as captures name them, with
 * those whose context every clip needs behind them. `*` stands for all.
 */
export function chosenTopics(
  { topics }: Pick<Content, 'topics'>,
  known: readonly string[],
  latched: readonly string[],
): readonly string[] {
  if (topics.includes('*')) return ['*'];
  const fitting = [...topics, ...latched].flatMap((pattern) =>
    known.filter((topic) => topicFits(pattern, topic)),
  );
  return [...new Set(fitting)];
}

/** All that either asks for: the higher rate of each topic, the larger bound. */
export function unionOfContents(a: Content, b: Content): Content {
  const topics = [...new Set([...a.topics, ...b.topics])];
  const isSame = JSON.stringify(a.downsample) === JSON.stringify(b.downsample);
  const rates = isSame ? Object.entries(a.downsample ?? {}) : higherRates(a, b);
  const isBounded = a.maxBytes !== undefined && b.maxBytes !== undefined;
  return {
    topics,
    ...(rates.length === 0 ? {} : { downsample: Object.fromEntries(rates) }),
    ...(isBounded ? { maxBytes: Math.max(a.maxBytes ?? 0, b.maxBytes ?? 0) } : {}),
  };
}

/**
 * The highest first, since the first pattern that fits a topic holds. Where either wants a topic
 * of a pattern whole, no pattern that meets it is kept: another would thin that topic instead.
 */
function higherRates(a: Content, b: Content): [string, number][] {
  const named = new Set([a, b].flatMap(({ downsample = {} }) => Object.keys(downsample)));
  const rates = new Map<string, number>();
  const whole: string[] = [];
  for (const topic of named) {
    const hz = Math.max(rateOf(a, topic), rateOf(b, topic));
    if (Number.isFinite(hz)) rates.set(topic, hz);
    else if (isPattern(topic)) whole.push(topic);
  }
  // The list grows while it is walked.
  for (const pattern of whole) {
    for (const other of rates.keys()) {
      if (isPattern(other) && topicFits(pattern, other)) {
        rates.delete(other);
        whole.push(other);
      }
    }
  }
  return [...rates].filter(([, hz]) => hz > 0).toSorted((x, y) => y[1] - x[1]);
}

/**
 * 0 where the topic is left out, Infinity where it is whole. Of a pattern: the highest of what is
 * taken of its topics, as far as that is not named by itself.
 */
function rateOf({ topics, downsample = {} }: Content, topic: string): number {
  const taken = topics.filter((one) => one === '*' || topicFits(one, topic));
  if (taken.length === 0) return 0;
  const own = downsample[topic];
  if (own !== undefined) return own;
  const asked = isPattern(topic) ? taken : [topic];
  return Math.max(...asked.map((one) => downsample[one] ?? firstFit(downsample, one)));
}

function firstFit(rates: Readonly<Record<string, number>>, topic: string): number {
  if (isPattern(topic)) return Number.POSITIVE_INFINITY;
  const fitting = Object.entries(rates).find(([pattern]) => topicFits(pattern, topic));
  return fitting?.[1] ?? Number.POSITIVE_INFINITY;
}

const isPattern = (topic: string): boolean => topic.includes('*');
