/** What narrows a list: the query, a saved one and the noun's plain filters, all of which hold. */
import { parseQuery } from '@fieldloop/core';
import type { Db } from '../../store/db.ts';
import { checkQuery } from './check.ts';
import { lookedUp } from './looked-up.ts';
import { savedQueryText } from './saved.ts';
import type { QSource, Sql } from './source.ts';
import { conjuncts, type Tree } from './tree.ts';
import { asInvalid } from './wrong.ts';

export interface Filter {
  readonly source: QSource;
  /** All must hold. */
  readonly terms: readonly Tree[];
  /** Conditions that the query language does not know; all must hold. */
  readonly where: readonly Sql[];
}

export interface Narrowing {
  /** What relative times are relative to, in Unix milliseconds. */
  readonly now: number;
  readonly q?: string | undefined;
  /** Name or id of a saved query. */
  readonly saved?: string | undefined;
  readonly is?: Readonly<Record<string, string | readonly string[] | undefined>> | undefined;
  readonly where?: readonly (Sql | undefined)[] | undefined;
  readonly trees?: readonly Tree[] | undefined;
}

/** Faults: `invalid` for the query, with every place that is wrong; `not_found` for a saved one. */
export async function openFilter(db: Db, source: QSource, by: Narrowing): Promise<Filter> {
  const terms: Tree[] = [...(by.trees ?? [])];
  if (by.saved !== undefined) {
    const text = await savedQueryText(db, source.name, by.saved);
    terms.push(queryTree(text, source, { now: by.now, pointer: '/query/saved' }));
  }
  if (by.q !== undefined) {
    terms.push(queryTree(by.q, source, { now: by.now, pointer: '/query/q' }));
  }
  for (const [name, value] of Object.entries(by.is ?? {})) {
    const values = typeof value === 'string' ? [value] : (value ?? []);
    terms.push(...values.map((text) => equal(source, name, text)));
  }
  const known: Tree[] = [];
  for (const term of terms.flatMap(conjuncts)) known.push(await lookedUp(db, term));
  return {
    source,
    terms: known,
    where: (by.where ?? []).filter((one) => one !== undefined),
  };
}

/** A query's text as its meaning. Fault `invalid` at `pointer` with every place that is wrong. */
export const queryTree = (
  text: string,
  source: QSource,
  of: { readonly now: number; readonly pointer: string },
): Tree => asInvalid(of.pointer, () => checkQuery(parseQuery(text), source, of.now));

/** A plain filter as the query `name = value` would be; only for fields of text. */
function equal(source: QSource, name: string, value: string): Tree {
  const field = source.fields.find((one) => one.name === name);
  if (field === undefined || field.type !== 'text') {
    throw new TypeError(`a filter on ${source.name}.${name}, which is no field of text`);
  }
  return { kind: 'leaf', field, key: '', test: { kind: 'text', op: '=', value } };
}
