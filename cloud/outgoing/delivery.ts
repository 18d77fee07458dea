/**
 * A message for one receiver, from when it is due until it arrived or was given up. Everything
 * that leaves the cloud for others is one: webhooks' rows and what channels tell people.
 */
import type { Json, Random } from '@fieldloop/core';
import { deliveryJitter, deliveryWaitsMs, maxRetryAfterMs } from '../alert-limits.ts';

export type TargetKind = 'channel' | 'webhook';

export type DeliveryState = 'waiting' | 'delivered' | 'failed';
export const deliveryStates: readonly DeliveryState[] = ['waiting', 'delivered', 'failed'];

export interface Delivery {
  readonly id: string;
  readonly target: { readonly kind: TargetKind; readonly id: string };
  /** Of the outbox row, or `notification`. */
  readonly kind: string;
  readonly subject: string;
  /** Number of the outbox row. */
  readonly seq?: bigint;
  readonly body: Json;
  readonly state: DeliveryState;
  /** Ever. */
  readonly attempts: number;
  /** Since it was last made due by hand. */
  readonly tries: number;
  readonly dueAt: number;
  readonly status?: number;
  readonly error?: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly endedAt?: number;
}

export interface Attempt {
  readonly n: number;
  readonly at: number;
  readonly durationMs: number;
  readonly ok: boolean;
  readonly status?: number;
  readonly error?: string;
  readonly answer?: string;
}

/** What a sender says of one try. It never throws for what a receiver does. */
export interface Outcome {
  readonly ok: boolean;
  /** HTTP or SMTP status. */
  readonly status?: number | undefined;
  /** What is wrong and what to do. */
  readonly error?: string | undefined;
  /** The beginning of what the receiver answered. */
  readonly answer?: string | undefined;
  /** The receiver asks not to be tried before. */
  readonly retryAfterMs?: number | undefined;
}

/** When the next try is due after `tries` failed ones; undefined when it is given up. */
export function nextTry(
  tries: number,
  after: { readonly now: number; readonly retryAfterMs?: number | undefined },
  random: Pick<Random, 'next'>,
): number | undefined {
  const wait = deliveryWaitsMs[tries - 1];
  if (wait === undefined) return undefined;
  const jitter = 1 + deliveryJitter * (2 * random.next() - 1);
  const asked = Math.min(after.retryAfterMs ?? 0, maxRetryAfterMs);
  return after.now + Math.max(Math.round(wait * jitter), asked);
}

/** `clip.*` matches `clip.stored`; `*` matches every kind. */
export const kindMatches = (glob: string, kind: string): boolean =>
  new RegExp(`^${glob.replaceAll('.', '\\.').replaceAll('*', '.*')}$`).test(kind);
