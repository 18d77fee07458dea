/**
 * Conditions of a pass that looks at many rows: along the index that holds all their narrow
 * columns, not along one that finds some rows and then reads each of them whole.
 */
import type { Filter } from './filter.ts';
import { compiled, type Lead, withoutIndex } from './page-plan.ts';
import type { Sql } from './source.ts';
import type { Tree } from './tree.ts';

export function compiledForScan(filter: Filter, lead: Lead | undefined): Sql {
  const all = compiled(filter, lead);
  const plain = filter.terms.length === 0 || lead !== undefined || filter.terms.some(isNarrow);
  return plain ? all : withoutIndex(all);
}

/** Whether few rows can pass: those of one device or of one session. */
function isNarrow(term: Tree): boolean {
  if (term.kind !== 'leaf') return false;
  if (term.ids !== undefined) return term.ids.length < 2;
  return term.field.name === 'session' && term.test.kind === 'text' && term.test.op === '=';
}
