/** What the backtest's threads are told and tell: plain data, ready for a structured clone. */
import type { FaultCode } from '@fieldloop/core';
import type { RuleSet, ShownValue, Trial } from '@fieldloop/rules';

export interface RulesText {
  readonly file: string;
  readonly text: string;
}

/** Recordings of one run of a robot, in the order of their splits. */
export interface SessionPlan {
  /** Names the session in reports: its first file, as it was given. */
  readonly name: string;
  readonly device: string;
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
}

export interface ToBacktest {
  readonly rules: readonly RulesText[];
  readonly asked: SessionAsked | CostsAsked;
}

/**
 * The order on which a thread ends by itself: Node aborts the process when a native call, of zstd
 * for one, returns into a thread that was ended from outside.
 */
export const farewell = 'end';

export interface SessionAsked {
  readonly kind: 'session';
  readonly plan: SessionPlan;
  /** Signals are sampled for a picture. */
  readonly sketch: boolean;
}

export interface CostsAsked {
  readonly kind: 'costs';
  readonly plans: readonly CostPlan[];
}

/** Rules whose cost is measured on the beginning of a recording; a list for each rule set. */
export interface CostPlan {
  readonly path: string;
  readonly rules: readonly (readonly string[])[];
}

export type FromBacktest =
  | { readonly kind: 'progress'; readonly bytes: number }
  | { readonly kind: 'session'; readonly found: readonly SessionFound[] }
  | { readonly kind: 'costs'; readonly costs: readonly Costs[] }
  | { readonly kind: 'failed'; readonly fault: FaultWords };

/** A Fault without its class. */
export interface FaultWords {
  readonly code: FaultCode;
  readonly message: string;
  readonly place: string | undefined;
  readonly remedy: string | undefined;
}

/** Moments of one rule and session that are kept with their values: fewer where rules are many. */
export const mostMomentsOf = ({ rules }: Pick<RuleSet, 'rules'>): number =>
  Math.min(10_000, Math.max(400, Math.floor(100_000 / rules.length)));

/** A trigger with the values that led to it. */
export interface Moment {
  readonly rule: string;
  readonly session: string;
  readonly atNs: bigint;
  readonly values: Readonly<Record<string, ShownValue>>;
  /** Of a rule that runs in the shadow: it would have fired. */
  readonly shadow?: true;
}

/** One rule set over one session. */
export interface SideFound {
  readonly trial: Trial;
  /** The first of them, of the shadow too; and how many more there were. */
  readonly moments: readonly Moment[];
  readonly unlisted: number;
}

/** By rule, where it was measured. */
export type Costs = ReadonlyMap<string, RuleCost>;

/** What a rule adds to an engine, the reading of its signals included. */
export interface RuleCost {
  /** Nanoseconds a message of the recording, whatever its topic. */
  readonly messageNs: number;
  /** Nanoseconds an evaluation; undefined where too few came. */
  readonly evaluationNs: number | undefined;
}

/** What a backtest gives. */
export interface Found {
  readonly sessions: readonly SessionFound[];
  /** One a rule set, in their order. */
  readonly costs: readonly Costs[];
}

export interface SessionFound {
  readonly session: string;
  readonly device: string;
  readonly files: readonly FileFound[];
  /** One a rule set, in their order; empty when no message was read. */
  readonly sides: readonly SideFound[];
  /** What ended the reading of a file early. */
  readonly damages: readonly FaultWords[];
  readonly sketches: readonly SignalSketch[];
}

export interface FileFound {
  readonly path: string;
  readonly bytes: number;
  /** Log time of its first message. */
  readonly startNs: bigint | undefined;
}

/** Values of a signal, at most one a second. */
export interface SignalSketch {
  readonly signal: string;
  readonly unit: string | undefined;
  /** Seconds from `originNs`. */
  readonly atS: readonly number[];
  readonly values: readonly number[];
  readonly originNs: bigint;
}
