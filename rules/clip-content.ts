/** Which messages a clip holds of its range, and what that is when clips become one. */
import { topicFits } from './topic-pattern.ts';

export interface Content {
  /** `*` is every topic. */
  readonly topics: readonly string[];
  /** Messages a second by topic; what is not named is whole. */
  readonly downsample?: Readonly<Record<string, number>>;
  /** Absent: no bound. */
  readonly maxBytes?: number;
}

/** All that either asks for: the higher rate of each topic, the larger bound. */
export function unionOfContents(a: Content, b: Content): Content {
  const topics = [...new Set([...a.topics, ...b.topics])];
  const named = new Set([...Object.keys(a.downsample ?? {}), ...Object.keys(b.downsample ?? {})]);
  const rates = [...named].flatMap((topic) => {
    const hz = Math.max(rateOf(a, topic), rateOf(b, topic));
    return hz > 0 && Number.isFinite(hz) ? [[topic, hz] as const] : [];
  });
  const isBounded = a.maxBytes !== undefined && b.maxBytes !== undefined;
  return {
    topics,
    ...(rates.length === 0 ? {} : { downsample: Object.fromEntries(rates) }),
    ...(isBounded ? { maxBytes: Math.max(a.maxBytes ?? 0, b.maxBytes ?? 0) } : {}),
  };
}

/** 0 where the topic is left out, Infinity where it is whole. */
function rateOf({ topics, downsample }: Content, topic: string): number {
  if (!topics.some((pattern) => pattern === '*' || topicFits(pattern, topic))) return 0;
  return downsample?.[topic] ?? Number.POSITIVE_INFINITY;
}
