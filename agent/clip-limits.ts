/** The limits of windows and clips: what they keep, leave out and tell. */

/** Of a manifest's message beside its document, and of a preview beside its bytes. */
export const manifestHeadBytes = 512;
export const previewHeadBytes = 96;

/** Bytes of blocks that wait to be written to the spool, held beside the window's memory. */
export const overflowQueueBytes = 8 * 1024 * 1024;
/** A live source waits so long for a place in that queue; then the disk counts as too slow. */
export const overflowPatienceMs = 100;
/** After a full, failing or slow disk the spool takes nothing for so long. */
export const overflowRestMs = 30_000;
/** A file of the spool: it goes as a whole, when nothing in it is wanted any more. */
export const overflowSegmentBytes = { least: 256 * 1024, most: 16 * 1024 * 1024 } as const;

/** What a manifest names at most; proto/manifest.ts takes as many files and topics. */
export const maxFilesTold = 16;
export const maxDroppedTold = 64;
export const maxThinnedTold = 64;
export const maxSuppressedTold = 64;
/** On a busy machine topics that no rule reads keep so many messages a second in clips. */
export const busyHz = 1;

// Redaction.

export const maxRedactions = 64;
/** Sides of the small image that a blurred one is made of: a face on it is one or two pixels. */
export const veiledSide = 24;
/** The same of a detector's box, which a face fills: it is a few patches. */
export const veiledBoxSide = 4;
/** Boxes of a detector are veiled with this share of their size around them. */
export const veilMargin = 0.2;

// Previews.

export const thumbnailSide = 320;
/** Bytes of one preview: what the wire takes inline. */
export const previewBytes = 3 * 1024;
export const maxThumbnails = 3;
export const maxSketchSignals = 16;
export const maxSketchPoints = 256;
/** A sketch that does not fit into its bytes is drawn with half the points, down to these. */
export const leastSketchPoints = 16;
