/**
 * A backup on disk. `DIR/<time>/` holds one moment of the cloud: `manifest.json`, `rows/<table>.ndjson`
 * (the first line tells the columns, each further one is a row) and `files/` (the authority and
 * other secrets of the data folder). `DIR/blobs/ab/<sha256>` is shared by all moments. The format is
 * the same for both databases, so that a backup of one restores into the other.
 */
import { canonicalJson, Fault, type Json, sha256Hex } from '@fieldloop/core';
import type { ColumnShape } from '../tables.ts';

export const backupFormat = 'fieldloop-backup/v1';

export interface Manifest {
  readonly format: string;
  /** Unix milliseconds. */
  readonly madeAt: number;
  /** Of the Fieldloop that made it. */
  readonly version: string;
  readonly database: string;
  /** The steps that the database had. */
  readonly steps: readonly { readonly name: string; readonly at: number }[];
  readonly tables: readonly TableFile[];
  readonly files: readonly KeptFile[];
  /** Objects that rows name; they are under their hashes. */
  readonly blobs: { readonly count: number; readonly bytes: number };
  /** Objects that were removed while the backup ran: rows name them, and there are no bytes. */
  readonly absent: readonly string[];
}

export interface TableFile {
  readonly name: string;
  readonly rows: number;
  /** What the database counted up to, where it counts by itself. */
  readonly counter?: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface KeptFile {
  /** Under the data folder. */
  readonly path: string;
  readonly mode: number;
  readonly bytes: number;
  readonly sha256: string;
}

/** What a person sees while it runs. */
export interface BackupProgress {
  readonly step: 'rows' | 'blobs' | 'files' | 'verify';
  /** The table, or nothing. */
  readonly what: string;
  readonly done: number;
  readonly total: number;
}

export const manifestName = 'manifest.json';

export const manifestText = (manifest: Manifest): string =>
  `${JSON.stringify({ ...manifest, digest: digestOf(manifest) }, undefined, 2)}\n`;

const digestOf = (manifest: Manifest): string =>
  sha256Hex(canonicalJson(manifest as unknown as Json));

/** Faults `corrupt` (not what was written) and `conflict` (of a newer Fieldloop). */
export function parseManifest(text: string, place: string): Manifest {
  const { digest, ...manifest } = jsonOf(text, place) as Manifest & { readonly digest?: unknown };
  if (typeof manifest.format === 'string' && manifest.format !== backupFormat) {
    throw new Fault('conflict', `this backup has the format ${manifest.format}`, {
      place,
      remedy: `This Fieldloop reads ${backupFormat}: restore with the one that made it.`,
    });
  }
  if (digest !== digestOf(manifest)) throw damaged(place, 'is not what was written');
  return manifest;
}

function jsonOf(text: string, place: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch (error) {
    throw damaged(place, 'is no JSON', error);
  }
  throw damaged(place, 'is no JSON object');
}

export const damaged = (place: string, what: string, cause?: unknown): Fault =>
  new Fault('corrupt', `this file of the backup ${what}`, {
    place,
    remedy: 'Restore another moment with --at, or copy this backup again from where it was made.',
    cause,
  });

/** The first line of a table's file. */
export interface TableHead {
  readonly table: string;
  readonly columns: readonly ColumnShape[];
}

/** Integers are decimal strings, so that 64 bits survive; texts and numbers stand as they are. */
export const rowText = (row: Readonly<Record<string, unknown>>, head: TableHead): string =>
  JSON.stringify(head.columns.map((column) => written(row[column.name])));

function written(value: unknown): Json {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'number') return value as string | null;
  // JSON has no words for these.
  return Number.isFinite(value) && !Object.is(value, -0) ? value : String(value);
}

/** Values in the order of the columns. Fault `corrupt` when the line is no row of this table. */
export function parseRow(line: string, head: TableHead, place: string): readonly unknown[] {
  const values = jsonOf(line, place);
  if (!Array.isArray(values) || values.length !== head.columns.length) {
    throw damaged(place, 'has a line of another table');
  }
  return head.columns.map(({ type }, index) => {
    const value: unknown = values[index];
    if (value === null) return null;
    if (type === 'integer' && typeof value === 'string' && /^-?\d+$/.test(value)) {
      return BigInt(value);
    }
    if (type === 'text' && typeof value === 'string') return value;
    if (type === 'real' && (typeof value === 'number' || typeof value === 'string')) {
      return value === '-0' ? -0 : Number(value);
    }
    throw damaged(place, `has a value that is no ${type}`);
  });
}

export function parseHead(line: string, place: string): TableHead {
  const head = jsonOf(line, place) as Partial<TableHead>;
  if (typeof head.table === 'string' && Array.isArray(head.columns)) return head as TableHead;
  throw damaged(place, 'does not begin with its columns');
}
