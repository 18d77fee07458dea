/**
 * The life of an alert as pure steps: inactive > pending > firing > acknowledged > resolved. The
 * rows of alerts are the whole state, so a worker may die between any two steps.
 *
 * A resolved alert stays tracked while a new fire would join it (`flapMs`), and, when a person
 * resolved it, until its condition has been false once: a resolved alert never fires again out of
 * what its resolver already knew. That it resolved by itself is told when it held for `flapMs`.
 */
import type { AlertLife, Entry } from './alert.ts';

/** The parts of a policy that the steps depend on. */
export interface Timing {
  readonly forMs: number;
  readonly flapMs: number;
  readonly repeatMs?: number | undefined;
  readonly ackWithinMs?: number | undefined;
  readonly escalates: boolean;
}

export type Reason = 'firing' | 'repeat' | 'escalated' | 'resolved';

/** What people are to be told. */
export interface Notice {
  readonly reason: Reason;
  readonly to: 'channels' | 'escalation' | 'both';
}

/** The alert after the step; undefined when there is none, or none any more. */
export type Step = readonly [AlertLife | undefined, readonly Entry[]];

/** What an evaluation does to the alert of one group. */
export function advance(
  life: AlertLife | undefined,
  seen: { readonly active: boolean; readonly detail?: Entry['detail'] },
  timing: Timing,
  now: number,
): Step {
  if (life === undefined || !life.tracked) {
    return seen.active ? begin(seen, timing, now) : [life, []];
  }
  switch (life.state) {
    case 'pending':
      if (!seen.active) return [undefined, []];
      return now - life.pendingAt >= timing.forMs ? fire(life, seen, now) : [life, []];
    case 'firing':
    case 'acknowledged':
      return seen.active ? [life, []] : settle(life, now);
    case 'resolved':
      return seen.active ? flared(life, seen, timing, now) : calm(life, timing, now);
  }
}

function begin(seen: { readonly detail?: Entry['detail'] }, timing: Timing, now: number): Step {
  const pending: AlertLife = {
    state: 'pending',
    tracked: true,
    pendingAt: now,
    resolveTold: false,
    flaps: 0,
  };
  if (timing.forMs <= 0) return fire(pending, seen, now);
  return [pending, [entry('pending', now, seen.detail)]];
}

function fire(life: AlertLife, seen: { readonly detail?: Entry['detail'] }, now: number): Step {
  return [{ ...life, state: 'firing', firedAt: now }, [entry('fired', now, seen.detail)]];
}

/** The condition does not hold any more. What nobody heard of need not be called over. */
function settle(life: AlertLife, now: number): Step {
  const resolved: AlertLife = {
    ...life,
    state: 'resolved',
    resolvedAt: now,
    resolvedBy: undefined,
    resolveTold: life.firstNotifiedAt === undefined,
  };
  return [resolved, [entry('resolved', now)]];
}

/** The condition holds again, or still, for an alert that is resolved. */
function flared(
  life: AlertLife,
  seen: { readonly detail?: Entry['detail'] },
  timing: Timing,
  now: number,
): Step {
  if (life.resolvedBy !== undefined) return [life, []];
  if (now - (life.resolvedAt ?? now) >= timing.flapMs) {
    // The quiet time is over: what fires is a new alert, once the old one's end was told.
    return [life.resolveTold ? { ...life, tracked: false } : life, []];
  }
  const back: AlertLife = {
    ...life,
    state: life.acknowledgedAt === undefined ? 'firing' : 'acknowledged',
    resolvedAt: undefined,
    resolveTold: false,
    flaps: life.flaps + 1,
  };
  return [back, [entry('fired_again', now, seen.detail)]];
}

/** Resolved and quiet: nothing is left to do once its end is told and its time is over. */
function calm(life: AlertLife, timing: Timing, now: number): Step {
  const over = life.resolvedBy !== undefined || now - (life.resolvedAt ?? now) >= timing.flapMs;
  return [over && life.resolveTold ? { ...life, tracked: false } : life, []];
}

/** Who is to be told what, now. At most one notice a step. */
export function notify(
  life: AlertLife,
  timing: Timing,
  now: number,
): readonly [AlertLife, Notice | undefined] {
  if (life.state === 'resolved') return overdueResolve(life, timing, now);
  if (life.state !== 'firing' || life.silencedBy !== undefined) return [life, undefined];
  if (life.firstNotifiedAt === undefined) {
    const told = { ...life, firstNotifiedAt: now, notifiedAt: now };
    return [told, { reason: 'firing', to: 'channels' }];
  }
  const waited = now - life.firstNotifiedAt;
  if (
    timing.escalates &&
    timing.ackWithinMs !== undefined &&
    life.escalatedAt === undefined &&
    waited >= timing.ackWithinMs
  ) {
    return [
      { ...life, escalatedAt: now, notifiedAt: now },
      { reason: 'escalated', to: 'escalation' },
    ];
  }
  if (timing.repeatMs !== undefined && now - (life.notifiedAt ?? now) >= timing.repeatMs) {
    const to = life.escalatedAt === undefined ? 'channels' : 'both';
    return [
      { ...life, notifiedAt: now },
      { reason: 'repeat', to },
    ];
  }
  return [life, undefined];
}

function overdueResolve(
  life: AlertLife,
  timing: Timing,
  now: number,
): readonly [AlertLife, Notice | undefined] {
  const held = life.resolvedBy !== undefined || now - (life.resolvedAt ?? now) >= timing.flapMs;
  if (life.resolveTold || !held) return [life, undefined];
  // Told even under a silence: whoever heard that it fires also hears that it is over.
  return [
    { ...life, resolveTold: true, notifiedAt: now },
    { reason: 'resolved', to: life.escalatedAt === undefined ? 'channels' : 'both' },
  ];
}

/** The silence that covers the alert now, if any. */
export function silence(life: AlertLife, by: string | undefined, now: number): Step {
  if (life.silencedBy === by) return [life, []];
  const kind = by === undefined ? 'unsilenced' : 'silenced';
  const detail = by === undefined ? undefined : { silence: by };
  return [{ ...life, silencedBy: by }, [entry(kind, now, detail)]];
}

/** A person says: I have seen it. Undefined when there is nothing to acknowledge. */
export function acknowledge(
  life: AlertLife,
  by: string,
  note: string | undefined,
  now: number,
): readonly [AlertLife, readonly Entry[]] | undefined {
  if (life.state !== 'firing' && life.state !== 'pending') return undefined;
  const seen: AlertLife = {
    ...life,
    state: 'acknowledged',
    firedAt: life.firedAt ?? now,
    acknowledgedAt: now,
    acknowledgedBy: by,
  };
  return [seen, [{ ...entry('acknowledged', now), by, note }]];
}

/** A person says: it is over. Undefined when it is over already. */
export function resolve(
  life: AlertLife,
  by: string,
  note: string | undefined,
  now: number,
): readonly [AlertLife, readonly Entry[]] | undefined {
  if (life.state === 'resolved') return undefined;
  const over: AlertLife = {
    ...life,
    state: 'resolved',
    resolvedAt: now,
    resolvedBy: by,
    resolveTold: life.firstNotifiedAt === undefined,
  };
  return [over, [{ ...entry('resolved', now), by, note }]];
}

const entry = (kind: Entry['kind'], at: number, detail?: Entry['detail']): Entry => ({
  at,
  kind,
  ...(detail === undefined ? {} : { detail }),
});
