/** Row types of the tables of step 0010-queries. */
import type { ColumnType } from './kysely.ts';

type Int = ColumnType<bigint, bigint | number, bigint | number>;

/** A query that somebody gave a name. */
interface SavedQueryRow {
  id: string;
  source: string;
  name: string;
  q: string;
  note: ColumnType<string | null, string | null | undefined, string | null>;
  /** 1: others see it in their list. */
  shared: Int;
  owner: string;
  created_at: Int;
  updated_at: Int;
  version: Int;
}

/** Texts of a clip that a query may name, in the order of the list: topics, firmware, models. */
interface ClipTextRow {
  key: string;
  text: string;
  start_ns: Int;
  clip_id: string;
}

/** Numbers of an event that a query may compare. */
interface EventValueRow {
  event_id: string;
  key: string;
  num: number;
}

/** Texts of an event that a query may name, in the order of the list. */
interface EventTextRow {
  key: string;
  text: string;
  at_ns: Int;
  event_id: string;
}

/** How far rows of an older version have been copied into the tables above. */
interface BackfillRow {
  name: string;
  /** The last id that is done. */
  position: string;
  done: Int;
}

export interface QueryTables {
  saved_query: SavedQueryRow;
  clip_text: ClipTextRow;
  event_value: EventValueRow;
  event_text: EventTextRow;
  backfill: BackfillRow;
}
