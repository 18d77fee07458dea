/**
 * A Foxglove WebSocket server, such as the bridge of a robot. It drops what its clients do not
 * take in time, so only topics that somebody wants are subscribed to. When the connection goes
 * the source connects again, and each connection is a session of its own.
 */
import { isDeepStrictEqual } from 'node:util';
import {
  asFault,
  type Clock,
  Fault,
  type Ids,
  type Log,
  type Random,
  uuidText,
} from '@fieldloop/core';
import { type Channel, openChannelTable } from '@fieldloop/recording';
import { askFoxgloveMs, dialFoxgloveMs, maxBlockMessages, quietEveryMs } from '../limits.ts';
import {
  type Advertised,
  type FromServer,
  readFrame,
  readText,
  subprotocols,
  subscribeText,
  unsubscribeText,
} from './foxglove-frames.ts';
import { type LiveInbox, openInbox } from './inbox.ts';
import { liveBlocks, type LiveMessage } from './live-block.ts';
import { reconnecting } from './reconnect.ts';
import type { Session, Source, SourceItem } from './source.ts';
import type { Wanted } from './wanted.ts';

export interface FoxgloveOptions {
  readonly name: string;
  readonly url: string;
}

export interface FoxgloveDeps {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  readonly log: Log;
  readonly wanted: Wanted;
}

export function foxgloveSource(options: FoxgloveOptions, deps: FoxgloveDeps): Source {
  const connecting = {
    connect: (signal: AbortSignal) => connection(options, deps, signal),
    closed: 'the Foxglove server closed the connection',
  };
  return {
    name: options.name,
    finite: false,
    items: (signal) => reconnecting(connecting, deps, signal),
  };
}

async function* connection(
  { url }: FoxgloveOptions,
  deps: FoxgloveDeps,
  signal: AbortSignal,
): AsyncGenerator<SourceItem, void> {
  const { clock, ids } = deps;
  const inbox = openInbox<FromServer | Fault>(clock);
  const socket = await dial(url, inbox, signal);
  const client = new Client(socket, deps);
  try {
    const id = uuidText(ids.uuid());
    const session: Session = { id, recording: url, profile: '', live: true };
    yield { kind: 'begin', session };
    let heardMs = clock.monotonicMs();
    let [askedMs, quietMs] = [heardMs, heardMs];
    while (!signal.aborted && !inbox.isOver) {
      let isHeard = false;
      const came = await inbox.more(quietEveryMs, signal);
      yield* client.followRules();
      if (came) {
        const { items, dropped } = inbox.take();
        if (dropped > 0) yield { kind: 'dropped', reason: 'read_ahead', count: dropped };
        for (const item of client.take(items)) {
          if (item.kind === 'block') [isHeard, heardMs] = [true, clock.monotonicMs()];
          yield item;
        }
      }
      const nowMs = clock.monotonicMs();
      // Whoever only listens never hears that the other machine was off in between.
      if (!came && nowMs - askedMs >= askFoxgloveMs) {
        askedMs = nowMs;
        socket.send(unsubscribeText([]));
      }
      // The server's own time is no message, however often it comes.
      if (came && (isHeard || nowMs - quietMs < quietEveryMs)) continue;
      quietMs = nowMs;
      yield { kind: 'quiet', ms: nowMs - heardMs };
    }
  } finally {
    socket.close();
  }
}

interface Subscribed {
  readonly subscription: number;
  readonly channel: Channel;
  count: number;
}

/** What is advertised and what of it is subscribed to. */
class Client {
  readonly #socket: WebSocket;
  readonly #deps: FoxgloveDeps;
  readonly #table = openChannelTable();
  readonly #map = this.#table.open();
  readonly #advertised = new Map<number, Advertised>();
  readonly #byChannel = new Map<number, Subscribed>();
  readonly #bySubscription = new Map<number, Subscribed>();
  #last = 0;
  #version: number;

  constructor(socket: WebSocket, deps: FoxgloveDeps) {
    this.#socket = socket;
    this.#deps = deps;
    this.#version = deps.wanted.version;
  }

  *take(items: readonly (FromServer | Fault)[]): Generator<SourceItem, void> {
    let messages: LiveMessage[] = [];
    for (const said of items) {
      if (said instanceof Fault) {
        yield* blocksOf(messages);
        throw said;
      }
      if (said.kind !== 'message') {
        yield* this.#control(said);
        continue;
      }
      const to = this.#bySubscription.get(said.subscription);
      // What was on its way when its subscription ended.
      if (to === undefined) continue;
      const { logTimeNs, data } = said;
      to.count += 1;
      messages.push({ channelId: to.channel.id, sequence: to.count, logTimeNs, data });
      if (messages.length < maxBlockMessages) continue;
      yield* blocksOf(messages);
      messages = [];
    }
    yield* blocksOf(messages);
  }

  /** Other rules may want other topics. */
  followRules(): SourceItem[] {
    const { wanted } = this.#deps;
    if (wanted.version === this.#version) return [];
    this.#version = wanted.version;
    const unwanted = [...this.#byChannel].filter(([, { channel }]) => !wanted.has(channel.topic));
    this.#leave(unwanted.map(([id]) => id));
    return this.#subscribe([...this.#advertised.values()]);
  }

  *#control(said: FromServer): Generator<SourceItem, void> {
    const { log } = this.#deps;
    switch (said.kind) {
      case 'advertise':
        this.#leave(this.#changed(said.channels));
        for (const channel of said.channels) this.#advertised.set(channel.id, channel);
        yield* this.#subscribe(said.channels);
        return;
      case 'unadvertise':
        for (const id of said.ids) {
          this.#advertised.delete(id);
          this.#forget(id);
        }
        return;
      case 'status':
        log[said.level]('the Foxglove server says', { text: said.text });
        return;
      case 'serverInfo':
        log.info('connected with a Foxglove server', {
          server: said.name,
          protocol: this.#socket.protocol,
        });
        return;
      default:
    }
  }

  #subscribe(channels: readonly Advertised[]): SourceItem[] {
    const items: SourceItem[] = [];
    const subscriptions: { id: number; channelId: number }[] = [];
    for (const advertised of channels) {
      const { id, topic, messageEncoding, schema } = advertised;
      if (this.#byChannel.has(id) || !this.#deps.wanted.has(topic)) continue;
      const given = { id, topic, messageEncoding, schema, metadata: new Map(), latched: false };
      const { channel, isNew } = this.#map.take(given);
      if (isNew) items.push({ kind: 'channel', channel });
      this.#last += 1;
      const subscribed = { subscription: this.#last, channel, count: 0 };
      this.#byChannel.set(id, subscribed);
      this.#bySubscription.set(this.#last, subscribed);
      subscriptions.push({ id: this.#last, channelId: id });
    }
    if (subscriptions.length > 0) this.#socket.send(subscribeText(subscriptions));
    return items;
  }

  /** Ids that stand for something else from now on: not every server takes them back before. */
  #changed(channels: readonly Advertised[]): number[] {
    const others = channels.filter((one) => !isDeepStrictEqual(one, this.#advertised.get(one.id)));
    return others.map(({ id }) => id);
  }

  #leave(ids: readonly number[]): void {
    const gone = ids.flatMap((id) => this.#byChannel.get(id)?.subscription ?? []);
    for (const id of ids) this.#forget(id);
    if (gone.length > 0) this.#socket.send(unsubscribeText(gone));
  }

  #forget(id: number): void {
    const subscribed = this.#byChannel.get(id);
    if (subscribed === undefined) return;
    this.#byChannel.delete(id);
    this.#bySubscription.delete(subscribed.subscription);
  }
}

function* blocksOf(messages: readonly LiveMessage[]): Generator<SourceItem, void> {
  if (messages.length === 0) return;
  for (const block of liveBlocks(messages)) yield { kind: 'block', block };
}

function dial(
  url: string,
  inbox: LiveInbox<FromServer | Fault>,
  signal: AbortSignal,
): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, subprotocols);
    socket.binaryType = 'arraybuffer';
    const give = AbortSignal.any([signal, AbortSignal.timeout(dialFoxgloveMs)]);
    const refuse = (): void => {
      socket.close();
      inbox.end();
      reject(unanswered(url));
    };
    give.addEventListener('abort', refuse, { once: true });
    socket.addEventListener('open', () => {
      give.removeEventListener('abort', refuse);
      if (subprotocols.includes(socket.protocol)) resolve(socket);
      else refuse();
    });
    socket.addEventListener('error', refuse);
    socket.addEventListener('close', refuse);
    socket.addEventListener('message', ({ data }: { readonly data: unknown }) => {
      const said = readOr(data);
      // Nobody waits for them, and a server may send its time more often than messages.
      if ('kind' in said && (said.kind === 'time' || said.kind === 'other')) return;
      inbox.put(said, 'kind' in said && said.kind === 'message' ? said.data.length : undefined);
    });
  });
}

/** Rubbish is met in its turn, after what came before it. */
function readOr(data: unknown): FromServer | Fault {
  try {
    if (typeof data === 'string') return readText(data);
    return readFrame(new Uint8Array(data as ArrayBuffer));
  } catch (error) {
    return asFault(error);
  }
}

const unanswered = (url: string): Fault =>
  new Fault('unavailable', 'the Foxglove server does not answer', {
    place: url,
    remedy:
      'Start it, or correct the address in "sources"; it must speak foxglove.sdk.v1 or foxglove.websocket.v1. The agent tries again by itself.',
  });
