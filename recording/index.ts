export {
  type ClipContents,
  type ClipNote,
  type ClipPlan,
  type ClipSource,
  type ClipSummary,
  cutClip,
  type LatchedMessage,
} from './clip/cut.ts';
export { type McapParser, openMcapParser } from './mcap/parser.ts';
export type { ReadOptions } from './options.ts';
export { formatOf, readRecording } from './read.ts';
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
