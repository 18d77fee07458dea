/** What a peer, a page or a file can make this room hold or wait for. */
import { parseDurationNs } from '@fieldloop/core';

const ms = (text: string): number => Number(parseDurationNs(text) / 1_000_000n);

/** Prepared statements kept for one connection; the least recently used one is dropped. */
export const maxPreparedStatements = 256;
/** How long a statement waits for another connection's write before it fails as `unavailable`. */
export const sqliteBusyMs = ms('5s');
/** The write-ahead log is cut back to this size after a checkpoint. */
export const sqliteWalBytes = 64 * 1024 * 1024;
/** SQLite pages kept in memory by one connection, in KiB. */
export const sqliteCacheKiB = 16 * 1024;
