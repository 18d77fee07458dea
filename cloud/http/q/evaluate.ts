/**
 * The plain meaning of a query: whether one item, as the API shows it, passes. The databases are
 * tested against it, and what is not in a database yet (a row of the stream) is filtered by it.
 */
import { globMatches } from '@fieldloop/core';
import type { QField } from './source.ts';
import type { Compare, Leaf, Tree, ValueTest } from './tree.ts';

export type Item = Readonly<Record<string, unknown>>;
type Value = bigint | number | string;

export function passesQuery(tree: Tree, item: Item): boolean {
  if (tree.kind === 'leaf') return valuesOf(tree, item).some((value) => passes(tree.test, value));
  if (tree.kind === 'not') return !passesQuery(tree.of, item);
  return tree.kind === 'and'
    ? tree.of.every((one) => passesQuery(one, item))
    : tree.of.some((one) => passesQuery(one, item));
}

/** The values that an item has for a field: none when it is absent or null. */
function valuesOf({ field, key }: Leaf, item: Item): readonly Value[] {
  const found =
    typeof field.json === 'function'
      ? field.json(item, key)
      : at(item, field.json ?? field.name, key);
  const all: readonly unknown[] = Array.isArray(found) ? found : [found];
  return all.flatMap((value) =>
    value === undefined || value === null ? [] : [kept(field.type, value)],
  );
}

function at(item: Item, path: string, key: string): unknown {
  let found: unknown = item;
  for (const part of path.split('.')) {
    const name = part === '*' ? key : part;
    found = Array.isArray(found) ? found.map((one) => member(one, name)) : member(found, name);
  }
  return found;
}

const member = (of: unknown, name: string): unknown =>
  typeof of === 'object' && of !== null && Object.hasOwn(of, name) ? (of as Item)[name] : undefined;

/** A value of JSON as its column keeps it. */
function kept(type: QField['type'], value: unknown): Value {
  if (typeof value === 'boolean') return type === 'bool' ? BigInt(value) : String(value);
  switch (type) {
    case 'ns':
      return BigInt(String(value));
    case 'instant':
      return BigInt(Date.parse(String(value)));
    case 'int':
    case 'bytes':
    case 'bool':
      return BigInt(Number(value));
    case 'duration':
      return BigInt(Math.round(Number(value) * 1e6));
    case 'real':
      return Number(value);
    case 'mixed':
      return typeof value === 'number' ? value : String(value);
    case 'text':
      return String(value);
  }
}

function passes(test: ValueTest, value: Value): boolean {
  switch (test.kind) {
    case 'any':
      return true;
    case 'none':
      return false;
    case 'int':
      return typeof value === 'bigint' && compares(test.op, value, test.value);
    case 'real':
      return typeof value === 'number' && compares(test.op, value, test.value);
    case 'text':
      return typeof value === 'string' && comparesText(test.op, value, test.value);
    case 'glob':
      return typeof value === 'string' && globMatches(test.pattern, value);
    case 'all':
      return test.of.every((one) => passes(one, value));
    case 'some':
      return test.of.some((one) => passes(one, value));
  }
}

function compares<T extends bigint | number>(op: Compare, a: T, b: T): boolean {
  if (op === '=') return a === b;
  if (op === '<' || op === '>') return op === '<' ? a < b : a > b;
  return op === '<=' ? a <= b : a >= b;
}

/** By code points, as the bytes of UTF-8 are in order; JavaScript itself compares UTF-16. */
function comparesText(op: Compare, a: string, b: string): boolean {
  return compares(op, Buffer.compare(Buffer.from(a), Buffer.from(b)), 0);
}
