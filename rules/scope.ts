/**
 * Which devices run a rule: a query of the cloud's language (docs/reference/q.md) over the
 * properties of a device. A robot answers it by itself, from its configuration.
 */
import {
  type FieldTerm,
  globMatches,
  globOf,
  isPattern,
  type Operand,
  parseQuery,
  QueryError,
  type Syntax,
  type Written,
} from '@fieldloop/core';
import type { ExpressionProblem } from './problem.ts';

/** Properties of a device by name; `site` and `device` among them. */
export type Properties = Readonly<Record<string, string | number | boolean>>;

export interface Scope {
  readonly text: string;
  readonly syntax: Syntax;
}

export interface ParsedScope {
  readonly scope?: Scope;
  readonly problem?: ExpressionProblem;
}

export function parseScope(text: string): ParsedScope {
  try {
    const { syntax } = parseQuery(text);
    const word = wordOf(syntax);
    if (word === undefined) return { scope: { text, syntax } };
    const remedy = `Write a condition, for example hw = ${word.text}.`;
    const message = `"${word.text}" names no property`;
    return { problem: { at: word.at, code: 'expression', message, remedy } };
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    const [{ at, message, remedy }] = error.wrongs;
    return { problem: { at, code: 'expression', message, remedy } };
  }
}

/** A search word means nothing here. */
function wordOf(syntax: Syntax): Written | undefined {
  switch (syntax.kind) {
    case 'word':
      return syntax.value;
    case 'term':
      return undefined;
    case 'not':
      return wordOf(syntax.of);
    case 'and':
    case 'or':
      return syntax.of.map(wordOf).find((word) => word !== undefined);
  }
}

export function isInScope({ syntax }: Scope, properties: Properties): boolean {
  return passes(syntax, properties);
}

function passes(syntax: Syntax, properties: Properties): boolean {
  switch (syntax.kind) {
    case 'and':
      return syntax.of.every((one) => passes(one, properties));
    case 'or':
      return syntax.of.some((one) => passes(one, properties));
    case 'not':
      return !passes(syntax.of, properties);
    case 'word':
      return false;
    case 'term':
      return termPasses(syntax, properties);
  }
}

/** A comparison with a property that the device has not is false. */
function termPasses({ field, op, operands }: FieldTerm, properties: Properties): boolean {
  const value = properties[nameOf(field.parts)];
  if (value === undefined) return false;
  if (op === '!=') return operands.every((one) => !meets(value, one, '='));
  return operands.some((one) => meets(value, one, op));
}

/** `hw`, `properties.hw` and `device.properties.hw` are the same property. */
function nameOf(parts: readonly string[]): string {
  const bare = parts[0] === 'device' && parts.length > 1 ? parts.slice(1) : parts;
  return (bare[0] === 'properties' && bare.length > 1 ? bare.slice(1) : bare).join('.');
}

type Value = Properties[string];

function meets(value: Value, operand: Operand, op: FieldTerm['op']): boolean {
  if (operand.kind === 'range') {
    const isFrom = isOpen(operand.from) || compare(value, operand.from, '>=');
    return isFrom && (isOpen(operand.to) || compare(value, operand.to, '<'));
  }
  const written = operand.value;
  if (op === '<' || op === '<=' || op === '>' || op === '>=') return compare(value, written, op);
  if (isPattern(written) || op === '~') return globMatches(globOf(written), String(value));
  return String(value) === written.text || isSameNumber(value, written);
}

const isOpen = ({ text, quoted }: Written): boolean => text === '*' && !quoted;

const isSameNumber = (value: Value, { text }: Written): boolean =>
  typeof value === 'number' && text.trim() !== '' && Number(text) === value;

function compare(value: Value, { text }: Written, op: '<' | '<=' | '>' | '>='): boolean {
  if (typeof value === 'boolean') return false;
  const other = typeof value === 'number' ? Number(text) : text;
  switch (op) {
    case '<':
      return value < other;
    case '<=':
      return value <= other;
    case '>':
      return value > other;
    case '>=':
      return value >= other;
  }
}
