/** Numbers of a query, exact: a fraction of two integers until a column's type is known. */
import type { Compare, ValueTest } from './tree.ts';

/** `num / den`; `den` is above zero. */
export interface Exact {
  readonly num: bigint;
  readonly den: bigint;
}

export const whole = (num: bigint): Exact => ({ num, den: 1n });

export const times = (value: Exact, num: bigint, den = 1n): Exact => ({
  num: value.num * num,
  den: value.den * den,
});

/** A number and what stands behind it, such as `1.5` and `MiB`; undefined for anything else. */
export function exactOf(text: string): { value: Exact; unit: string; plain: string } | undefined {
  const match = /^(-?)(\d{1,64})(?:\.(\d{1,64}))?(?:[eE]([+-]?\d{1,3})(?![a-zA-Z\d]))?(\D*)$/u.exec(
    text,
  );
  if (match === null) return undefined;
  const [, minus = '', digits = '', fraction = '', power = '0', unit = ''] = match;
  const num = BigInt(`${minus}${digits}${fraction}`);
  const exponent = Number(power) - fraction.length;
  const scale = 10n ** BigInt(Math.abs(exponent));
  return {
    value: exponent < 0 ? { num, den: scale } : { num: num * scale, den: 1n },
    unit,
    plain: text.slice(0, text.length - unit.length),
  };
}

const most = 2n ** 63n - 1n;
const least = -(2n ** 63n);

/** Compares an integer of 64 bits with an exact number, as a comparison of integers. */
export function intTest(op: Compare, { num, den }: Exact): ValueTest {
  const down = num >= 0n || num % den === 0n ? num / den : num / den - 1n;
  const exact = num % den === 0n;
  if (op === '=') return exact && down >= least && down <= most ? int('=', down) : { kind: 'none' };
  if (op === '<' || op === '<=') return bounded(op === '<' && exact ? '<' : '<=', down);
  return bounded(op === '>=' && exact ? '>=' : '>', down);
}

const int = (op: Compare, value: bigint): ValueTest => ({ kind: 'int', op, value });

function bounded(op: '<' | '<=' | '>' | '>=', value: bigint): ValueTest {
  const below = op === '<' || op === '<=';
  if (value > most) return { kind: below ? 'any' : 'none' };
  if (value < least) return { kind: below ? 'none' : 'any' };
  return int(op, value);
}
