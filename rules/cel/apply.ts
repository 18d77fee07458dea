/** What functions and operators do with closures that are compiled already. */
import * as limits from '../limits.ts';
import type { Arithmetic, PureFunction } from './checked.ts';
import type { Moment, NumberOf, TextOf, TruthOf } from './compare.ts';

export function arithmetic(op: Arithmetic, left: NumberOf, right: NumberOf): NumberOf {
  switch (op) {
    case '+':
      return () => left() + right();
    case '-':
      return () => left() - right();
    case '*':
      return () => left() * right();
    case '/':
      return () => left() / right();
  }
}

/** Log time in seconds: whole ones and the rest apart, so that only the sum is rounded. */
export function nowOf(moment: Moment): NumberOf {
  return () => moment.originS + (moment.originNs + moment.nowNs) / 1e9;
}

/** A function of one or two numbers. */
export function applyNumber(fn: PureFunction, x: NumberOf, y: NumberOf): NumberOf {
  switch (fn) {
    case 'abs':
      return () => Math.abs(x());
    case 'sqrt':
      return () => Math.sqrt(x());
    case 'floor':
      return () => Math.floor(x());
    case 'ceil':
      return () => Math.ceil(x());
    case 'hypot':
      // By sqrt, which IEEE 754 rounds alike on every machine; Math.hypot may differ.
      return () => {
        const a = x();
        const b = y();
        return Math.sqrt(a * a + b * b);
      };
    case 'least':
      return () => Math.min(x(), y());
    case 'greatest':
      return () => Math.max(x(), y());
    case 'ttc':
      return () => {
        const distance = x();
        const speed = y();
        if (speed <= 0) return Number.POSITIVE_INFINITY;
        return distance / speed;
      };
    default:
      throw new TypeError(`${fn}() is no function of numbers`);
  }
}

const textTests: Partial<Record<PureFunction, (text: string, part: string) => boolean>> = {
  startsWith: (text, part) => text.startsWith(part),
  endsWith: (text, part) => text.endsWith(part),
  contains: (text, part) => text.includes(part),
};

export function textTest(fn: PureFunction, text: TextOf, part: TextOf): TruthOf {
  const test = textTests[fn];
  if (test === undefined) throw new TypeError(`${fn}() is no condition`);
  return () => {
    const a = text();
    const b = part();
    return a === undefined || b === undefined ? 2 : test(a, b) ? 1 : 0;
  };
}

/** Whether a pattern is found; a text too long to look at is unknown. */
export function matching(arg: TextOf, test: (text: string) => boolean): TruthOf {
  return () => {
    const value = arg();
    if (value === undefined || value.length > limits.matchedCharacters) return 2;
    return test(value) ? 1 : 0;
  };
}

/** Code points of a text. */
export function sizeOf(text: TextOf, moment: Moment): NumberOf {
  return () => {
    const value = text();
    if (value === undefined) {
      moment.miss = true;
      return Number.NaN;
    }
    let points = 0;
    for (let i = 0; i < value.length; i += 1) {
      const unit = value.charCodeAt(i);
      const isPair = unit >= 0xd800 && unit < 0xdc00 && i + 1 < value.length;
      if (isPair && (value.charCodeAt(i + 1) & 0xfc00) === 0xdc00) i += 1;
      points += 1;
    }
    return points;
  };
}
