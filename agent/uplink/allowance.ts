/**
 * What the uplink may still send, by the policy of the network that it uses: a bucket of bytes a
 * second, and a count of the day that outlives the process.
 */
import { asFault, type Clock, type Log } from '@fieldloop/core';
import { wireLimits } from '@fieldloop/proto';
import type { SpentShelf } from '../buffer/shelves.ts';
import { spentAheadBytes, uplinkTickMs } from '../limits.ts';
import { type Network, unknownNetwork } from './network.ts';
import { type Permit, permitOf, policyFor, type UplinkPolicy, wholePermit } from './policies.ts';

export interface AllowanceOptions {
  readonly policies: readonly UplinkPolicy[];
  readonly shelf: SpentShelf;
  readonly clock: Clock;
  readonly log: Log;
}

export interface AllowanceFigures extends Network {
  /** The condition of the policy that holds; absent: none does. */
  readonly when?: string | undefined;
  readonly bytesPerSecond?: number | undefined;
  readonly spentBytes: number;
  readonly bytesPerDay?: number | undefined;
  /** Why clips wait. */
  readonly waits?: string | undefined;
}

export interface Allowance {
  /** As of the last look. */
  readonly permit: Permit;
  /** Absent while there are no policies. */
  readonly figures: AllowanceFigures | undefined;
  /** The network that the connection uses from now on. */
  use(network: Network): void;
  /** Other policies hold from now on. */
  become(policies: readonly UplinkPolicy[]): void;
  /** Hours pass and bytes are spent: true when something else may go than before. */
  look(): boolean;
  /** Bytes of any kind went over the network, in either direction. */
  spend(bytes: number): void;
  /** How long a chunk of this many bytes has to wait. */
  waitMs(bytes: number): number;
  /** The largest chunk that does not fill the bucket for long. */
  readonly chunkBytes: number;
}

interface Spent {
  readonly day: string;
  /** By the condition of their policy. */
  readonly bytes: Map<string, number>;
}

export function openAllowance(options: AllowanceOptions): Allowance {
  return new RunningAllowance(options);
}

class RunningAllowance implements Allowance {
  permit: Permit = wholePermit;
  readonly #options: AllowanceOptions;
  #policies: readonly UplinkPolicy[];
  #policy: UplinkPolicy | undefined;
  #network = unknownNetwork;
  #spent: Spent;
  /** What the database says was spent: more than was, so that an end loses none of it. */
  #noted: Map<string, number>;
  #isNoting = true;
  #tokens = 0;
  #filledMs: number;

  constructor(options: AllowanceOptions) {
    this.#options = options;
    this.#policies = options.policies;
    this.#spent = spentOf(options.shelf.read()) ?? { day: this.#day(), bytes: new Map() };
    this.#noted = new Map(this.#spent.bytes);
    this.#filledMs = options.clock.monotonicMs();
    this.look();
  }

  get figures(): AllowanceFigures | undefined {
    if (this.#policies.length === 0) return undefined;
    const { when, bytesPerSecond, bytesPerDay } = this.#policy ?? {};
    return {
      ...this.#network,
      when: when?.text,
      bytesPerSecond,
      spentBytes: this.#spentBytes,
      bytesPerDay,
      waits: this.permit.waits,
    };
  }

  get chunkBytes(): number {
    const { bytesPerSecond = Number.POSITIVE_INFINITY } = this.#policy ?? {};
    const { minChunkBytes, maxChunkBytes } = wireLimits;
    const most = Math.min(maxChunkBytes, bytesPerSecond / 4, this.#leftBytes);
    return 2 ** Math.floor(Math.log2(Math.max(minChunkBytes, most)));
  }

  use(network: Network): void {
    this.#network = network;
    this.look();
  }

  become(policies: readonly UplinkPolicy[]): void {
    this.#policies = policies;
    this.look();
  }

  look(): boolean {
    const day = this.#day();
    if (day !== this.#spent.day) {
      this.#spent = { day, bytes: new Map() };
      this.#noted = new Map();
    }
    const before = JSON.stringify(this.permit);
    const policy = policyFor(this.#policies, this.#network, new Date(this.#options.clock.now()));
    if (policy !== this.#policy) this.#tokens = 0;
    this.#policy = policy;
    this.permit =
      this.#policies.length === 0 ? wholePermit : permitOf(policy, this.#network, this.#spentBytes);
    return JSON.stringify(this.permit) !== before;
  }

  spend(bytes: number): void {
    const key = this.#policy?.when.text;
    if (key === undefined) return;
    const spent = this.#spentBytes + bytes;
    this.#spent.bytes.set(key, spent);
    this.#tokens -= bytes;
    const { bytesPerDay } = this.#policy ?? {};
    if (bytesPerDay === undefined || spent <= (this.#noted.get(key) ?? 0)) return;
    this.#note(key, spent + Math.min(spentAheadBytes, Math.ceil(bytesPerDay / 16)));
  }

  waitMs(bytes: number): number {
    const { bytesPerSecond } = this.#policy ?? {};
    // The next look takes the permit back.
    if (bytes > this.#leftBytes) return uplinkTickMs;
    if (bytesPerSecond === undefined) return 0;
    const now = this.#options.clock.monotonicMs();
    const room = Math.max(bytesPerSecond, bytes);
    const grown = ((now - this.#filledMs) * bytesPerSecond) / 1_000;
    this.#tokens = Math.min(room, this.#tokens + grown);
    this.#filledMs = now;
    return Math.max(0, Math.ceil(((bytes - this.#tokens) * 1_000) / bytesPerSecond));
  }

  get #spentBytes(): number {
    return this.#spent.bytes.get(this.#policy?.when.text ?? '') ?? 0;
  }

  /** Of this day, by this policy. */
  get #leftBytes(): number {
    const { bytesPerDay = Number.POSITIVE_INFINITY } = this.#policy ?? {};
    return bytesPerDay - this.#spentBytes;
  }

  /** As this machine's zone has it. */
  #day(): string {
    const now = new Date(this.#options.clock.now());
    return [now.getFullYear(), now.getMonth() + 1, now.getDate()].join('-');
  }

  /** A disk that refuses stops no upload: the count goes on in memory. */
  #note(key: string, bytes: number): void {
    this.#noted.set(key, bytes);
    const { day } = this.#spent;
    try {
      this.#options.shelf.write(JSON.stringify({ day, bytes: Object.fromEntries(this.#noted) }));
      this.#isNoting = true;
    } catch (error) {
      if (this.#isNoting) {
        this.#options.log.warn('what was sent today could not be noted', { error: asFault(error) });
      }
      this.#isNoting = false;
    }
  }
}

/** What `#note` wrote; undefined for anything else. */
function spentOf(text: string | undefined): Spent | undefined {
  if (text === undefined) return undefined;
  const { day, bytes } = JSON.parse(text) as {
    readonly day: string;
    readonly bytes: Readonly<Record<string, number>>;
  };
  return { day, bytes: new Map(Object.entries(bytes)) };
}
