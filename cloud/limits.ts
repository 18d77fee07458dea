/** What a peer, a page or a file can make this room hold or wait for. */
import { parseDurationNs } from '@fieldloop/core';

const ms = (text: string): number => Number(parseDurationNs(text) / 1_000_000n);

/** Prepared statements kept for one connection; the least recently used one is dropped. */
export const maxPreparedStatements = 256;
/** How long a statement waits for another connection's write before it fails as `unavailable`. */
export const sqliteBusyMs = ms('5s');
/** A thread that serves others blocks no longer than this for a turn to write, and asks again. */
export const sqliteTurnMs = ms('5ms');
/** The write-ahead log is cut back to this size after a checkpoint. */
export const sqliteWalBytes = 64 * 1024 * 1024;
/** SQLite pages kept in memory by one connection, in KiB. */
export const sqliteCacheKiB = 16 * 1024;

/**
 * Connections of one process to PostgreSQL: readers, writers (one writes, the others wait for their
 * turn or read what they wrote), and those of ingest's thread. A query beyond them waits so long.
 */
export const postgresConnections = 10;
export const postgresWriters = 5;
export const postgresIngestWriters = 2;
export const postgresOpenMs = ms('10s');
/** A connection that nobody uses is closed. */
export const postgresIdleMs = ms('60s');
/** How long a transaction waits for its turn to write before it fails as `unavailable`. */
export const postgresLockMs = ms('10s');
/** A read may take so long, and an open transaction may idle so long; then the server ends it. */
export const postgresReadMs = ms('30s');
/** A process that starts while another one migrates waits for it. */
export const migrateWaitMs = ms('5m');
export const migrateRetryMs = ms('200ms');

/** Threads that read a SQLite file, the heap of each, and its pages kept in memory, in KiB. */
export const readerThreads = 3;
export const readerHeapMiB = 96;
export const readerCacheKiB = 8 * 1024;
/** Queries that wait for a reader, and how long each waits before it fails as `unavailable`. */
export const maxReaderQueries = 1000;
export const readerWaitMs = ms('10s');
/** Rows of one answer, and the length of their texts together. */
export const maxReadRows = 100_000;
export const maxReadLength = 32 * 1024 * 1024;
/** A reader that died is started again after this long. */
export const readerRestartMs = ms('1s');

/** Rows that a backup reads at once, and that a restore writes at once. */
export const backupReadRows = 250;
export const backupInsertRows = 200;
/** `cloud check` warns below this much free space, and this long before the authority ends. */
export const leastFreeBytes = 1024 * 1024 * 1024;
export const certificateWarnMs = ms('90d');
/** Names of objects that are read at once. */
export const maxBlobPage = 1000;

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
/** A create may be repeated with the same Idempotency-Key for this long. */
export const idempotencyMs = ms('24h');
export const maxIdempotencyKeyLength = 255;
/** Entities that one request may name or change; more become an operation. */
export const maxBulkItems = 1000;
/** Requests a second of one caller, and of one address that does not say who it is. */
export const callerRate = { perSecond: 100, burst: 1000 } as const;
export const strangerRate = { perSecond: 10, burst: 100 } as const;
/** When the cloud stops, requests that run have this long to finish. */
export const drainMs = ms('10s');

/** Bytes of a blob read at once. */
export const blobReadBytes = 256 * 1024;

/** Passwords: characters at least and at most, and what a hash costs (OWASP's second choice). */
export const leastPasswordLength = 12;
export const mostPasswordLength = 256;
export const passwordCost = { memoryKiB: 19 * 1024, passes: 2, lanes: 1 } as const;
/** Hashes of passwords at once, and requests that wait for one; more are told to come back. */
export const passwordHashesAtOnce = 2;
export const passwordHashesWaiting = 64;
/** Tries to log in: of an account from one address, of an account, of an address. */
export const loginTriesHere = { perSecond: 1 / 30, burst: 10 } as const;
export const loginTriesOfAccount = { perSecond: 1 / 30, burst: 50 } as const;
export const loginTriesFrom = { perSecond: 1 / 6, burst: 50 } as const;
/** A login ends when nobody used it for this long, and after this long in any case. */
export const loginIdleMs = ms('12h');
export const loginMs = ms('7d');
/** The last use of a login is written at most this often. */
export const loginUseWriteMs = ms('60s');
/** Rows of logins and links that ended are kept this long. */
export const endedLoginMs = ms('90d');
/** Logins of one person that are open at once; the oldest one ends. */
export const maxLogins = 20;
/** One-time links: the first admin's and a reset's, an invitation's. */
export const firstAdminLinkMs = ms('24h');
export const resetLinkMs = ms('24h');
export const invitationLinkMs = ms('168h');
/** The key that a person gets for a command line. */
export const personKeyMs = ms('30d');
/** A rotated key lives on for this long, unless asked otherwise, and at most. */
export const keyGraceMs = ms('24h');
export const maxKeyGraceMs = ms('7d');
/** Tokens of one name that a person has by logging in; the oldest one ends. */
export const maxPersonTokens = 10;
/** Live keys of one person. */
export const maxPersonKeys = 50;
/** A login with an OpenID provider: from the first redirect to the last; its clocks may differ. */
export const oidcAttemptMs = ms('10m');
export const oidcTimeoutMs = ms('10s');
export const oidcClockToleranceMs = ms('30s');
/** Four-eyes: how long a request waits for its decision, and an approval for its use. */
export const approvalMs = ms('24h');
/** Open requests for approval of one caller. */
export const maxOpenApprovals = 100;
/** A larger document of an audit entry is kept as its digest. */
export const maxAuditDocumentBytes = 8 * 1024;
/** Audit entries read at once by a walk along the chain. */
export const auditReadRows = 1000;
/** Audit entries that one request verifies; the caller goes on where it ended. */
export const auditVerifyRows = 100_000;
/** The chain's head is signed this often, and it is looked this often whether it is time. */
export const auditLookMs = ms('10m');
export const auditHeadMs = ms('24h');

/** Commands of one device that are not over; beyond it a further one is refused. */
export const maxLiveCommands = 100;
/** Life of a command that nobody gave another: unless asked otherwise, and at most. */
export const commandMs = ms('24h');
export const maxCommandMs = ms('30d');
/** Commands that ended are forgotten after this long. */
export const commandRowMs = ms('90d');
/** How often commands are looked at for one whose time is over, and how many at once. */
export const commandExpiryMs = ms('5s');
export const commandExpiryRows = 500;
/** A command that a connected device did not acknowledge is sent again after this long. */
export const commandAgainMs = ms('30s');
/** Telemetry: how far apart a series' values are kept, and for how long. */
export const telemetryMinuteMs = ms('1m');
export const telemetryKeptMs = ms('7d');
/** Messages of telemetry that one device may send in a minute; further ones are dropped. */
export const telemetryPerMinute = 6;
/** An ingest node says so often that it lives; after this long without it, it is dead. */
export const nodeBeatMs = ms('5s');
export const nodeDeadMs = ms('20s');
/** A clip that is said to be on its way is on the robot again after this long without a byte. */
export const stalledUploadMs = ms('10m');

/** The outbox is asked for new rows this often, this many at once, and later after a failure. */
export const tailPollMs = 50;
export const tailRows = 500;
export const tailRetryMs = { firstMs: 100, mostMs: ms('10s') } as const;
/** Rows of the outbox are kept this long: who reads it is never further behind. */
export const outboxMs = ms('7d');
/** A lease that is not renewed ends after this long, and is renewed this often. */
export const leaseMs = ms('10s');
export const leaseRenewMs = ms('3s');
/** Long work: at once, asked for this often, its progress written this often, and begun at most. */
export const operationLanes = 2;
export const operationPollMs = 250;
export const operationTouchMs = 500;
export const maxOperationAttempts = 5;
/** The end of one is written again, later and later, when the database does not take it. */
export const operationRetryMs = { firstMs: 100, mostMs: ms('10s') } as const;
/** Ended operations are kept this long. */
export const operationMs = ms('30d');
/** Old rows are looked for this often, and removed this many at once. */
export const housekeepingMs = ms('10m');
export const housekeepingRows = 1000;

/**
 * Clients of the stream, those of one key or person, and what may wait for one that reads slowly,
 * live and while replaying.
 */
export const maxStreams = 200;
export const maxStreamsOfCaller = 50;
export const maxStreamBytes = 1024 * 1024;
export const streamReplayBytes = 64 * 1024;
/** A comment keeps a quiet stream alive; a client that comes back hears this much of the past. */
export const streamBeatMs = ms('15s');
export const streamReplayMs = ms('24h');
/** Beats that a client may let pass without reading while more than a little waits for it. */
export const streamStalledBeats = 2;

/** Tags of operators on one clip, characters of a label, a note and a reason. */
export const maxClipTags = 64;
export const maxTagLength = 32;
export const maxLabelLength = 120;
export const maxNoteLength = 4000;
export const maxReasonLength = 500;
/** Objects whose bytes one round removes. */
export const erasureBatch = 500;

export { maxQueryDepth, maxQueryLength, maxQueryTerms } from '@fieldloop/core';
/** Fields that a list is asked to show alone. */
export const maxSparseFields = 64;
/** Rows that are gathered and sorted for a page; where more pass, the index of the order leads. */
export const gatherRows = 20_000;
/** Values that may come between the count and the gathering beyond twice the count. */
export const gatherSlackRows = 100n;
/** Ids and texts that a condition is turned into, and the different texts looked at for them. */
export const maxLookedUp = 300;
export const maxTextsWalked = 2000;
/** Bytes of a text that queries can ask for: PostgreSQL keeps no longer ones in an index. */
export const maxQueryTextBytes = 1024;
/** Rows of before whose values are copied in one transaction, and how often it is tried. */
export const backfillRows = 200;
export const backfillEveryMs = ms('10m');
/** Counting a list: rows of one block, and the time after which the rest is estimated. */
export const countBlockRows = 50_000;
export const countMs = ms('2s');
export const estimateMs = ms('200ms');

/** Threads that read recordings, what each may do at once, and its heap beside chunks. */
export const recordingThreads = 2;
export const maxRecordingCalls = 16;
export const threadHeapMiB = 256;
/** A file that a thread makes: bytes of a piece, and bytes that may wait for who takes it. */
export const streamPieceBytes = 64 * 1024;
export const streamAheadBytes = 1024 * 1024;
/** Text of one page of messages; one message may be larger. */
export const messagePageBytes = 1024 * 1024;
/** What is shown of long lists, bytes and texts unless all is asked for. */
export const shownItems = 32;
export const shownBytes = 48;
export const shownText = 1024;
/** Previews: topics of a clip, images of a topic that are looked at, pixels in and out, quality. */
export const maxPreviewTopics = 6;
export const maxTopicImages = 100_000;
export const maxImagePixels = 64_000_000;
export const previewPixels = 320;
export const previewQuality = 72;
/** Columns of a plot, and paths in it. */
export const maxPlotColumns = 4000;

/** Processes that start at once wait this long between two looks whether it is their turn. */
export const startTurnMs = 100;

/** Characters of a rule set's YAML; the parser takes no more either. */
export const maxRuleTextLength = 256 * 1024;
export const maxRuleSetNameLength = 64;
/** A publish needs a forecast of its digest that is not older. */
export const forecastMs = ms('7d');
/** A backtest: clips and stored bytes it reads, unless asked otherwise and at most. */
export const backtestClips = 500;
export const maxBacktestClips = 5000;
export const backtestBytes = 4 * 1024 * 1024 * 1024;
export const maxBacktestBytes = 64 * 1024 * 1024 * 1024;
/** Clips whose channels tell lint which topics a cohort has, and the devices they are of. */
export const lintClips = 12;
export const lintDevices = 6;
/** Channels that a clip declares later than here are not looked for. */
export const lintReadBytes = 4 * 1024 * 1024;
/** Devices that one transaction brings in line with their publications. */
export const settleTogether = 200;
/** Publications: reports are folded, cohorts looked at, and rates judged this often. */
export const publicationStepMs = ms('5s');
export const cohortStepMs = ms('30s');
export const judgeEveryMs = ms('60s');
/** New reports are judged no sooner than this after the last look. */
export const judgeAgainMs = ms('10s');
/** Devices that the answer about one publication shows. */
export const publicationDevices = 100;
/** Reports that one transaction folds. */
export const foldTogether = 200;
/** Events on the timeline of one clip, and things in its lineage. */
export const maxClipMarks = 1000;
/** Life of a signed link: unless asked otherwise, and at most. */
export const linkMs = ms('1h');
export const maxLinkMs = ms('24h');
/** Of a robot's sketch of signals, unpacked. */
export const maxSketchBytes = 256 * 1024;
/** How often stored clips without previews are looked for beside the news of them, and how many. */
export const previewEveryMs = ms('60s');
export const previewBatch = 100;
/** Clips that one transaction of a bulk verb changes, and problems that its operation lists. */
export const bulkBatch = 50;
export const maxBulkProblems = 100;
/** Facets and histograms: rows of one block, and the time after which the answer is partial. */
export const facetBlockRows = 100_000;
export const facetMs = ms('2s');
/** Values of a field that completion is told. */
export const maxFieldTexts = 200;
/** Values shown of a facet, and bins of a histogram: unless asked otherwise, and at most. */
export const facetValues = 20;
export const maxFacetValues = 500;
export const histogramBins = 40;
export const maxHistogramBins = 500;

/** Exports: clips, bytes of their files together, how long a file is kept, room left beside it. */
export const maxExportClips = 10_000;
export const maxExportBytes = 64 * 1024 ** 3;
export const exportKeptMs = ms('24h');
export const exportRoomBytes = 256 * 1024 * 1024;
/** Clips whose rows are held while an export is made. */
export const exportPageClips = 100;
export const exportSweepEveryMs = ms('60s');
