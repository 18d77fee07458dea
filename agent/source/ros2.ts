/**
 * A live ROS 2 graph: serialised messages as they come, under the quality of service that their
 * publishers offer. What speaks to ROS is behind a port, because it is there on few machines.
 */
import {
  asFault,
  type Clock,
  type Fault,
  type Ids,
  type Log,
  type Random,
  uuidText,
} from '@fieldloop/core';
import { openChannelTable } from '@fieldloop/recording';
import { graphEveryMs, maxBlockMessages, quietEveryMs } from '../limits.ts';
import { type LiveInbox, openInbox } from './inbox.ts';
import { liveBlocks, type LiveMessage } from './live-block.ts';
import { reconnecting } from './reconnect.ts';
import type { Session, Source, SourceItem } from './source.ts';
import type { Wanted } from './wanted.ts';

export interface RosTopic {
  readonly topic: string;
  /** `package/msg/Type`. */
  readonly type: string;
}

export interface RosQuality {
  readonly reliable: boolean;
  /** Late subscribers get the last messages. */
  readonly transientLocal: boolean;
  readonly depth: number;
}

/** What a ROS 2 client library gives: everything else is ours. Fault `unavailable` where it fails. */
export interface RosGraph extends AsyncDisposable {
  topics(): readonly RosTopic[];
  /** As the publishers of the topic offer it; undefined before there is one. */
  quality(topic: string): RosQuality | undefined;
  /** CDR bytes with their encapsulation header; returns what ends it. */
  subscribe(topic: RosTopic, quality: RosQuality, take: (bytes: Uint8Array) => void): () => void;
  /** The definition with all that it refers to, as MCAP has it; undefined when it is not found. */
  definition(type: string): Promise<string | undefined>;
}

/** Fault `unavailable` with a remedy when ROS is not there. */
export type OpenRosGraph = (domain: number | undefined) => Promise<RosGraph>;

export interface Ros2Options {
  readonly name: string;
  readonly domain: number | undefined;
}

export interface Ros2Deps {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  readonly log: Log;
  readonly wanted: Wanted;
  readonly openGraph: OpenRosGraph;
}

export function ros2Source(options: Ros2Options, deps: Ros2Deps): Source {
  const connecting = {
    connect: (signal: AbortSignal) => graphItems(options, deps, signal),
    closed: 'the ROS graph closed',
    reasonOf,
  };
  return {
    name: options.name,
    finite: false,
    items: (signal) => reconnecting(connecting, deps, signal),
  };
}

const reasonOf = ({ message, remedy = '' }: Fault): string => `${message}. ${remedy}`.trim();

interface Subscribed {
  readonly quality: RosQuality;
  end(): void;
}

interface Arrived {
  readonly channelId: number;
  readonly message: Omit<LiveMessage, 'channelId'>;
}

async function* graphItems(
  { domain }: Ros2Options,
  deps: Ros2Deps,
  signal: AbortSignal,
): AsyncGenerator<SourceItem, void> {
  const { clock, ids } = deps;
  await using graph = await deps.openGraph(domain);
  const recording = `ros2://${domain ?? 'default'}`;
  const id = uuidText(ids.uuid());
  const session: Session = { id, recording, profile: 'ros2', live: true };
  yield { kind: 'begin', session };
  const inbox = openInbox<Arrived>(clock);
  const subscriptions = new Subscriptions(graph, inbox, deps);
  let [heardMs, lookedMs] = [clock.monotonicMs(), Number.NEGATIVE_INFINITY];
  try {
    while (!signal.aborted) {
      const now = clock.monotonicMs();
      if (now - lookedMs >= graphEveryMs) {
        lookedMs = now;
        yield* await subscriptions.follow();
      }
      if (!(await inbox.more(quietEveryMs, signal))) {
        yield { kind: 'quiet', ms: clock.monotonicMs() - heardMs };
        continue;
      }
      const { items, dropped } = inbox.take();
      if (dropped > 0) yield { kind: 'dropped', reason: 'read_ahead', count: dropped };
      for (let from = 0; from < items.length; from += maxBlockMessages) {
        const part = items.slice(from, from + maxBlockMessages);
        const messages = part.map(({ channelId, message }) => ({ ...message, channelId }));
        for (const block of liveBlocks(messages)) yield { kind: 'block', block };
      }
      heardMs = clock.monotonicMs();
    }
  } finally {
    subscriptions.close();
  }
}

/** Topics come and go, and rules change what is wanted of them. */
class Subscriptions {
  readonly #graph: RosGraph;
  readonly #inbox: LiveInbox<Arrived>;
  readonly #deps: Ros2Deps;
  readonly #map = openChannelTable().open();
  readonly #there = new Map<string, Subscribed>();
  /** Topics that were complained of. */
  readonly #told = new Set<string>();
  #last = 0;

  constructor(graph: RosGraph, inbox: LiveInbox<Arrived>, deps: Ros2Deps) {
    this.#graph = graph;
    this.#inbox = inbox;
    this.#deps = deps;
  }

  /**
   * Subscribes to what is wanted and published, and anew when publishers offer something else; the
   * channels that are new. A topic that is only subscribed to says nothing of its quality yet.
   */
  async follow(): Promise<SourceItem[]> {
    const there = this.#graph.topics().filter(({ topic }) => this.#deps.wanted.has(topic));
    const keys = new Set(there.map(keyOf));
    for (const key of this.#there.keys()) if (!keys.has(key)) this.#end(key);
    const items: SourceItem[] = [];
    for (const topic of there) {
      const quality = this.#graph.quality(topic.topic);
      const before = this.#there.get(keyOf(topic))?.quality;
      if (quality === undefined || (before !== undefined && isAlike(quality, before))) continue;
      this.#end(keyOf(topic));
      items.push(...(await this.#subscribe(topic, quality)));
    }
    return items;
  }

  close(): void {
    for (const key of this.#there.keys()) this.#end(key);
  }

  #end(key: string): void {
    this.#there.get(key)?.end();
    this.#there.delete(key);
  }

  async #subscribe(topic: RosTopic, quality: RosQuality): Promise<SourceItem[]> {
    const { clock, log } = this.#deps;
    const definition = await this.#graph.definition(topic.type);
    if (definition === undefined) {
      log.warn('a type has no definition; its fields cannot be read', { ...topic });
    }
    const name = topic.type;
    const data = new TextEncoder().encode(definition ?? '');
    const schema = definition === undefined ? undefined : { name, encoding: 'ros2msg', data };
    this.#last += 1;
    const { channel, isNew } = this.#map.take({
      id: this.#last,
      topic: topic.topic,
      messageEncoding: 'cdr',
      metadata: new Map([['type', topic.type]]),
      schema,
      latched: quality.transientLocal,
    });
    const items: SourceItem[] = isNew ? [{ kind: 'channel', channel }] : [];
    let sequence = 0;
    let end = (): void => {};
    try {
      end = this.#graph.subscribe(topic, quality, (bytes) => {
        sequence += 1;
        // As rosbag2 does it: the log time of a message is when it came.
        const logTimeNs = BigInt(Math.round(clock.now() * 1e3)) * 1_000n;
        const message = { sequence, logTimeNs, data: bytes };
        this.#inbox.put({ channelId: channel.id, message }, bytes.length);
      });
    } catch (error) {
      items.push(...this.#refused(topic, error));
    }
    // One that failed is tried again when its publishers offer something else.
    this.#there.set(keyOf(topic), { quality, end });
    return items;
  }

  /** The other topics go on. */
  #refused(topic: RosTopic, error: unknown): SourceItem[] {
    const fault = asFault(error);
    if (fault.code === 'internal') throw error;
    const key = keyOf(topic);
    if (this.#told.has(key)) return [];
    this.#told.add(key);
    const text = `${topic.topic} (${topic.type}) cannot be subscribed to: ${reasonOf(fault)}`;
    return [{ kind: 'notice', name: 'topic_refused', text }];
  }
}

const keyOf = ({ topic, type }: RosTopic): string => `${topic} ${type}`;

/** Another depth alone is not worth the messages that go while a subscription is exchanged. */
const isAlike = (a: RosQuality, b: RosQuality): boolean =>
  a.reliable === b.reliable && a.transientLocal === b.transientLocal;
