/**
 * The door to @mcap/core: its record builder writes everything of a clip that is not on the hot
 * path, its indexed reader gives summaries, and its writer and stream reader are the independent
 * ones that tests compare with.
 */
export {
  McapIndexedReader,
  McapRecordBuilder,
  McapStreamReader,
  type McapTypes,
  McapWriter,
} from '@mcap/core';
