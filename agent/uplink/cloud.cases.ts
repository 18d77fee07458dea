/**
 * A cloud in memory for tests of the uplink: real codec, chunk frames and receiving machines, on a
 * simulated clock, link, disk and database. What is not on its disk is gone at `restart`.
 */
import { createHash } from 'node:crypto';
import { Fault, type Random } from '@fieldloop/core';
import {
  decodeEvents,
  decodeManifest,
  decodeReported,
  decodeStatus,
  decodeTransfer,
  downTopic,
  encodeStored,
  encodeTransfer,
  type Lane,
  newReceiver,
  type Open,
  openAnswer,
  parseChunk,
  receiverWakesAtMs,
  type ReceiverInput,
  type ReceiverOutput,
  type ReceiverState,
  type Status,
  stepReceiver,
  type Transfer,
  upMessageOf,
  type WireCode,
} from '@fieldloop/proto';
import type { TestClock } from './clock.cases.ts';
import { type Faults, noFaults } from './faults.cases.ts';
import type { Link, LinkPort, LinkWish, Outgoing } from './link.ts';

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

interface Receiving {
  state: ReceiverState;
  /** Carried out one after the other, as a disk does. */
  work: Promise<void>;
  pending: Uint8Array[];
}

interface SimLink extends Link {
  readonly wish: LinkWish;
  end(why: string): void;
  isUp(): boolean;
}

const latencyMs = 5;
/** Fast enough for full chunks. */
const bytesPerMs = 100_000;
const commitMs = 2;
/** Not a multiple of any chunk, as a share of memory is. */
const credit = 1_000_003;

export class SimulatedCloud {
  readonly device: string;
  faults: Faults = noFaults;
  isReachable = true;
  /** From where the device connects now. */
  localAddress = 'wlan0';
  /** Durable: rows by lane and number, blobs, parts with their synced bytes, epochs. */
  readonly rows = new Map<Lane, Map<number, string>>();
  readonly blobs = new Map<string, Uint8Array>();
  readonly commits = new Map<string, number>();
  readonly statuses: Status[] = [];
  /** Numbers of manifests that are stored as refused. */
  readonly refused = new Map<number, WireCode>();
  badChunks = 0;
  readonly #parts = new Map<string, { bytes: Uint8Array; durable: number }>();
  #epoch = 0;
  readonly #through = new Map<string, number>();
  /** In memory: lost at a restart. */
  #receivers = new Map<string, Receiving>();
  #tids = new Map<number, string>();
  #life = 0;
  #links = new Map<string, SimLink>();
  readonly #clock: TestClock;
  readonly #random: Random;

  constructor(device: string, clock: TestClock, random: Random) {
    this.device = device;
    this.#clock = clock;
    this.#random = random;
  }

  get port(): LinkPort {
    return {
      connect: async (wish, signal) => {
        await this.#clock.sleep(latencyMs * 2, signal);
        if (!this.isReachable) throw new Fault('unavailable', 'nobody answers');
        this.#links.get(wish.kind)?.end('taken over');
        const link = this.#link(wish);
        this.#links.set(wish.kind, link);
        return link;
      },
    };
  }

  cut(kind?: 'control' | 'bulk'): void {
    for (const [name, link] of this.#links)
      if (kind === undefined || kind === name) link.end('cut');
  }

  /** Memory is lost, and so are bytes that no sync had covered. */
  restart(): void {
    this.#life += 1;
    this.cut();
    this.#receivers.clear();
    this.#tids.clear();
  }

  /** Say something that the machines did not. */
  inject(topic: 'stored' | 'transfer', payload: Uint8Array): void {
    const link = this.#links.get('control');
    if (link?.isUp() === true) link.wish.onMessage(downTopic(this.device, topic), payload);
  }

  tick(): void {
    const now = this.#clock.monotonicMs();
    for (const [sha256, one] of this.#receivers) {
      if (receiverWakesAtMs(one.state) <= now) this.#step(sha256, { kind: 'tick' });
    }
  }

  #chance(of: keyof Faults): boolean {
    return this.#random.next() < this.faults[of];
  }

  #link(wish: LinkWish): SimLink {
    let isUp = true;
    let resolve = (_why: string): void => {};
    const ended = new Promise<string>((done) => (resolve = done));
    const lost = ended.then((why) => {
      throw new Fault('unavailable', why);
    });
    lost.catch(() => {});
    let freeAtMs = 0;
    const end = (why: string): void => {
      if (!isUp) return;
      isUp = false;
      resolve(why);
      for (const sha256 of this.#receivers.keys()) this.#step(sha256, { kind: 'linkLost' });
    };
    const take = async (message: Outgoing): Promise<void> => {
      const now = this.#clock.monotonicMs();
      freeAtMs = Math.max(now, freeAtMs) + message.payload.length / bytesPerMs;
      await this.#clock.sleep(freeAtMs - now);
      // Copied when the socket is done with it, so a frame that is used too early shows.
      const payload = Uint8Array.from(message.payload);
      const copies = message.qos === 1 && this.#chance('double') ? 2 : 1;
      const deliver = async (): Promise<void> => {
        await this.#clock.sleep(latencyMs);
        if (isUp) this.#receive(wish, message.topic, payload);
      };
      const delivered = Array.from({ length: copies }, deliver);
      // QoS 1 is acknowledged by the broker, QoS 0 by the socket alone.
      if (message.qos === 1) await Promise.all(delivered);
    };
    return {
      wish,
      end,
      localAddress: this.localAddress,
      isUp: () => isUp,
      ended,
      publish: (message) => Promise.race([take(message), lost]),
      close: async () => end('closed by the device'),
    };
  }

  #say(topic: 'stored' | 'transfer', payload: Uint8Array): void {
    if (this.#chance('loseDown')) return;
    const garbled = this.#chance('garble');
    const bytes = garbled ? this.#nonsense(payload) : payload;
    const link = this.#links.get('control');
    const copies = this.#chance('double') ? 2 : 1;
    for (let i = 0; i < copies; i += 1) {
      void this.#clock.sleep(latencyMs).then(() => {
        if (link?.isUp() === true) link.wish.onMessage(downTopic(this.device, topic), bytes);
      });
    }
  }

  #nonsense(payload: Uint8Array): Uint8Array {
    const bytes = Uint8Array.from(payload);
    for (let i = 0; i < 3 && bytes.length > 0; i += 1) {
      bytes[this.#random.integer(bytes.length)] = this.#random.integer(256);
    }
    return bytes.subarray(0, Math.max(1, bytes.length - this.#random.integer(3)));
  }

  #receive(wish: LinkWish, topic: string, payload: Uint8Array): void {
    const message = upMessageOf(this.device, topic);
    switch (message) {
      case 'status':
        return this.#hearStatus(decodeStatus(payload));
      case 'events': {
        const { origin, rows } = decodeEvents(payload);
        for (const row of rows) {
          const count = row.row?.kind === 'gap' ? Number(row.row.gap.count) : 1;
          for (let i = 0; i < count; i += 1) {
            this.#store('events', origin, Number(row.seq) + i, `${row.crc}`);
          }
        }
        return this.#commit('events', origin);
      }
      case 'telemetry':
        return undefined;
      case 'manifest': {
        const { origin, seq } = decodeManifest(payload);
        this.#store('manifests', origin, Number(seq), Buffer.from(payload).toString('hex'));
        return this.#commit('manifests', origin);
      }
      case 'reported': {
        const { origin, seq } = decodeReported(payload);
        this.#store('reported', origin, Number(seq), Buffer.from(payload).toString('hex'));
        return this.#commit('reported', origin);
      }
      case 'transfer':
        return this.#hearTransfer(decodeTransfer(payload));
      case 'chunk':
        return wish.kind === 'bulk' ? this.#hearChunk(payload) : undefined;
      case undefined:
        throw new Error(`a device may not publish ${topic}`);
    }
  }

  #hearStatus(status: Status): void {
    this.statuses.push(status);
    for (const { lane, origin, lowest } of status.lanes) {
      const key = `${lane}/${origin}`;
      const through = this.#through.get(key) ?? 0;
      this.#through.set(key, Math.max(through, Number(lowest) - 1));
      this.#commit(lane, origin);
    }
  }

  /** The same number twice must be the same row. */
  #store(lane: Lane, origin: bigint, seq: number, row: string): void {
    const rows = this.rows.get(lane) ?? new Map<number, string>();
    this.rows.set(lane, rows);
    const known = rows.get(seq);
    if (known !== undefined && known !== row)
      throw new Error(`${lane} ${seq} came with other bytes`);
    rows.set(seq, row);
    const key = `${lane}/${origin}`;
    let through = this.#through.get(key) ?? 0;
    while (rows.has(through + 1)) through += 1;
    this.#through.set(key, through);
  }

  #commit(lane: Lane, origin: bigint): void {
    const life = this.#life;
    void this.#clock.sleep(commitMs).then(() => {
      if (life !== this.#life) return;
      const through = BigInt(this.#through.get(`${lane}/${origin}`) ?? 0);
      const known = lane === 'manifests' ? [...this.refused] : [];
      const refused = known
        .filter(([seq]) => this.rows.get(lane)?.has(seq) === true)
        .map(([seq, code]) => ({ seq: BigInt(seq), code }));
      this.#say('stored', encodeStored({ lane, origin, through, refused }));
    });
  }

  #hearTransfer(message: Transfer): void {
    if (message.kind === 'cancel') {
      const sha256 = this.#tids.get(message.cancel.tid);
      if (sha256 !== undefined) this.#step(sha256, { kind: 'cancel', cancel: message.cancel });
    } else if (message.kind === 'open') {
      this.#hearOpen(message.open);
    } else {
      throw new Error(`a device may not say ${message.kind}`);
    }
  }

  #hearOpen(open: Open): void {
    if (this.#chance('later')) {
      const later = { state: 'later', code: 'BUSY', retryAfterMs: 400 } as const;
      return this.#say('transfer', encodeTransfer(openAnswer(open, later)));
    }
    this.#tids.set(open.tid, open.sha256);
    if (this.#receivers.has(open.sha256)) {
      return this.#step(open.sha256, { kind: 'open', open });
    }
    const [state, outputs] = newReceiver(open);
    this.#receivers.set(open.sha256, { state, work: Promise.resolve(), pending: [] });
    for (const output of outputs) this.#carryOut(open.sha256, output);
  }

  #hearChunk(payload: Uint8Array): void {
    if (this.#chance('loseChunk')) return;
    if (this.#chance('damageChunk')) {
      const at = 20 + this.#random.integer(payload.length - 20);
      payload[at] = (payload[at] ?? 0) ^ 1;
    }
    const parsed = parseChunk(payload);
    const head = parsed.ok ? parsed.chunk : parsed.head;
    const sha256 = this.#tids.get(head?.tid ?? -1);
    if (head === undefined || sha256 === undefined || !this.#receivers.has(sha256)) {
      const nack = { tid: head?.tid ?? 0, epoch: head?.epoch ?? 0, code: 'UNKNOWN' } as const;
      const message = { ...nack, from: 0, retryAfterMs: 0, detail: '' };
      return this.#say('transfer', encodeTransfer({ kind: 'nack', nack: message }));
    }
    const { epoch, offset, last } = head;
    if (!parsed.ok) {
      this.badChunks += 1;
      return this.#step(sha256, { kind: 'badChunk', epoch, code: parsed.code });
    }
    const { length, pieces } = parsed.chunk;
    const data = Buffer.concat(pieces);
    this.#step(sha256, { kind: 'chunk', epoch, offset, length, last }, data);
  }

  #step(sha256: string, input: Without<ReceiverInput, 'nowMs'>, data?: Uint8Array): void {
    const one = this.#receivers.get(sha256);
    if (one === undefined) return;
    const [state, outputs] = stepReceiver(one.state, {
      ...input,
      nowMs: this.#clock.monotonicMs(),
    });
    one.state = state;
    for (const output of outputs) this.#carryOut(sha256, output, data);
  }

  #carryOut(sha256: string, output: ReceiverOutput, data?: Uint8Array): void {
    const one = this.#receivers.get(sha256);
    switch (output.kind) {
      case 'send':
        return this.#say('transfer', encodeTransfer(output.message));
      case 'append':
        one?.pending.push(data ?? new Uint8Array());
        return;
      case 'begin':
        return this.#work(sha256, () => this.#begin(sha256));
      case 'sync':
        return this.#work(sha256, () => {
          this.#flush(sha256);
          return { kind: 'synced', epoch: output.epoch, durable: output.durable };
        });
      case 'finish':
        return this.#work(sha256, () => this.#finish(sha256));
      case 'discard':
        this.#parts.delete(sha256);
        return;
      case 'close':
        this.#receivers.delete(sha256);
    }
  }

  /** One piece of work after another, each some milliseconds later, none after a restart. */
  #work(sha256: string, what: () => Without<ReceiverInput, 'nowMs'>): void {
    const one = this.#receivers.get(sha256);
    if (one === undefined) return;
    const life = this.#life;
    one.work = one.work.then(async () => {
      await this.#clock.sleep(commitMs);
      if (life === this.#life) this.#step(sha256, what());
    });
  }

  #begin(sha256: string): Without<ReceiverInput, 'nowMs'> {
    if (this.blobs.has(sha256)) return { kind: 'known' };
    const one = this.#receivers.get(sha256);
    if (one !== undefined) one.pending = [];
    const part = this.#parts.get(sha256) ?? { bytes: new Uint8Array(), durable: 0 };
    this.#parts.set(sha256, { ...part, bytes: part.bytes.subarray(0, part.durable) });
    this.#epoch += 1;
    return { kind: 'begun', epoch: this.#epoch, durable: part.durable, credit };
  }

  #flush(sha256: string): void {
    const one = this.#receivers.get(sha256);
    const part = this.#parts.get(sha256);
    if (one === undefined || part === undefined) return;
    const bytes = Buffer.concat([part.bytes, ...one.pending]);
    one.pending = [];
    this.#parts.set(sha256, { bytes, durable: bytes.length });
  }

  #finish(sha256: string): Without<ReceiverInput, 'nowMs'> {
    this.#flush(sha256);
    const bytes = this.#parts.get(sha256)?.bytes ?? new Uint8Array();
    this.#parts.delete(sha256);
    if (createHash('sha256').update(bytes).digest('hex') !== sha256) return { kind: 'differs' };
    this.blobs.set(sha256, bytes);
    this.commits.set(sha256, (this.commits.get(sha256) ?? 0) + 1);
    return { kind: 'stored' };
  }
}
