/**
 * The door to @mcap/core: its record builder writes everything of a clip that is not on the hot
 * path, and its indexed reader gives summaries.
 */
export { McapIndexedReader, McapRecordBuilder, type McapTypes } from '@mcap/core';
