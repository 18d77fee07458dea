/**
 * The bounds of this room. A file that states more is refused before anything is allocated or a
 * decoder is called. A reader's memory stays below two chunks (or records) and `readAheadBytes`
 * twice, whatever the file's size.
 */
const mib = 2 ** 20;

/** The largest record that is held in memory; attachments are streamed and have no such bound. */
export const recordBytes = 256 * mib;

/** Records that are parsed into fields: header, channel, metadata, indexes, statistics. */
export const fieldRecordBytes = 16 * mib;

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

/** Messages that one latched topic is remembered by: one a node that says transforms. */
export const latchedOfChannel = 256;

/** A path of a field, and how many steps it may take. */
export const pathCharacters = 1024;
export const pathSteps = 64;

/** The largest index in a path. */
export const listIndex = 2 ** 31 - 1;

/** Items of a list that are read as records, and fields of each. */
export const listItems = 4096;
export const listFields = 64;

/** Files of one folder that are parts of one recording, and its `metadata.yaml`. */
export const splits = 10_000;
export const metadataYamlBytes = 4 * mib;

/** The text of a schema or the bytes of a descriptor set. */
export const schemaBytes = 4 * mib;

/** IDL without comments, and one declaration of it: its parser takes a cube of their length. */
export const idlCharacters = 64 * 1024;
export const idlDeclaration = 2048;

/** Lines and messages of one ROS definition, without comments and constants. */
export const schemaLines = 20_000;
export const schemaMessages = 2_000;

/** Messages within messages, and fields that one accessor passes over. */
export const schemaDepth = 64;
export const schemaParts = 200_000;

/** Fields that a listing names. */
export const listedFields = 10_000;

/** Items without bytes: more of them than this are a lying count. */
export const emptyItems = 16;

/** Messages without fields that a schema may hold, in all and for each byte of a list's item. */
export const emptiesPerMessage = 4096;
export const emptiesPerByte = 8;

/** Header of one record of a bag; the data that follows has its own bound. */
export const bagHeaderBytes = mib;

/** Attachments up to this size are compared with their bytes in a raw walk; larger ones pass by. */
export const attachmentHeldBytes = mib;

/** Errors that one check lists one by one. */
export const checkFindings = 200;

/** Summary of an MCAP or index of a bag that is taken into memory at once. */
export const summaryBytes = 64 * mib;

/** Metadata records and attachments that `info` lists. */
export const metadataHeld = 1000;

/** Chunks, uncompressed, that are held because they overlap in time. */
export const overlapBytes = 256 * mib;

/** Recordings that a merge reads at the same time: those that overlap. */
export const mergeOpen = 64;

/** What a db3 reader asks for at once, and how many such stretches it holds. */
export const db3SegmentBytes = mib;
export const db3Segments = 4;

/** Pages of a write-ahead log that are remembered; SQLite copies them back every 1,000. */
export const db3LogPages = 4_000_000;

/** Messages of one block of a db3, uncompressed; one message may be larger. */
export const db3BlockBytes = 2 * mib;

/** Rows of the small tables of a db3: topics, definitions, metadata. */
export const db3SmallRows = 70_000;

/** Stretches that a repair lists one by one; its counts cover all. */
export const repairLosses = 1000;

/** Places that a repair looks at twice while it searches for records; after that it gives up. */
export const repairProbes = 200_000;
