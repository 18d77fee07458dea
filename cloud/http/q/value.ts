/** What a value behind an operator means for a field of its type. */
import {
  globOf,
  isPattern,
  nearest,
  type Operand,
  type Operator,
  type Span,
  type Written,
} from '@fieldloop/core';
import { type Exact, exactOf, intTest, times, whole } from './number.ts';
import type { QField } from './source.ts';
import { nsOfUnit, type TimeValue, timeOf } from './time.ts';
import { allOf, type Compare, type ValueTest } from './tree.ts';

export interface Asked {
  readonly field: QField;
  readonly op: Operator;
  /** Unix milliseconds. */
  readonly now: number;
}

export interface Refused {
  readonly refused: {
    /** Follows the field's name: `is not …`. */
    readonly message: string;
    readonly remedy: string;
    readonly at?: Span;
  };
}

type Tested = ValueTest | Refused;

const refused = (message: string, remedy: string, at?: Span): Refused => ({
  refused: { message, remedy, ...(at === undefined ? {} : { at }) },
});

const equals: ReadonlySet<Operator> = new Set(['=', '!=', ':', 'in']);

export function operandTest(asked: Asked, operand: Operand): Tested {
  const { op } = asked;
  if (operand.kind === 'range') {
    if (equals.has(op)) return rangeTest(asked, operand);
    return refused(`takes no range behind ${op}`, 'Write a range behind : or = or in.');
  }
  const { value } = operand;
  if (!value.quoted && value.text === '*' && equals.has(op)) return { kind: 'any' };
  if (op === '~') return globTest(asked.field, value);
  return equals.has(op) ? equalTest(asked, value) : compareTest(asked, value, op as Compare);
}

/** From the first value to before the second; `*` leaves an end open. */
function rangeTest(asked: Asked, { from, to }: Operand & { readonly kind: 'range' }): Tested {
  const ends: readonly (readonly [Written, '>=' | '<'])[] = [
    [from, '>='],
    [to, '<'],
  ];
  const of: ValueTest[] = [];
  for (const [value, op] of ends) {
    if (!value.quoted && value.text === '*') continue;
    const test = compareTest(asked, value, op);
    if ('refused' in test) return refused(test.refused.message, test.refused.remedy, value);
    of.push(test);
  }
  if (new Set(of.map(({ kind }) => kind === 'text')).size > 1) {
    return refused(
      'has a number at one end of the range and a text at the other',
      'Use two of one.',
    );
  }
  return allOf(of);
}

function globTest(field: QField, value: Written): Tested {
  if (field.type === 'text' || field.type === 'mixed') {
    return { kind: 'glob', pattern: globOf(value) };
  }
  return refused('is no text and has no patterns', 'Compare with =, <, > or a range.');
}

function equalTest(asked: Asked, value: Written): Tested {
  const { field } = asked;
  if (field.type === 'text' && isPattern(value)) return { kind: 'glob', pattern: globOf(value) };
  if (field.type === 'text') return enumTest(field, value);
  if (field.type === 'bool') {
    const said = value.text.toLowerCase();
    if (said === 'true') return intTest('=', whole(1n));
    if (said === 'false') return intTest('=', whole(0n));
    return refused('is true or false', 'Write true or false.');
  }
  const time = isTime(field) ? timeValue(asked, value) : undefined;
  if (time?.endNs !== undefined) {
    return allOf([timeTest(field, '>=', time.ns), timeTest(field, '<', time.endNs)]);
  }
  return compareTest(asked, value, '=');
}

function enumTest({ values }: QField, { text }: Written): Tested {
  if (values === undefined || values.includes(text)) return { kind: 'text', op: '=', value: text };
  const near = nearest(text, values);
  return refused(
    `is never "${text.slice(0, 60)}".${near === undefined ? '' : ` Did you mean "${near}"?`}`,
    `Choose from: ${values.join(', ')}.`,
  );
}

function compareTest(asked: Asked, value: Written, op: Compare): Tested {
  const { field } = asked;
  switch (field.type) {
    case 'text':
      if (field.values === undefined) return { kind: 'text', op, value: value.text };
      return refused(`has no order for ${op}`, `Choose with = or in: ${field.values.join(', ')}.`);
    case 'bool':
      return refused(`has no order for ${op}`, 'Write = true or = false.');
    case 'mixed':
      return mixedTest(value, op);
    case 'ns':
    case 'instant': {
      const time = timeValue(asked, value);
      return time === undefined ? notTime(field, value) : timeTest(field, op, time.ns);
    }
    case 'real': {
      const number = value.quoted ? undefined : exactOf(value.text);
      if (number === undefined || number.unit !== '') return notNumber(number, value);
      return realTest(op, number.plain);
    }
    case 'int':
    case 'bytes':
    case 'duration':
      return unitTest(field, value, op);
  }
}

function mixedTest(value: Written, op: Compare): Tested {
  const number = value.quoted ? undefined : exactOf(value.text);
  return number === undefined || number.unit !== ''
    ? { kind: 'text', op, value: value.text }
    : realTest(op, number.plain);
}

function realTest(op: Compare, text: string): Tested {
  const value = Number(text);
  if (Number.isFinite(value)) return { kind: 'real', op, value };
  return refused(`cannot be as large as ${text.slice(0, 40)}`, 'Write a number under 1.8e308.');
}

const isTime = ({ type }: QField): boolean => type === 'ns' || type === 'instant';

function timeValue({ field, now }: Asked, { text }: Written): TimeValue | undefined {
  if (field.type === 'ns' && /^\d{1,30}$/u.test(text)) return { ns: whole(BigInt(text)) };
  return timeOf(text, now);
}

const timeTest = ({ type }: QField, op: Compare, ns: Exact): ValueTest =>
  intTest(op, type === 'instant' ? times(ns, 1n, 1_000_000n) : ns);

const notTime = ({ type }: QField, { text }: Written): Refused =>
  refused(
    `is a time; "${text.slice(0, 60)}" is none`,
    `Write RFC 3339 with a zone such as 2026-01-31T12:00:00Z, a day, now, today, yesterday${
      type === 'ns' ? ', nanoseconds' : ''
    } or an age such as -90m or -7d.`,
  );

function notNumber(number: ReturnType<typeof exactOf>, { text }: Written): Refused {
  const shown = text.slice(0, 60);
  if (number === undefined) {
    return refused(`is a number; "${shown}" is none`, 'Write a number such as 0.7 or -12.');
  }
  return refused(`has no unit; "${shown}" has one`, `Write ${number.plain} alone.`);
}

const bytesOfUnit: Readonly<Record<string, bigint>> = {
  b: 1n,
  kb: 1000n,
  mb: 1_000_000n,
  gb: 1_000_000_000n,
  tb: 1_000_000_000_000n,
  kib: 1024n,
  mib: 1_048_576n,
  gib: 1_073_741_824n,
  tib: 1_099_511_627_776n,
};

const noUnits: Readonly<Record<string, bigint>> = { '': 1n };

/** What a number is multiplied by to be as the column keeps it. */
const unitsOf: Readonly<Record<'int' | 'bytes' | 'duration', Readonly<Record<string, bigint>>>> = {
  int: noUnits,
  bytes: { ...bytesOfUnit, '': 1n },
  duration: { ...nsOfUnit, '': 1_000_000n },
};

function unitTest(field: QField, value: Written, op: Compare): Tested {
  const number = value.quoted ? undefined : exactOf(value.text);
  if (number === undefined) return notNumber(number, value);
  const units = unitsOf[field.type === 'bytes' || field.type === 'duration' ? field.type : 'int'];
  const unit = field.type === 'bytes' ? number.unit.toLowerCase() : number.unit;
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
  if (factor !== undefined) return intTest(op, times(number.value, factor));
  if (units === noUnits) return notNumber(number, value);
  const known = Object.keys(units).filter((one) => one !== '');
  return refused(`has no unit "${number.unit.slice(0, 20)}"`, `Units: ${known.join(' ')}.`);
}
