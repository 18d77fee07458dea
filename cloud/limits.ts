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

/** Bytes of a request's body; a larger one is refused with 413. */
export const maxBodyBytes = 1024 * 1024;
/** Bytes of a request's head; Node answers more with 431. */
export const maxHeaderBytes = 16 * 1024;
/** A client has this long to send its head, and its whole request. */
export const headersTimeoutMs = ms('10s');
export const requestTimeoutMs = ms('60s');
/** An idle connection is kept this long for the client's next request. */
export const keepAliveMs = ms('15s');
/** Open connections; further ones wait in the system's queue. */
export const maxConnections = 1024;
/** Rows on one page of a list. */
export const maxPageRows = 500;
export const pageRows = 50;
/** Characters of a cursor. */
export const maxCursorLength = 1024;
/** Conditions of one kind in a list's query. */
export const maxConditions = 8;
/** A key's last use is written at most this often. */
export const keyUseWriteMs = ms('60s');
/** Life of a claim token: unless asked otherwise, and at most. */
export const claimTokenMs = ms('1h');
export const maxClaimTokenMs = ms('24h');
/** When the cloud stops, requests that run have this long to finish. */
export const drainMs = ms('10s');
/** Bytes of a clip read at once for a download. */
export const downloadChunkBytes = 256 * 1024;

/** Bytes of a blob read at once. */
export const blobReadBytes = 256 * 1024;

/** Lives of certificates: the root, the intermediate, a listener's, a robot's. */
export const rootMs = ms('7300d');
export const authorityMs = ms('1825d');
export const serverCertificateMs = ms('397d');
export const deviceCertificateMs = ms('30d');
/** Certificates begin this much before now, for robots whose clock is behind. */
export const clockSlackMs = ms('5m');
/** Enrolment: bytes of a body, time for a request, tries a minute and address, addresses known. */
export const enrolBodyBytes = 16 * 1024;
export const enrolTimeoutMs = ms('10s');
export const enrolTriesPerMinute = 10;
export const maxEnrolAddresses = 4096;
