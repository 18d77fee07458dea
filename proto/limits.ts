/**
 * What a message may hold. A peer that goes over one is refused; texts are counted in UTF-16 code
 * units, messages in bytes on the wire.
 */
const KiB = 1024;

export const maxStatusBytes = 256;
export const maxEventsBytes = 48 * KiB;
export const maxManifestBytes = 16 * KiB;
export const maxReportedBytes = 24 * KiB;
export const maxStoredBytes = 512;
export const maxTransferBytes = 1 * KiB;

/** Sequence numbers, counts and log times: what a signed 64-bit column holds. */
export const maxInteger = 2n ** 63n - 1n;
export const maxUnsigned = 2n ** 64n - 1n;

export const maxLanes = 3;
export const maxAgentText = 32;
export const maxClockSourceText = 32;

export const maxRowsPerBatch = 200;
export const maxNameText = 64;
export const maxUnitText = 16;
export const maxValueText = 256;
export const maxValues = 32;
export const maxRuleText = 96;
export const maxEventText = 512;
export const maxTags = 16;
export const maxTagText = 32;

/** The largest file that one transfer moves. */
export const maxContentBytes = 2 ** 31;
export const maxMediaText = 64;
export const maxManifestDocumentText = 12 * KiB;
/** In UTF-8, where a character takes up to 3 bytes: 1 KiB stays for a manifest's other fields. */
export const maxManifestDocumentBytes = 15 * KiB;
export const maxPreviews = 4;
export const maxPreviewKindText = 32;
export const maxInlinePreviewBytes = 3 * KiB;

/** `command/` and the text of a UUID take 44. */
export const maxSectionText = 64;
export const maxReportedDocumentText = 16 * KiB;
export const maxJwsText = 4 * KiB;

export const maxDesiredBytes = 32 * KiB;
export const maxCommandBytes = 4 * KiB;
export const maxTelemetryBytes = 8 * KiB;
/** Sections of one Desired; more of them go in another. */
export const maxDesiredSections = 16;
/** Of a section's document, packed, and after it was unpacked. */
export const maxDesiredSectionBytes = 16 * KiB;
export const maxUnpackedDesiredBytes = 1024 * KiB;

export const maxTopicText = 256;
export const maxCommandTopics = 64;
export const maxReasonText = 120;
/** Seconds before and after the moment of a clip that an operator asks for. */
export const maxRollSeconds = 600;

/** `topic.` and a topic make long names. */
export const maxSeriesText = 128;
export const maxSeries = 128;
export const maxSuppressed = 64;

export const maxRefusedPerStored = 16;
export const maxSlotText = 32;
export const maxDetailText = 128;

/** Bytes of data behind a chunk's head. */
export const minChunkBytes = 4 * KiB;
export const firstChunkBytes = 32 * KiB;
export const maxChunkBytes = 256 * KiB;
/** A head may grow in a later version; its surplus is skipped up to this length. */
export const maxChunkHeadBytes = 256;

/** What all open transfers of one device may have past their durable offsets. */
export const maxDeviceCreditBytes = 4 * KiB * KiB;
export const minCreditBytes = 64 * KiB;
export const maxOpenTransfers = 4;

/** Waits of a transfer's two ends. */
export const progressMs = 5_000;
export const doneMs = 10_000;
/** The receiver is given time to verify a file at this rate. */
export const verifyBytesPerMs = 20_000;
export const backoffRange = { firstMs: 1_000, mostMs: 300_000 } as const;
/** Dirty bytes are synced after this long or at a quarter of the credit, whichever is first. */
export const syncAfterMs = 30;
/** Longest wait before `received` is acknowledged, and the bytes that make it due at once. */
export const ackEveryMs = 20;
export const ackEveryBytes = 256 * KiB;
/** Answers to chunks that were already received, and to chunks of unknown transfers. */
export const staleAckEveryMs = 100;
export const unknownNackEveryMs = 1_000;
/** A file whose hash differed is sent again this often when the device's own copy is right. */
export const maxHashRetries = 3;
/** Faults at one offset before the sender reads its disk again, and before it reconnects. */
export const faultsBeforeReread = 3;
export const faultsBeforeReconnect = 5;

export const keepaliveSeconds = 45;
export const minKeepaliveSeconds = 10;
export const maxKeepaliveSeconds = 300;

/**
 * Bits of `features` in Status and Desired. An end that does not name one is of an earlier version
 * and gets nothing of it: this one stands for Desired, Command, Telemetry and `command/` sections.
 */
export const fleetFeature = 1n;
