/**
 * The agent's tie to its cloud: an identity, enrolled for when there is none, and the uplink that
 * uses it. All of it may be missing; the rest of the agent works on without.
 */
import { join } from 'node:path';
import {
  asFault,
  backoffMs,
  type Clock,
  faultLine,
  faultTable,
  type Ids,
  type Log,
  type Random,
} from '@fieldloop/core';
import type { Series } from '@fieldloop/proto';
import type { AgentBuffer } from './buffer/buffer.ts';
import type { ClockState } from './clip/clock.ts';
import type { AgentConfig } from './config.ts';
import { type Identity, loadIdentity } from './enroll/identity.ts';
import type { UplinkFigures } from './health/status.ts';
import { enrolBackoff } from './limits.ts';
import { backlogOf } from './uplink/backlog.ts';
import type { Downloads } from './uplink/downloads.ts';
import type { Uplink } from './uplink/uplink.ts';
import type { WishListener } from './uplink/wishes.ts';

export interface CloudLink extends AsyncDisposable {
  /** The name in the certificate, once there is one. */
  readonly device: string | undefined;
  /** Why there is no connection and none is being tried. */
  readonly degraded: string | undefined;
  status(): UplinkFigures;
  /** What a changed configuration says of the uplink and may change while it runs. */
  obey(config: AgentConfig['uplink']): void;
  /** False when nobody would hear these numbers now. */
  measure(series: readonly Series[]): boolean;
  /** Resolves when it is clear whether this device has an identity. */
  readonly settled: Promise<void>;
}

export interface CloudLinkDeps {
  readonly buffer: AgentBuffer;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  readonly log: Log;
  readonly agent: string;
  readonly clockState?: (() => ClockState) | undefined;
  readonly wishes?: WishListener | undefined;
  readonly downloads?: Downloads | undefined;
}

export const identityFolder = (config: AgentConfig): string => join(config.buffer.path, 'identity');

export function openCloudLink(config: AgentConfig, deps: CloudLinkDeps): CloudLink {
  return new RunningLink(config, deps);
}

class RunningLink implements CloudLink {
  readonly settled: Promise<void>;
  readonly #config: AgentConfig;
  readonly #deps: CloudLinkDeps;
  readonly #closing = new AbortController();
  #identity: Identity | undefined;
  #uplink: Uplink | undefined;
  #policies: AgentConfig['uplink']['policies'];
  #degraded: string | undefined;
  #lastError: string | undefined;

  constructor(config: AgentConfig, deps: CloudLinkDeps) {
    this.#config = config;
    this.#policies = config.uplink.policies;
    this.#deps = deps;
    this.settled = config.cloud === undefined ? Promise.resolve() : this.#begin();
  }

  get device(): string | undefined {
    return this.#identity?.device;
  }

  get degraded(): string | undefined {
    return this.#degraded;
  }

  status(): UplinkFigures {
    const status = this.#uplink?.status();
    if (status !== undefined) return status;
    const { buffer, clock } = this.#deps;
    const isNone = this.#config.cloud === undefined;
    const lastError = isNone ? 'no cloud is configured' : (this.#degraded ?? this.#lastError);
    return {
      connected: false,
      uploading: 0,
      bytesSent: 0,
      rate: 0,
      reconnects: 0,
      clipsAcknowledged: 0,
      ...backlogOf(buffer.counts(), clock.now()),
      ...(lastError === undefined ? {} : { lastError }),
    };
  }

  obey({ policies }: AgentConfig['uplink']): void {
    this.#policies = policies;
    this.#uplink?.obey(policies);
  }

  measure(series: readonly Series[]): boolean {
    return this.#uplink?.measure(series) ?? false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.settled;
    await this.#uplink?.close();
  }

  /** Never rejects: what goes wrong is told and the agent goes on. */
  async #begin(): Promise<void> {
    const { clock, log, ids, random, buffer, agent, wishes, downloads, clockState } = this.#deps;
    try {
      const dir = identityFolder(this.#config);
      const identity = await this.#untilItWorks(
        async () => (await loadIdentity(dir, { clock })) ?? (await this.#enrol(dir)),
      );
      if (identity === undefined || this.#closing.signal.aborted) return;
      this.#identity = identity;
      // The client of MQTT is large, and a robot without a cloud needs none.
      const { openUplink } = await import('./uplink/uplink.ts');
      this.#uplink = openUplink({
        buffer,
        identity,
        brokerUrl: identity.broker,
        clock,
        clockState,
        ids,
        random,
        log,
        agent,
        wishes,
        downloads,
        policies: this.#policies,
        reconnect: { mostMs: this.#config.uplink.reconnectMostMs },
      });
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      const fault = asFault(error);
      this.#degraded = faultLine(fault);
      log.error('the agent works without its cloud', { error: fault });
    }
  }

  /**
   * Tries again while the cloud does not answer, or the clock of this machine is not set; gives up
   * only when it says no. Undefined: there is no token, or the agent ends.
   */
  async #untilItWorks(find: () => Promise<Identity | undefined>): Promise<Identity | undefined> {
    const { clock, log, random } = this.#deps;
    const { signal } = this.#closing;
    const mostMs = Math.min(enrolBackoff.mostMs, this.#config.uplink.reconnectMostMs);
    const waits = { ...enrolBackoff, mostMs };
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        return await find();
      } catch (error) {
        const fault = asFault(error);
        if (!faultTable[fault.code].retry) throw error;
        this.#lastError = faultLine(fault);
        log.warn('there is no identity yet; it is tried again', { error: fault });
        // An aborted sleep ends the loop.
        await clock.sleep(backoffMs(attempt, waits, random), signal).catch(() => undefined);
      }
    }
    return undefined;
  }

  async #enrol(dir: string): Promise<Identity | undefined> {
    const { cloud, device } = this.#config;
    const { clock, log } = this.#deps;
    // Certificates are made once in a robot's life; the code for it need not stay in memory.
    const { enroll } = await import('./enroll/enroll.ts');
    const token = cloud?.claimToken;
    if (token === undefined) {
      const from = cloud?.claimTokenFrom;
      this.#degraded =
        from === undefined
          ? 'not enrolled: run "fieldloop-agent enroll --token TOKEN"'
          : `not enrolled: set ${from} to a claim token and start again`;
      log.warn('the device is not enrolled', { remedy: this.#degraded });
      return undefined;
    }
    const { signal } = this.#closing;
    return await enroll({ dir, token, name: device.name, clock, log, signal });
  }
}
