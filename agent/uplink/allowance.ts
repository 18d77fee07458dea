/**
 * What the uplink may still send, by the policy of the network that it uses: a bucket of bytes a
 * second for clips, and a count of the day that outlives the process.
 */
import type { Clock, Log } from '@fieldloop/core';
import { wireLimits } from '@fieldloop/proto';
import type { SpentShelf } from '../buffer/shelves.ts';
import { networkEveryMs, uplinkTickMs } from '../limits.ts';
import { type DayBook, openDayBook } from './day-book.ts';
import { type Network, networkOf, unknownNetwork } from './network.ts';
import { type Permit, permitOf, policyFor, type UplinkPolicy, wholePermit } from './policies.ts';

export interface AllowanceOptions {
  readonly policies?: readonly UplinkPolicy[] | undefined;
  /** The network that a connection from this address uses; of this machine unless a test says. */
  readonly networkOf?: ((address: string | undefined) => Network) | undefined;
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
  /** Clips go from this address from now on. True when something else may go than before. */
  use(address: string | undefined): boolean;
  /** Other policies hold from now on. True as `use`. */
  become(policies: readonly UplinkPolicy[]): boolean;
  /** Hours pass, bytes are spent, a tunnel goes another way. True as `use`. */
  look(): boolean;
  /** Bytes of any kind went over the network, in either direction. True when none are left now. */
  spend(bytes: number): boolean;
  /** As `spend`, of a clip: these are what `waitMs` waits for. */
  sent(bytes: number): void;
  /** How long a chunk of this many bytes has to wait, at most until the next look. */
  waitMs(bytes: number): number;
  /** The largest chunk that does not empty the bucket for long. */
  readonly chunkBytes: number;
  close(): void;
}

export function openAllowance(options: AllowanceOptions): Allowance {
  return new RunningAllowance(options);
}

class RunningAllowance implements Allowance {
  permit: Permit = wholePermit;
  readonly #options: AllowanceOptions;
  readonly #book: DayBook;
  #policies: readonly UplinkPolicy[];
  #policy: UplinkPolicy | undefined;
  #address: string | undefined;
  #network = unknownNetwork;
  #askedMs: number;
  #day = '';
  #tokens = 0;
  #filledMs: number;

  constructor(options: AllowanceOptions) {
    const { policies = [], shelf, log, clock } = options;
    this.#options = options;
    this.#policies = policies;
    this.#book = openDayBook(shelf, log);
    this.#filledMs = this.#askedMs = clock.monotonicMs();
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

  use(address: string | undefined): boolean {
    this.#address = address;
    this.#network = this.#ask();
    return this.look();
  }

  become(policies: readonly UplinkPolicy[]): boolean {
    this.#policies = policies;
    return this.use(this.#address);
  }

  look(): boolean {
    const { clock } = this.#options;
    if (clock.monotonicMs() - this.#askedMs >= networkEveryMs) this.#network = this.#ask();
    const now = new Date(clock.now());
    // As this machine's zone has it.
    this.#day = [now.getFullYear(), now.getMonth() + 1, now.getDate()].join('-');
    const policy = policyFor(this.#policies, this.#network, now);
    if (policy !== this.#policy) this.#tokens = 0;
    this.#policy = policy;
    const before = JSON.stringify(this.permit);
    this.permit =
      this.#policies.length === 0 ? wholePermit : permitOf(policy, this.#network, this.#spentBytes);
    return JSON.stringify(this.permit) !== before;
  }

  spend(bytes: number): boolean {
    const { when, bytesPerDay } = this.#policy ?? {};
    if (when === undefined || bytesPerDay === undefined) return false;
    const before = this.#leftBytes;
    this.#book.spend({ day: this.#day, key: when.text }, bytes);
    return before > 0 && this.#leftBytes <= 0;
  }

  sent(bytes: number): void {
    this.#tokens -= bytes;
    this.spend(bytes);
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
    const missingMs = Math.ceil(((bytes - this.#tokens) * 1_000) / bytesPerSecond);
    return Math.min(uplinkTickMs, Math.max(0, missingMs));
  }

  close(): void {
    this.#book.close();
  }

  /** Asked only where the answer matters. */
  #ask(): Network {
    this.#askedMs = this.#options.clock.monotonicMs();
    const { networkOf: ask = networkOf } = this.#options;
    return this.#policies.length > 0 ? ask(this.#address) : unknownNetwork;
  }

  get #spentBytes(): number {
    return this.#book.spent(this.#day, this.#policy?.when.text ?? '');
  }

  /** Of this day, by this policy. */
  get #leftBytes(): number {
    const { bytesPerDay = Number.POSITIVE_INFINITY } = this.#policy ?? {};
    return bytesPerDay - this.#spentBytes;
  }
}
