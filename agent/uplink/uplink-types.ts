/** What the uplink is given, and what it tells of itself. */
import type { Clock, Ids, Log, Random } from '@fieldloop/core';
import type { Series } from '@fieldloop/proto';
import type { AgentBuffer } from '../buffer/buffer.ts';
import type { ClockState } from '../clip/clock.ts';
import type { AllowanceFigures } from './allowance.ts';
import type { Backlog } from './backlog.ts';
import type { ReconnectRange } from './connection.ts';
import type { Downloads } from './downloads.ts';
import type { LinkPort } from './link.ts';
import type { Identity } from './mqtt.ts';
import type { Network } from './network.ts';
import type { UplinkPolicy } from './policies.ts';
import type { WishListener } from './wishes.ts';

export interface UplinkOptions {
  readonly buffer: AgentBuffer;
  readonly identity: Identity;
  /** `mqtts://host:port`. */
  readonly brokerUrl: string;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly random: Random;
  /** Name and version of the program, at most 32 characters. */
  readonly agent?: string | undefined;
  /** Whether a time source set this clock. */
  readonly clockState?: (() => ClockState) | undefined;
  readonly reconnect?: Partial<ReconnectRange> | undefined;
  /** Who acts on what the cloud wants; without one nothing of it is asked for. */
  readonly wishes?: WishListener | undefined;
  /** What comes down from the cloud besides words. */
  readonly downloads?: Downloads | undefined;
  /** The address of this machine to speak from, where it has several. */
  readonly localAddress?: string | undefined;
  /** What may go over which network; none: everything goes over any. */
  readonly policies?: readonly UplinkPolicy[] | undefined;
  /** The network that a connection from this address uses; of this machine unless a test says. */
  readonly networkOf?: ((address: string | undefined) => Network) | undefined;
  /** MQTT over TLS unless a test brings its own. */
  readonly links?: LinkPort | undefined;
}

export interface UplinkStatus extends Backlog {
  readonly connected: boolean;
  /** ISO 8601, of the last change of `connected`. */
  readonly since?: string;
  /** Clips on their way now. */
  readonly uploading: number;
  /** Bytes of clips since this process started, what was sent again included. */
  readonly bytesSent: number;
  /** Of clips, in B/s over the last seconds. */
  readonly rate: number;
  readonly clipsAcknowledged: number;
  /** Rows that the cloud has not stored yet. */
  readonly backlogRows: number;
  /** Messages of the cloud that made no sense and were left aside. */
  readonly badReplies: number;
  /** Control connections that ended. */
  readonly reconnects: number;
  readonly lastError?: string;
  /** Absent without policies. */
  readonly allowance?: AllowanceFigures;
}

export interface Uplink extends AsyncDisposable {
  status(): UplinkStatus;
  /** Sends them once; what is not taken is lost. False when nobody would hear them now. */
  measure(series: readonly Series[]): boolean;
  /** Other policies hold from now on. */
  obey(policies: readonly UplinkPolicy[]): void;
  close(): Promise<void>;
}
