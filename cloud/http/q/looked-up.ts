/**
 * What can be known before the list is read: which devices a name means, which tags a pattern
 * means. Ids and equal texts then stand in the query, and an index in list order serves them.
 */
import { type Glob, globMatches } from '@fieldloop/core';
import { maxLookedUp, maxTextsWalked } from '../../limits.ts';
import type { Db } from '../../store/db.ts';
import { sql } from '../../store/kysely.ts';
import { compileTest } from './compile.ts';
import type { Leaf, Tree } from './tree.ts';

/** The same meaning; a leaf of which too much would have to be known stays as it is. */
export async function lookedUp(db: Db, tree: Tree): Promise<Tree> {
  if (tree.kind === 'not') return { kind: 'not', of: await lookedUp(db, tree.of) };
  if (tree.kind !== 'leaf') {
    const of: Tree[] = [];
    for (const one of tree.of) of.push(await lookedUp(db, one));
    return { kind: tree.kind, of };
  }
  const { refers, texts } = tree.field.place;
  if (tree.test.kind === 'none' || tree.ids !== undefined) return tree;
  if (refers !== undefined) {
    const { rows } = await sql<{ id: string }>`select named.id as id from (
      ${refers.ids(compileTest(tree.test))}) as named limit ${BigInt(maxLookedUp + 1)}`.execute(db);
    return rows.length > maxLookedUp ? tree : { ...tree, ids: rows.map(({ id }) => id) };
  }
  return tree.test.kind === 'glob' && texts !== undefined
    ? await meant(db, tree, tree.test.pattern)
    : tree;
}

/** The texts that a pattern means, as a list of equal texts. */
async function meant(db: Db, leaf: Leaf, pattern: Glob): Promise<Tree> {
  const texts = leaf.field.place.texts?.(leaf.key);
  if (texts === undefined) return leaf;
  const { rows } = await sql<{ text: string }>`select known.text as text from (${texts}) as known
    limit ${BigInt(maxTextsWalked + 1)}`.execute(db);
  if (rows.length > maxTextsWalked) return leaf;
  const equal = rows.filter(({ text }) => globMatches(pattern, text));
  if (equal.length > maxLookedUp) return leaf;
  const of = equal.map(({ text }) => ({ kind: 'text', op: '=', value: text }) as const);
  return { ...leaf, test: of.length === 0 ? { kind: 'none' } : { kind: 'some', of } };
}
