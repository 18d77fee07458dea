/** What the operations of a noun are built from. */
import { canonicalJson, type Clock, type Ids, type Json, sha256Hex } from '@fieldloop/core';
import type { Db } from '../store/db.ts';
import type { Cursors } from './page.ts';

export interface NounDeps {
  readonly read: Db;
  readonly write: Db;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly cursors: Cursors;
}

/** The name of a list for its cursors: the operation and everything that narrows it. */
export function listName(operation: string, query: Readonly<Record<string, unknown>>): string {
  const { cursor: _cursor, limit: _limit, ...filters } = query;
  return `${operation} ${sha256Hex(canonicalJson(filters as Json))}`;
}
