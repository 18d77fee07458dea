/** The limits of windows and clips: what they keep, leave out and tell. */

/** Of a manifest's message beside its document, and of a preview beside its bytes. */
export const manifestHeadBytes = 512;
export const previewHeadBytes = 96;

/** Bytes of blocks that wait to be written to the spool, held beside the window's memory. */
export const spoolQueueBytes = 8 * 1024 * 1024;
/** A live source waits so long for a place in that queue; then the disk counts as too slow. */
export const spoolPatienceMs = 100;
/** After a full, failing or slow disk the spool takes nothing for so long. */
export const spoolRestMs = 30_000;
/** A file of the spool: it goes as a whole, when nothing in it is wanted any more. */
export const spoolSegmentBytes = { least: 256 * 1024, most: 16 * 1024 * 1024 } as const;
