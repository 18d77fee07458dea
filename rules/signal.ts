/** A declared signal after every check. */
import type { FoldTerm, ValueType } from './cel/checked.ts';

export interface Signal {
  readonly name: string;
  readonly topic: string;
  /** As people write it; of a position "latitude, longitude". */
  readonly path: string;
  /** What is read of a message: one path, or latitude and longitude. */
  readonly paths: readonly string[];
  readonly type: Exclude<ValueType, 'duration'>;
  readonly unit: string | undefined;
  readonly reduce: Reduce | undefined;
  /** What comes between the message and the rules; undefined when nothing does. */
  readonly shaping: Shaping | undefined;
  /** Of a list: with more items it is unknown. */
  readonly maxItems: number;
  /** Infinity when the value never becomes too old. */
  readonly maxAgeNs: number;
  readonly latched: boolean;
  /** Of a list: what rules ask of it, by the text of the question. */
  readonly folds: Map<string, FoldTerm>;
  readonly fits: readonly string[];
}

export interface Reduce {
  readonly fn: 'min' | 'max' | 'mean' | 'sum' | 'count' | 'first' | 'last';
  readonly valid: readonly [number, number] | undefined;
}

export interface Shaping {
  /** Values outside are unknown. */
  readonly valid: readonly [number, number] | undefined;
  /** Corner frequency of a first-order low-pass; 0 without one. */
  readonly lowpassHz: number;
}
