/** What a draft asks for, in the exact topics of a recording. Pure. */
import type { Channel } from '@fieldloop/recording';
import { chosenTopics, topicFits } from '@fieldloop/rules';
import type { Draft } from './plan.ts';

export interface ClipContent {
  /** In the order of their importance; `*` stands for all. */
  readonly topics: readonly string[];
  /** Messages a second. */
  readonly downsample: ReadonlyMap<string, number>;
  readonly maxBytes: number | undefined;
}

/** On a busy machine topics of which no rule reads anything are thinned to this. */
export interface Thinned {
  readonly hz: number;
  readonly except: ReadonlySet<string>;
}

export interface ContentWish {
  readonly draft: Pick<Draft, 'topics' | 'downsample' | 'maxBytes'>;
  readonly channels: Iterable<Pick<Channel, 'topic'>>;
  /** Patterns of topics whose context every clip needs. */
  readonly latched: readonly string[];
  readonly thinned?: Thinned | undefined;
}

export function contentOf({ draft, channels, latched, thinned }: ContentWish): ClipContent {
  const known = [...new Set([...channels].map(({ topic }) => topic))];
  const chosen = chosenTopics(draft, known, latched);
  const downsample = new Map<string, number>();
  for (const topic of chosen.includes('*') ? known : chosen) {
    const own = rateOf(draft.downsample, topic);
    const busy = thinned === undefined || thinned.except.has(topic) ? undefined : thinned.hz;
    const hz = own === undefined || busy === undefined ? (own ?? busy) : Math.min(own, busy);
    if (hz !== undefined) downsample.set(topic, hz);
  }
  return { topics: chosen, downsample, maxBytes: draft.maxBytes };
}

/** By its own name, or by the first pattern that fits. */
function rateOf(rates: Draft['downsample'], topic: string): number | undefined {
  if (rates === undefined) return undefined;
  const exact = rates[topic];
  if (exact !== undefined) return exact;
  return Object.entries(rates).find(([pattern]) => topicFits(pattern, topic))?.[1];
}
