export { type Chunk, type ChunkHead, chunkHeadBytes, encodeChunk } from './chunk.ts';
export { type ParsedChunk, parseChunk, sealChunk } from './chunk.ts';
export { decodeManifest, decodeReported, decodeStatus, decodeStored } from './codec.ts';
export { encodeManifest, encodeReported, encodeStatus, encodeStored, peekSeq } from './codec.ts';
export { decodeEvents, encodeEvents, eventRowBytes, seqCount } from './codec-events.ts';
export { decodeTransfer, encodeTransfer } from './codec-transfer.ts';
export * as wireLimits from './limits.ts';
export {
  type ClipClass,
  type ClipManifest,
  type ClipMarker,
  clipManifestSchema,
  clipMarkerSchema,
  parseClipManifest,
  type Severity,
  severitySchema,
} from './manifest.ts';
export type {
  Ack,
  Cancel,
  CancelReason,
  ContentKind,
  Done,
  EventRow,
  Events,
  GapReason,
  Lane,
  LaneState,
  Manifest,
  Nack,
  Open,
  OpenAck,
  OpenState,
  Preview,
  ReceivedEvents,
  ReceivedRow,
  Reported,
  Status,
  Stored,
  Transfer,
  WireCode,
  WireEvent,
  WireGap,
  WireMarker,
  WireValue,
} from './messages.ts';
export { parseReportedDocument, type ReportedDocument, reportedSections } from './reported.ts';
export type { ReportedSection } from './reported.ts';
export {
  admitPublish,
  admitSubscribe,
  chunkTopic,
  clientIdOf,
  type ConnectionKind,
  connectionKindOf,
  deviceNamePattern,
  type DownMessage,
  downTopic,
  downTopics,
  embeddedSlot,
  type Publish,
  type UpMessage,
  upMessageOf,
  upTopic,
} from './topics.ts';
export {
  newReceiver,
  openAnswer,
  receiverWakesAtMs,
  refuseOpen,
  stepReceiver,
} from './transfer/receiver.ts';
export type {
  ReceiverInput,
  ReceiverOutput,
  ReceiverPhase,
  ReceiverState,
  ReceiverStep,
} from './transfer/receiver-types.ts';
export {
  isOpen,
  newSender,
  sendable,
  type SenderInput,
  type SenderOutput,
  type SenderPhase,
  type SenderState,
  type SenderStep,
  stepSender,
} from './transfer/sender.ts';
