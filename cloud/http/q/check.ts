/**
 * From shape to meaning: every field is one of the source's, every value has its type. All that is
 * wrong is said at once, each with its place, what was expected and the nearest field.
 */
import {
  type FieldTerm,
  globOf,
  isPattern,
  nearest,
  type Operand,
  type Parsed,
  QueryError,
  type Span,
  type Syntax,
  type Written,
  type Wrong,
} from '@fieldloop/core';
import type { QField, QSource } from './source.ts';
import { type Leaf, someOf, type Tree, type ValueTest } from './tree.ts';
import { operandTest, type Refused } from './value.ts';

interface Checker {
  readonly source: QSource;
  readonly now: number;
  readonly wrongs: Wrong[];
}

/** Throws a QueryError. `now` (Unix milliseconds) is what relative times are relative to. */
export function checkQuery(parsed: Parsed, source: QSource, now: number): Tree {
  const checker = { source, now, wrongs: [] };
  const tree = checked(checker, parsed.syntax);
  const [first, ...rest] = checker.wrongs as Wrong[];
  if (first !== undefined) throw new QueryError(parsed.text, [first, ...rest]);
  return tree;
}

function checked(checker: Checker, syntax: Syntax): Tree {
  switch (syntax.kind) {
    case 'and':
    case 'or':
      return { kind: syntax.kind, of: syntax.of.map((one) => checked(checker, one)) };
    case 'not':
      return { kind: 'not', of: checked(checker, syntax.of) };
    case 'word':
      return word(checker.source, syntax.value);
    case 'term':
      return term(checker, syntax);
  }
}

/** A bare word is looked for inside the texts of the source; a pattern is for the whole of one. */
function word({ words, fields }: QSource, value: Written): Tree {
  const found = globOf(value);
  const pattern = isPattern(value)
    ? found
    : [{ kind: 'many' } as const, ...found, { kind: 'many' } as const];
  return {
    kind: 'or',
    of: fields
      .filter((field) => words.includes(field.name))
      .map((field) => leaf(field, '', { kind: 'glob', pattern })),
  };
}

const leaf = (field: QField, key: string, test: ValueTest): Leaf => ({
  kind: 'leaf',
  field,
  key,
  test,
});

const nothing: Tree = { kind: 'or', of: [] };

function term(checker: Checker, { field: named, op, operands }: FieldTerm): Tree {
  const found = fieldOf(checker.source, named.parts);
  if (found === undefined) {
    unknownField(checker, named);
    return nothing;
  }
  const { field, key } = found;
  const tests = operands.map((operand) => {
    const test = operandTest({ field, op, now: checker.now }, operand);
    if ('refused' in test) refuse(checker, { name: named.parts.join('.'), test, operand });
    return test;
  });
  const trees = tests.flatMap((test) => ('refused' in test ? [] : [leaf(field, key, test)]));
  if (op === '!=') {
    const there = leaf(field, key, { kind: 'any' });
    return { kind: 'and', of: [there, ...trees.map((of) => ({ kind: 'not', of }) as const)] };
  }
  return anyOf(trees);
}

/** Tests of one kind are asked at once, so that an index can serve them as a list. */
function anyOf(leaves: readonly Leaf[]): Tree {
  const [first] = leaves;
  if (first === undefined) return nothing;
  const asked = (tests: readonly Leaf[]) =>
    leaf(first.field, first.key, someOf(tests.map(({ test }) => test)));
  const kinds = Map.groupBy(leaves, ({ test }) => test.kind === 'text' || test.kind === 'glob');
  if (kinds.size === 1 || leaves.some(({ test }) => test.kind === 'any')) return asked(leaves);
  return { kind: 'or', of: [...kinds.values()].map(asked) };
}

/** `scores.detector.entropy` is the field `scores.*` with the key `detector.entropy`. */
export function fieldOf(
  { fields }: QSource,
  parts: readonly string[],
): { readonly field: QField; readonly key: string } | undefined {
  const name = parts.join('.');
  for (const field of fields) {
    if (field.name === name && !field.name.endsWith('*')) return { field, key: '' };
    const before = field.name.endsWith('*') ? field.name.slice(0, -1) : undefined;
    if (before !== undefined && name.startsWith(before) && name.length > before.length) {
      return { field, key: name.slice(before.length) };
    }
  }
  return undefined;
}

function unknownField({ source, wrongs }: Checker, named: FieldTerm['field']): void {
  const name = named.parts.join('.');
  const behind = (depth: number): string => named.parts.slice(depth).join('.');
  // For a family such as scores.* the rest of the name is the writer's own.
  const candidates = source.fields.map((field) =>
    field.name.endsWith('*')
      ? `${field.name.slice(0, -1)}${behind(field.name.split('.').length - 1) || 'NAME'}`
      : field.name,
  );
  const near = nearest(name, candidates);
  wrongs.push({
    at: named.at,
    length: named.length,
    message: `there is no field "${name.slice(0, 80)}" of ${source.name}.${
      near === undefined ? '' : ` Did you mean "${near}"?`
    }`,
    remedy:
      `GET /v1/queryFields?source=${source.name} lists the fields. ` +
      'A text with : inside needs "quotes".',
  });
}

function refuse(
  { wrongs }: Checker,
  of: { readonly name: string; readonly test: Refused; readonly operand: Operand },
): void {
  const { message, remedy, at } = of.test.refused;
  wrongs.push({ ...(at ?? spanOf(of.operand)), message: `${of.name} ${message}`, remedy });
}

function spanOf(operand: Operand): Span {
  if (operand.kind === 'value') return operand.value;
  const { at } = operand.from;
  return { at, length: operand.to.at + operand.to.length - at };
}
