/** Comparisons as closures. NaN compares false with every operator but `!=`. */
import { type Slots, slotState } from '@fieldloop/recording/slots';
import type { Comparison } from './checked.ts';

export type Truth = 0 | 1 | 2;
export type TruthOf = () => Truth;
export type NumberOf = () => number;
export type TextOf = () => string | undefined;

/** The moment that is evaluated: set by the engine, read by closures. */
export interface Moment {
  /** Ns of the epoch, which began at `originS` seconds and `originNs` ns since 1970. */
  nowNs: number;
  originS: number;
  originNs: number;
  /** A number of the running comparison was unknown. */
  miss: boolean;
}

export function openMoment(): Moment {
  return { nowNs: 0, originS: 0, originNs: 0, miss: false };
}

/** A condition inside a number, text or place: its comparisons reset `miss`, which is kept. */
export function keepingMiss(condition: TruthOf, moment: Moment): TruthOf {
  return () => {
    const missed = moment.miss;
    const truth = condition();
    moment.miss = missed;
    return truth;
  };
}

const nsPerSecond = 1_000_000_000n;

/** The epoch begins at this log time. */
export function setOrigin(moment: Moment, epochNs: bigint): void {
  moment.originS = Number(epochNs / nsPerSecond);
  moment.originNs = Number(epochNs % nsPerSecond);
}

export const textComparisons: Readonly<Record<Comparison, (a: string, b: string) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

interface Operands {
  readonly moment: Moment;
  readonly left: NumberOf;
  readonly right: NumberOf;
}

/** Any two numbers; unknown when one of them is. */
export function compareNumbers(op: Comparison, operands: Operands): TruthOf {
  const holds = numberComparisons[op];
  const { moment, left, right } = operands;
  return () => {
    moment.miss = false;
    const a = left();
    const b = right();
    return moment.miss ? 2 : holds(a, b) ? 1 : 0;
  };
}

const numberComparisons: Readonly<Record<Comparison, (a: number, b: number) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

interface SlotOperand {
  readonly slots: Slots;
  readonly slot: number;
  readonly constant: number;
}

/** The commonest comparison, a signal against a constant, without a call inside. */
export function compareSlot(op: Comparison, operand: SlotOperand): TruthOf {
  const { slot, constant } = operand;
  const { states, numbers } = operand.slots;
  const known = slotState.number;
  switch (op) {
    case '==':
      return () => (states[slot] === known ? ((numbers[slot] ?? 0) === constant ? 1 : 0) : 2);
    case '!=':
      return () => (states[slot] === known ? ((numbers[slot] ?? 0) !== constant ? 1 : 0) : 2);
    case '<':
      return () => (states[slot] === known ? ((numbers[slot] ?? 0) < constant ? 1 : 0) : 2);
    case '<=':
      return () => (states[slot] === known ? ((numbers[slot] ?? 0) <= constant ? 1 : 0) : 2);
    case '>':
      return () => (states[slot] === known ? ((numbers[slot] ?? 0) > constant ? 1 : 0) : 2);
    case '>=':
      return () => (states[slot] === known ? ((numbers[slot] ?? 0) >= constant ? 1 : 0) : 2);
  }
}
