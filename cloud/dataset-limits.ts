/** What data sets, their versions, exports and imports can hold or wait for. */
import { parseDurationNs } from '@fieldloop/core';

const ms = (text: string): number => Number(parseDurationNs(text) / 1_000_000n);

/** Characters of a name, and of a reason for a decision. */
export const maxDatasetNameLength = 64;
/** Items of one version; a build that finds more fails as `limited`. */
export const maxVersionItems = 500_000;
/**
 * Labels that one statement reads: small pages are garbage while they are young. Items whose rows
 * one transaction writes.
 */
export const buildReadRows = 100;
export const buildWriteRows = 1000;
/** Bytes of lines that wait for the disk. */
export const buildPieceBytes = 256 * 1024;
/** Numbers of all embeddings that are compared, two bytes each. */
export const maxLeakFloats = 128_000_000;
/** Embeddings that one statement reads, and doubtful pairs that are measured together. */
export const embeddingReadRows = 100;
export const leakPairsAtOnce = 250;
/** Clips and items that a gate names. */
export const shownOffenders = 20;
/** Clips that a fault of a bundle lists. */
export const maxListedClips = 1000;
/** Entries of a diff that are shown beside its counts. */
export const diffEntries = 100;
export const maxDiffEntries = 1000;

/** Exports: how long a file is kept, and how often those are looked for whose time is over. */
export const datasetExportKeptMs = ms('24h');
export const datasetExportSweepMs = ms('60s');
/** Rows of a table that are in memory while it is written. */
export const parquetRowGroup = 10_000;
/** Frames and files of one chunk, and sizes in MB, as LeRobot v3.0 has them. */
export const lerobotChunk = 1000;
export const lerobotDataMb = 100;
export const lerobotVideoMb = 200;

/** Imports: bytes of one piece of a clip, items of one request. */
export const importPieceBytes = 512 * 1024;
export const importItemsAtOnce = 500;

/** Things that one answer about lineage holds. */
export const maxLineageNodes = 500;
/** Releases whose manifests are looked through for a model, the newest first. */
export const maxReleasesSearched = 1000;
/** Bytes of objects that one verification of lineage reads again. */
export const maxLineageBytes = 4 * 1024 ** 3;
