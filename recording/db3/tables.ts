/** The tables of a database by name, with their columns, and the rows of small ones. */
import { Fault } from '@fieldloop/core';
import { definitionBytes, db3SmallRows } from '../limits.ts';
import {
  copyRow,
  emptyCell,
  emptyColumns,
  readCell,
  splitRow,
  type Value,
  valueOf,
} from './cells.ts';
import type { Pages } from './pages.ts';
import { cellAt, cellsOf, leafPages } from './walk.ts';

export interface Table {
  readonly root: number;
  /** Lower case, in their order; the one that stands for the rowid is stored as nothing. */
  readonly columns: readonly string[];
  readonly rowid: string | undefined;
}

export type Row = Readonly<Record<string, Value>>;

/** The catalogue, which begins in page 1. Fault `corrupt` when it cannot be read. */
export async function readTables(pages: Pages): Promise<ReadonlyMap<string, Table>> {
  const columns = ['type', 'name', 'tbl_name', 'rootpage', 'sql'];
  const found = new Map<string, Table>();
  for await (const row of rowsOf(pages, { root: 1, columns, rowid: undefined })) {
    const { type, name, rootpage, sql } = row;
    if (type !== 'table' || typeof name !== 'string' || typeof rootpage !== 'number') continue;
    if (typeof sql !== 'string') continue;
    found.set(name.toLowerCase(), { root: rootpage, ...columnsOf(sql) });
  }
  return found;
}

/** Every row by the names of its columns. For small tables: their values are held. */
export async function* rowsOf(pages: Pages, table: Table): AsyncGenerator<Row, void> {
  const cell = emptyCell();
  const columns = emptyColumns();
  let bytesLeft = definitionBytes;
  let rowsLeft = db3SmallRows;
  for await (const page of leafPages(pages, table.root)) {
    const cells = cellsOf(pages, page);
    for (let i = 0; i < cells; i += 1) {
      readCell(pages, page, cellAt(pages, page, i), cell);
      bytesLeft -= cell.size;
      rowsLeft -= 1;
      if (bytesLeft < 0 || rowsLeft < 0) throw tooMuch(pages.name);
      const bytes = new Uint8Array(cell.size);
      await copyRow(pages, page, cell, { bytes, at: 0 });
      if (!splitRow(bytes, 0, cell.size, columns)) {
        throw pages.broken(page.number, `row ${cell.rowid} has a broken head`, 'a record');
      }
      const row: Record<string, Value> = {};
      for (const [k, name] of table.columns.entries()) {
        const value = valueOf(bytes, columns, k, pages.header.encoding);
        row[name] = name === table.rowid && value === undefined ? cell.rowid : value;
      }
      yield row;
    }
  }
}

/** Names of the columns in `create table t(a integer primary key, "b" text, unique(b))`. */
export function columnsOf(sql: string): Pick<Table, 'columns' | 'rowid'> {
  const plain = sql.replaceAll(/--[^\n]*|\/\*[\s\S]*?\*\//g, ' ');
  const open = plain.indexOf('(');
  const columns: string[] = [];
  let rowid: string | undefined;
  for (const part of topLevel(plain.slice(open + 1, plain.lastIndexOf(')')))) {
    const [, quoted, bare] = /^\s*(?:["'`[]([^"'`\]]+)["'`\]]|([^\s(]+))/.exec(part) ?? [];
    const name = (quoted ?? bare ?? '').toLowerCase();
    if (quoted === undefined && constraints.has(name)) continue;
    columns.push(name);
    if (/\binteger\s+primary\s+key\b/i.test(part)) rowid = name;
  }
  return { columns, rowid };
}

const constraints = new Set(['constraint', 'primary', 'unique', 'check', 'foreign']);

function topLevel(text: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  let quote = '';
  for (let i = 0; i < text.length; i += 1) {
    const c = text.charAt(i);
    if (quote !== '') {
      if (c === quote) quote = '';
    } else if (c === '"' || c === "'" || c === '`') quote = c;
    else if (c === '(') depth += 1;
    else if (c === ')') depth -= 1;
    else if (c === ',' && depth === 0) {
      parts.push(text.slice(from, i));
      from = i + 1;
    }
  }
  return [...parts, text.slice(from)];
}

function tooMuch(name: string): Fault {
  return new Fault('limited', 'its topics and definitions are more than is read of one file', {
    place: name,
    remedy: 'Split the recording by topic with `ros2 bag convert`.',
  });
}
