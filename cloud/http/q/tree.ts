/**
 * A checked query. Every leaf asks whether a row has a value that passes a test, so a leaf is true
 * or false also for a row without the value, and `not` turns it around: there is no third answer.
 */
import type { Glob } from '@fieldloop/core';
import type { QField } from './source.ts';

export type Tree =
  | { readonly kind: 'and' | 'or'; readonly of: readonly Tree[] }
  | { readonly kind: 'not'; readonly of: Tree }
  | Leaf;

export interface Leaf {
  readonly kind: 'leaf';
  readonly field: QField;
  /** What stands for the `*` of the field's name; empty for a field without. */
  readonly key: string;
  readonly test: ValueTest;
  /** Ids of the rows that pass in the table that the field's place refers to, when looked up. */
  readonly ids?: readonly string[];
}

export type Compare = '=' | '<' | '<=' | '>' | '>=';

/** What one value must meet. Numbers are exact: a column of integers compares with integers. */
export type ValueTest =
  /** Any value is enough. */
  | { readonly kind: 'any' }
  /** No value is: an integer equal to a half, a time past the end of time. */
  | { readonly kind: 'none' }
  | { readonly kind: 'int'; readonly op: Compare; readonly value: bigint }
  | { readonly kind: 'real'; readonly op: Compare; readonly value: number }
  /** Compares by code points. */
  | { readonly kind: 'text'; readonly op: Compare; readonly value: string }
  /** Without regard to the case of A to Z. */
  | { readonly kind: 'glob'; readonly pattern: Glob }
  /** The same value meets both ends of a range. */
  | { readonly kind: 'all'; readonly of: readonly ValueTest[] }
  | { readonly kind: 'some'; readonly of: readonly ValueTest[] };

/** All tests of one value as one; what is always or never so is not kept inside. */
export function allOf(tests: readonly ValueTest[]): ValueTest {
  const of = tests.filter(({ kind }) => kind !== 'any');
  if (of.some(({ kind }) => kind === 'none')) return { kind: 'none' };
  const [first, second] = of;
  if (first === undefined) return { kind: 'any' };
  return second === undefined ? first : { kind: 'all', of };
}

/** One of several tests of one value. */
export function someOf(tests: readonly ValueTest[]): ValueTest {
  const of = tests.filter(({ kind }) => kind !== 'none');
  if (of.some(({ kind }) => kind === 'any')) return { kind: 'any' };
  const [first, second] = of;
  if (first === undefined) return { kind: 'none' };
  return second === undefined ? first : { kind: 'some', of };
}

/** The conditions that must all hold: what `and` joins at the top, each by itself. */
export function conjuncts(tree: Tree): readonly Tree[] {
  return tree.kind === 'and' ? tree.of.flatMap(conjuncts) : [tree];
}
