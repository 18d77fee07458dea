/** A checked query as SQL: parameters only, and the same answer on SQLite and PostgreSQL. */
import { folded, type Glob } from '@fieldloop/core';
import { type RawBuilder, sql } from '../../store/kysely.ts';
import { no, type Sql, type Test, yes } from './source.ts';
import type { Compare, Leaf, Tree, ValueTest } from './tree.ts';

/** A condition that is true or false for each row and never null. */
export function compileTree(tree: Tree): Sql {
  if (tree.kind === 'leaf') return compileLeaf(tree);
  if (tree.kind === 'not') return sql<boolean>`not (${compileTree(tree.of)})`;
  const [first, ...rest] = tree.of;
  if (first === undefined) return tree.kind === 'and' ? yes : no;
  if (rest.length === 0) return compileTree(first);
  return sql<boolean>`(${sql.join(tree.of.map(compileTree), sql.raw(` ${tree.kind} `))})`;
}

function compileLeaf({ field, key, test, ids }: Leaf): Sql {
  if (test.kind === 'none') return no;
  if (ids !== undefined && field.place.refers !== undefined) return field.place.refers.among(ids);
  return field.place.holds(compileTest(test), key);
}

/** The rows that pass a leaf, by an index; undefined where the field's place has none. */
export const leafRows = ({ field, key, test }: Leaf): RawBuilder<{ id: unknown }> | undefined =>
  test.kind === 'none' ? undefined : field.place.rows?.(compileTest(test), key);

export function compileTest(test: ValueTest): Test {
  return { kind: kindOf(test), of: (value) => passes(test, value) };
}

/** All parts of one test look at values of one kind; the checker sees to that. */
function kindOf(test: ValueTest): Test['kind'] {
  if (test.kind === 'int' || test.kind === 'real') return 'num';
  if (test.kind === 'text' || test.kind === 'glob') return 'text';
  if (test.kind === 'any' || test.kind === 'none') return 'any';
  return test.of.map(kindOf).find((kind) => kind !== 'any') ?? 'any';
}

function passes(test: ValueTest, value: RawBuilder<unknown>): Sql {
  switch (test.kind) {
    case 'any':
      return yes;
    case 'none':
      return no;
    case 'int':
    case 'real':
    case 'text':
      return sql<boolean>`${value} ${operator(test.op)} ${test.value}`;
    case 'glob':
      return sql<boolean>`lower(${value}) like ${likePattern(test.pattern)} escape '!'`;
    case 'all':
      return joined(test.of, value, ' and ');
    case 'some':
      return inList(test.of, value) ?? joined(test.of, value, ' or ');
  }
}

/** Several equal-to tests as one list, which an index serves. */
function inList(of: readonly ValueTest[], value: RawBuilder<unknown>): Sql | undefined {
  const values = of.flatMap((test) => ('op' in test && test.op === '=' ? [test.value] : []));
  if (values.length !== of.length || values.length < 2) return undefined;
  return sql<boolean>`${value} in (${sql.join(values)})`;
}

function joined(of: readonly ValueTest[], value: RawBuilder<unknown>, word: ' and ' | ' or '): Sql {
  if (of.length === 0) return word === ' and ' ? yes : no;
  return sql<boolean>`(${sql.join(
    of.map((test) => passes(test, value)),
    sql.raw(word),
  )})`;
}

const operators = {
  '=': sql`=`,
  '<': sql`<`,
  '<=': sql`<=`,
  '>': sql`>`,
  '>=': sql`>=`,
} as const;

const operator = (op: Compare) => operators[op];

/** The pattern of LIKE; what is special there and plain in the glob stands behind a `!`. */
function likePattern(glob: Glob): string {
  return glob
    .map((piece) => {
      if (piece.kind === 'many') return '%';
      return piece.kind === 'one' ? '_' : folded(piece.text).replaceAll(/[!%_]/g, '!$&');
    })
    .join('');
}
