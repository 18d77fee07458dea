/**
 * The bounds of this room. A file that states more is refused before anything is allocated or a
 * decoder is called. A reader's memory stays below two chunks (or records) and `readAheadBytes`
 * twice, whatever the file's size.
 */
const mib = 2 ** 20;

/** The largest record that is held in memory; attachments are streamed and have no such bound. */
export const recordBytes = 256 * mib;

/** The largest chunk, uncompressed. */
export const chunkBytes = 64 * mib;

/** Channels of one recording; MCAP counts them with 16 bits. */
export const channels = 65_535;

/** Chunk indexes held for one file. */
export const chunkIndexes = 100_000;

/** What the file reader asks for at once; it holds one such window and reads the next. */
export const readAheadBytes = 4 * mib;

/** Messages of one block outside chunks, so that columns stay small. */
export const blockMessages = 65_536;

/** Chunks that the clip writer fills itself, uncompressed; one message may be larger. */
export const clipChunkBytes = mib;

/** Schemas and channels held for one recording, all together. */
export const definitionBytes = 64 * mib;

/** Name and media type of an attachment. */
export const attachmentFieldBytes = 64 * 2 ** 10;
