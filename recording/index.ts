export {
  type ChannelMap,
  type ChannelTable,
  openChannelTable,
  schemaKey,
} from './channel-table.ts';
export { type CheckReport, checkRecording, type Finding } from './check.ts';
export { checkSplits } from './check/splits.ts';
export {
  type ClipPlan,
  type ClipSource,
  clipMetadataName,
  cutClip,
  type Redact,
} from './clip/cut.ts';
export type { HeldBlock, StoredBlock } from './clip/held.ts';
export { withoutRoom } from './clip/importance.ts';
export type { LeftOut } from './clip/selection.ts';
export { type ClipNote, markersTopic, scoresTopic } from './clip/notes.ts';
export { type LatchedContext, openLatchedContext } from './clip/latched.ts';
export type { LatchedMessage } from './clip/select.ts';
export type { ClipContents, ClipSummary } from './clip/contents.ts';
export {
  type ClipWriter,
  type ClipWriterOptions,
  openClipWriter,
} from './clip/writer.ts';
export { type ChannelInfo, type RecordingInfo, recordingInfo } from './info.ts';
export { splitsInfo } from './info/splits.ts';
export { mergeMcaps, type MergePlan, type MergeSource } from './clip/merge.ts';
export { trimMcap, type TrimPlan } from './clip/trim.ts';
export {
  type BlockWant,
  type IndexedMcap,
  type MessageEntry,
  openIndexedMcap,
} from './mcap/indexed.ts';
export type { McapChunkIndex } from './mcap/records.ts';
export { inTimeOrder, type MessageRef } from './mcap/ordered.ts';
export { type BlockReader, openBlockReader, unpackChunk } from './mcap/stored.ts';
export { type McapParser, type McapPlace, openMcapParser } from './mcap/parser.ts';
export type { McapRecord } from './mcap/records.ts';
export { flatMcap } from './mcap/walk.ts';
export type { ReadOptions } from './options.ts';
export { formatOf, readRecording } from './read.ts';
export { bySplit, continues, listedSplits, type SplitName, splitName } from './split-name.ts';
export { readSplits, type Split, type SplitRecording } from './splits.ts';
export {
  type Loss,
  nowhere,
  type RepairReport,
  repairRecording,
} from './repair.ts';
export { type GrowingBag, openGrowingBag } from './rosbag1/growing.ts';
export type {
  Appendable,
  Channel,
  MessageBlock,
  Readable,
  RecordingFormat,
  RecordingItem,
  Schema,
  StoredChunk,
} from './types.ts';
export { messageAt } from './clip/select.ts';
export { compileAccessor, compileListAccessor, decodeMessage } from './schema/accessor.ts';
export { openListSlots } from './schema/slots.ts';
export { type SchemaField, schemaFields } from './schema/fields.ts';
export {
  type Accessor,
  type FieldType,
  type ListAccessor,
  type ListSlots,
  type ListSpec,
  type ListState,
  listState,
  type MessageColumns,
  type ReadOutcome,
  type SignalSpec,
  type Slots,
  type SlotState,
  slotState,
} from './schema/types.ts';
