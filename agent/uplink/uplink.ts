/**
 * The sender: rows on the control connection, clips on the bulk connection. Everything it knows
 * beyond the buffer may be lost at any moment; a new link starts from what the buffer holds.
 */
import { type Fault, faultLine, type Log, uuidText } from '@fieldloop/core';
import {
  chunkHeadBytes,
  clientIdOf,
  decodeStored,
  decodeTransfer,
  downTopic,
  downTopics,
  encodeTelemetry,
  encodeTransfer,
  fitTelemetry,
  type Series,
  type Stored,
  type Transfer,
  upTopic,
} from '@fieldloop/proto';
import { bulkIdleMs, goodbyeMs, reconnectRange, sweepEveryMs, uplinkTickMs } from '../limits.ts';
import { type Allowance, openAllowance } from './allowance.ts';
import { backlogOf } from './backlog.ts';
import { type Connection, openConnection } from './connection.ts';
import { openLanes } from './lanes.ts';
import { gated, type GatedDownloads } from './gated.ts';
import type { Link, LinkPort, Outgoing } from './link.ts';
import { mqttLinks } from './mqtt.ts';
import type { UplinkPolicy } from './policies.ts';
import { openRate, type Rate } from './rate.ts';
import { newPace, readyToSend, sendChunks } from './send.ts';
import { statusMessage } from './status-message.ts';
import { openTransfers } from './transfers.ts';
import type { Uplink, UplinkOptions, UplinkStatus } from './uplink-types.ts';
import { openWishes, type Wishes } from './wishes.ts';

export type { Uplink, UplinkOptions } from './uplink-types.ts';

export function openUplink(options: UplinkOptions): Uplink {
  const uplink = new RunningUplink(options);
  return {
    status: () => uplink.status(),
    measure: (series) => uplink.measure(series),
    obey: (policies) => uplink.obey(policies),
    close: () => uplink.close(),
    [Symbol.asyncDispose]: () => uplink.close(),
  };
}

class RunningUplink {
  readonly #options: UplinkOptions;
  readonly #log: Log;
  readonly #bootId: string;
  readonly #stopping = new AbortController();
  readonly #control: Connection;
  readonly #bulk: Connection;
  readonly #transfers: ReturnType<typeof openTransfers>;
  readonly #lanes: ReturnType<typeof openLanes>;
  readonly #wishes: Wishes;
  readonly #allowance: Allowance;
  readonly #downloads: GatedDownloads | undefined;
  readonly #stopListening: () => void;
  readonly #ticking: Promise<void>;
  #conn = 0;
  #isWoken = false;
  #sending: Promise<void> | undefined;
  #pace = newPace();
  #lastWantedMs = Number.NEGATIVE_INFINITY;
  #isRenewing = false;
  #since: string | undefined;
  #lastError: string | undefined;
  #bytesSent = 0;
  readonly #rate: Rate;
  #acknowledged = 0;
  #badReplies = 0;
  #reconnects = 0;
  #measured = 0n;

  constructor(options: UplinkOptions) {
    const { buffer, clock, random } = options;
    this.#options = options;
    this.#rate = openRate(clock.monotonicMs());
    this.#log = options.log.child('uplink');
    this.#bootId = uuidText(options.ids.uuid());
    this.#allowance = openAllowance({ ...options, shelf: buffer.spent, log: this.#log });
    this.#downloads = options.downloads && gated(options.downloads, this.#allowance);
    this.#wishes = openWishes(options.identity.device, options.wishes, this.#log);
    this.#lanes = openLanes({
      rows: buffer.rows,
      device: options.identity.device,
      log: this.#log,
      publish: (message) => this.#publish(message),
      onBroken: (why) => this.#renew(why),
      onHole: () => this.#control.drop('a full lane let rows go'),
    });
    this.#transfers = openTransfers({
      clips: buffer.clips,
      clock,
      random,
      log: this.#log,
      send: this.#sendTransfer,
      reconnectBulk: (why) => this.#bulk.drop(why),
      onAcknowledged: () => {
        this.#acknowledged += 1;
      },
      wake: () => this.#wake(),
    });
    const links =
      options.links ?? mqttLinks(options.brokerUrl, options.identity, clock, options.localAddress);
    this.#control = this.#connect('control', links);
    this.#bulk = this.#connect('bulk', links);
    this.#stopListening = buffer.onChange(() => this.#wake());
    this.#ticking = this.#tick();
  }

  status(): UplinkStatus {
    const { buffer, clock } = this.#options;
    const counts = buffer.counts();
    const { rows } = counts;
    const { figures } = this.#allowance;
    return {
      ...backlogOf(counts, clock.now()),
      connected: this.#control.link !== undefined,
      uploading: this.#transfers.size,
      bytesSent: this.#bytesSent,
      rate: this.#rate.bytesPerSecond,
      clipsAcknowledged: this.#acknowledged,
      backlogRows: rows.events + rows.manifests + rows.reported,
      badReplies: this.#badReplies,
      reconnects: this.#reconnects,
      ...(this.#since === undefined ? {} : { since: this.#since }),
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
      ...(figures === undefined ? {} : { allowance: figures }),
    };
  }

  measure(series: readonly Series[]): boolean {
    if (this.#control.link === undefined || !this.#wishes.areHeard) return false;
    this.#measured += 1n;
    const topic = upTopic(this.#options.identity.device, 'telemetry');
    const head = { bootId: this.#bootId, seq: this.#measured, atMs: this.#options.clock.now() };
    const payload = encodeTelemetry({ ...head, series: fitTelemetry(series) });
    void this.#publish({ topic, payload, qos: 0 });
    return true;
  }

  obey(policies: readonly UplinkPolicy[]): void {
    if (this.#allowance.become(policies)) this.#confine();
  }

  async close(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopListening();
    await this.#transfers.close();
    this.#stopping.abort();
    const { link } = this.#control;
    if (link !== undefined) {
      const goodbye = link.publish(this.#statusMessage(false)).catch(() => {});
      await Promise.race([goodbye, this.#options.clock.sleep(goodbyeMs)]);
    }
    await Promise.all([this.#control.close(), this.#bulk.close()]);
    await this.#sending;
    await this.#ticking;
    this.#allowance.close();
  }

  #connect(kind: 'control' | 'bulk', links: LinkPort): Connection {
    const { identity, clock, random, reconnect } = this.#options;
    const isControl = kind === 'control';
    return openConnection({
      name: clientIdOf(identity.device, kind),
      connect: async (signal) => {
        if (isControl) {
          await this.#options.buffer.rows.belongTo(identity.device);
          this.#conn = await this.#options.buffer.rows.nextConn();
        }
        return links.connect(
          {
            kind,
            subscribe: downTopics(identity.device, kind),
            will: isControl ? this.#statusMessage(false) : undefined,
            onMessage: (topic, payload) => this.#receive(topic, payload),
          },
          signal,
        );
      },
      isWanted: () => isControl || this.#bulkIsWanted(),
      onUp: (link) => (isControl ? this.#controlIsUp(link) : this.#bulkIsUp()),
      onDown: (why) => (isControl ? this.#controlIsDown(why) : this.#bulkIsDown()),
      onFault: (fault) => this.#failed(fault),
      reconnect: { ...reconnectRange, ...reconnect },
      clock,
      random: random.fork(kind),
      log: this.#log,
    });
  }

  /** While a transfer is open or wanted, and a while longer; never without control. */
  #bulkIsWanted(): boolean {
    if (this.#control.link === undefined) return false;
    const now = this.#options.clock.monotonicMs();
    return this.#hasBulkWork || now - this.#lastWantedMs < bulkIdleMs;
  }

  get #hasBulkWork(): boolean {
    return this.#transfers.size > 0 || this.#downloads?.isWanted === true;
  }

  /** What is on its way and may not be any more goes back to where it waits. */
  #confine(): void {
    this.#log.info('what may use the network changed', { ...this.#allowance.figures });
    if (!this.#allowance.permit.downloads) this.#downloads?.linkLost();
    this.#wake();
  }

  /** Clips go by the bulk connection, which may have come another way than that of control. */
  #useNetwork(): void {
    const link = this.#bulk.link ?? this.#control.link;
    if (link !== undefined && this.#allowance.use(link.localAddress)) this.#confine();
  }

  #controlIsUp(link: Link): void {
    this.#since = new Date(this.#options.clock.now()).toISOString();
    this.#lastError = undefined;
    this.#useNetwork();
    this.#log.info('connected to the cloud', { broker: this.#options.brokerUrl });
    link.publish(this.#statusMessage(true)).catch((error: unknown) => {
      this.#log.debug('the link ended before its first word', { error });
    });
    this.#lanes.restart();
    this.#wake();
  }

  #bulkIsUp(): void {
    this.#useNetwork();
    this.#pace = newPace();
    this.#wake();
  }

  #bulkIsDown(): void {
    this.#useNetwork();
    this.#transfers.bulkLost();
    this.#downloads?.linkLost();
  }

  #controlIsDown(why: string): void {
    this.#since = new Date(this.#options.clock.now()).toISOString();
    this.#lastError = why;
    this.#reconnects += 1;
    this.#wishes.linkLost();
    this.#transfers.controlLost();
    this.#downloads?.linkLost();
  }

  #failed(fault: Fault): void {
    this.#lastError = faultLine(fault);
  }

  #statusMessage(online: boolean): Outgoing {
    return statusMessage(this.#options, { bootId: this.#bootId, conn: this.#conn, online });
  }

  /** False shows by the link's end too: what was not taken is sent again on the next one. */
  async #publish(message: Outgoing): Promise<boolean> {
    this.#allowance.spend(message.payload.length + message.topic.length);
    try {
      await this.#control.link?.publish(message);
      return true;
    } catch (error) {
      this.#log.debug('a message was not taken', { topic: message.topic, error });
      return false;
    }
  }

  readonly #sendTransfer = (message: Transfer): void => {
    const topic = upTopic(this.#options.identity.device, 'transfer');
    void this.#publish({ topic, payload: encodeTransfer(message), qos: 1 });
  };

  #receive(topic: string, payload: Uint8Array): void {
    const { device } = this.#options.identity;
    const isSpent = this.#allowance.spend(payload.length + topic.length);
    if (isSpent && this.#allowance.look()) this.#confine();
    try {
      if (topic === downTopic(device, 'transfer')) this.#transfer(decodeTransfer(payload));
      else if (topic === downTopic(device, 'stored')) this.#stored(decodeStored(payload));
      else if (topic === downTopic(device, 'chunk')) this.#downloads?.chunk(payload);
      else if (!this.#wishes.take(topic, payload)) this.#log.debug('a later message', { topic });
    } catch (error) {
      this.#badReply('the cloud sent something that cannot be read', { topic, error });
    }
  }

  #stored(stored: Stored): void {
    for (const { seq, code } of stored.refused) {
      this.#log.error('the cloud refused a row', { lane: stored.lane, seq: Number(seq), code });
    }
    if (stored.refused.some(({ code }) => code === 'SEQ_REUSED')) {
      this.#renew('the cloud knows these numbers with other rows');
      return;
    }
    this.#lanes.stored(stored, this.#options.clock.monotonicMs());
    this.#wake();
  }

  /** The hot path: an Ack asks for more chunks and for nothing else. */
  #transfer(message: Transfer): void {
    if (this.#downloads?.receive(message) === true) return;
    if (this.#transfers.receive(message)) this.#send();
    else this.#badReply('the cloud spoke of a transfer that is not open', { kind: message.kind });
  }

  #badReply(phrase: string, fields: Readonly<Record<string, unknown>>): void {
    this.#badReplies += 1;
    this.#log.debug(phrase, { ...fields, count: this.#badReplies });
  }

  /** Every row gets a new number, and the cloud is told so by a new connection. */
  #renew(why: string): void {
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    this.#log.warn('rows are numbered again', { why });
    this.#options.buffer.rows
      .renewOrigin()
      .catch((error: unknown) => this.#log.error('rows could not be numbered again', { error }))
      .finally(() => {
        this.#isRenewing = false;
        this.#control.drop(why);
      });
  }

  async #tick(): Promise<void> {
    const { signal } = this.#stopping;
    const { clock, buffer } = this.#options;
    let swept = clock.monotonicMs();
    while (!signal.aborted) {
      await clock.sleep(uplinkTickMs, signal).catch(() => {});
      this.#rate.look(this.#bytesSent, clock.monotonicMs());
      if (this.#allowance.look()) this.#confine();
      this.#wake();
      if (clock.monotonicMs() - swept < sweepEveryMs) continue;
      swept = clock.monotonicMs();
      await buffer.clips.finishDeletes().catch((error: unknown) => {
        this.#log.warn('a clip that the cloud has is not deleted yet', { error });
      });
    }
  }

  /** Many causes, one look, after whatever is under way now. */
  #wake(): void {
    if (this.#isWoken || this.#stopping.signal.aborted) return;
    this.#isWoken = true;
    queueMicrotask(() => {
      this.#isWoken = false;
      if (this.#stopping.signal.aborted) return;
      try {
        this.#pump();
      } catch (error) {
        // The buffer may refuse for a while; the next tick tries again.
        this.#log.error('a step of the uplink failed', { error });
      }
    });
  }

  #pump(): void {
    if (this.#control.link === undefined || this.#isRenewing) return;
    const now = this.#options.clock.monotonicMs();
    this.#lanes.pump(now);
    this.#transfers.tick(this.#bulk.link !== undefined, this.#allowance.permit.classes);
    if (this.#hasBulkWork) this.#lastWantedMs = now;
    if (this.#bulk.link !== undefined) this.#downloads?.tick(this.#sendTransfer);
    if (this.#bulk.link === undefined) this.#bulk.wake();
    else if (!this.#bulkIsWanted()) this.#bulk.drop('nothing waits');
    else this.#send();
  }

  #send(): void {
    const { link } = this.#bulk;
    const what = { transfers: this.#transfers, pace: this.#pace, allowance: this.#allowance };
    if (link === undefined || this.#sending !== undefined) return;
    if (readyToSend(what).length === 0) return;
    this.#sending = sendChunks(link, {
      ...what,
      device: this.#options.identity.device,
      clock: this.#options.clock,
      signal: this.#stopping.signal,
      isUp: () => this.#bulk.link === link && !this.#stopping.signal.aborted,
      onSent: (bytes) => {
        this.#bytesSent += bytes;
        this.#allowance.sent(bytes + chunkHeadBytes);
      },
    })
      .catch((error: unknown) => this.#log.error('sending chunks failed', { error }))
      .finally(() => {
        this.#sending = undefined;
        this.#send();
      });
  }
}
