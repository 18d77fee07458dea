/** What every function with memory is: a value, and how it is kept up to date. */
import type { Json } from '@fieldloop/core';
import type { RememberedFunction } from '../cel/checked.ts';
import type { Moment, NumberOf, TextOf, TruthOf } from '../cel/compare.ts';
import type { Memory } from '../cel/compile.ts';
import type { Place } from '../cel/place.ts';
import type { WindowBudget } from './samples.ts';

export interface MemoryCell extends Memory {
  /** A message, an expiry or a tick came at `nowNs`: the argument is read again. */
  fold(nowNs: number): void;
  /** A new epoch begins at `startNs`: everything is forgotten. */
  reset(startNs: number): void;
  save(): Json;
  load(state: Json): void;
}

/** What a cell reads. Exactly one argument is there, or none for functions of a topic. */
export interface CellInput {
  readonly fn: RememberedFunction;
  readonly moment: Moment;
  readonly windowNs: number;
  readonly quantile: number;
  readonly number: NumberOf | undefined;
  readonly text: TextOf | undefined;
  readonly truth: TruthOf | undefined;
  readonly place?: Place | undefined;
  readonly budget: WindowBudget;
}

/** The argument at this moment, or undefined when it is unknown. */
export function readNumber(input: CellInput): number | undefined {
  if (input.number === undefined) return undefined;
  input.moment.miss = false;
  const value = input.number();
  return input.moment.miss ? undefined : value;
}
