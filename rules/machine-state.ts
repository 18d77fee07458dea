/** What runs a rule set in event time. Times are ns of the epoch. */
import type { Slots } from '@fieldloop/recording';
import type { Program } from './program.ts';
import type { RuleRun } from './rule-run.ts';

/** What the machine tells whoever runs it, in order. */
export interface MachineActs {
  /** The rule's condition was met: whether that is a clip is not the machine's matter. */
  readonly trigger: (run: RuleRun, nowNs: number) => void;
  /** The clip of the trigger at `atNs` goes on through `throughNs`. */
  readonly extend: (run: RuleRun, atNs: number, throughNs: number) => void;
  /** The rule failed at `nowNs` and was switched off. */
  readonly failed: (run: RuleRun, nowNs: number) => void;
  /** When a rule that goes by drawn moments has its next one. */
  readonly nextDrawn: (run: RuleRun, nowNs: number) => number;
}

export interface Machine {
  readonly program: Program;
  readonly acts: MachineActs;
  /** Where the values of the next message stand. */
  from: Slots;
  at: number;
  /** No later than the next thing that the passing of time brings. */
  nextDueNs: number;
  tickNs: number;
  momentNs: number;
  /** Offset of the epoch's start against the grid of ticks. */
  gridNs: number;
  lastMessageNs: number;
  /** Turns of `every` rules that wait for a message. */
  waiting: number;
  messages: number;
  faults: number;
  evaluations: number;
  /** When the value of each slot becomes too old. */
  readonly expiryNs: Float64Array;
}

export const never = Number.POSITIVE_INFINITY;

export function due(machine: Machine, atNs: number): void {
  if (atNs < machine.nextDueNs) machine.nextDueNs = atNs;
}
