/** Every limit of this room has its name and its reason here. */

// Threads.

/** Bytes of results that a worker may have outstanding; at the limit it stops reading. */
export const maxOutstandingBytes = 8 * 1024 * 1024;
/** Deaths of one worker within `workerDeathsWithinMs` before its station stays off. */
export const maxWorkerDeaths = 3;
export const workerDeathsWithinMs = 10 * 60_000;
export const workerBackoff = { firstMs: 200, mostMs: 10_000 } as const;
/** How often the data worker tells its figures. */
export const progressEveryMs = 250;
/** What a stop waits for open clips to be cut and sealed; what is left then is left to the start. */
export const stopWithinMs = 8_000;

// Configuration and other documents.

export const maxDocumentBytes = 1024 * 1024;
export const maxDocumentProblems = 50;
/** Sources of one agent; each holds a window of its own. */
export const maxSources = 8;
export const maxModels = 8;

// Health.

/** Bytes of a unix socket's path on Linux, without its closing zero. */
export const maxSocketPathBytes = 107;
export const maxStatusBytes = 256 * 1024;
export const statusTimeoutMs = 3_000;
export const telemetryEveryMs = 60_000;

// Buffer.

/** Rows of one lane that wait for the cloud; at 17 a minute this is four days of events. */
export const maxLaneRows = 100_000;
/** Rows that are folded into one gap when a lane of events is full. */
export const maxGapRows = 1_000;
/** Numbers that may be handed out above the durable high-water mark, and are skipped after a loss. */
export const markGap = 1_000;
/** Rows kept in memory while the database cannot be written. */
export const maxPendingRows = 1_000;
/** Tombstones kept, so that a file that comes back after a power cut is known. */
export const maxTombstones = 10_000;
/** Files that could not be used, kept for a person to look at; the oldest go first. */
export const maxQuarantinedFiles = 20;
/** Damaged databases kept beside the new one. */
export const maxDamagedDatabases = 3;
/** Inodes that stay free for others. */
export const headroomInodes = 1_000;
/** Bytes read at a time to hash a clip's file. */
export const hashReadBytes = 1024 * 1024;
/** Days that the ledger of triggers reaches back. */
export const ledgerDays = 30;

// Enrolment.

/** One call to the enrolment listener, connection and answer together. */
export const enrollTimeoutMs = 15_000;
/** A chain of three certificates is 3 KiB. */
export const maxEnrollReplyBytes = 64 * 1024;
