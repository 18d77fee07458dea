export { type Chunk, type ChunkHead, chunkHeadBytes, encodeChunk } from './chunk.ts';
export { type ParsedChunk, parseChunk, sealChunk } from './chunk.ts';
export { decodeManifest, decodeReported, decodeStatus, decodeStored } from './codec.ts';
export { encodeManifest, encodeReported, encodeStatus, encodeStored, peekSeq } from './codec.ts';
export { decodeEvents, encodeEvents, eventRowBytes, seqCount } from './codec-events.ts';
export {
  decodeCommand,
  decodeDesired,
  decodeTelemetry,
  demandCommandFits,
  encodeCommand,
  encodeDesired,
  encodeTelemetry,
  fitTelemetry,
} from './codec-fleet.ts';
export { decodeTransfer, encodeTransfer } from './codec-transfer.ts';
export {
  type CommandBody,
  commandInputs,
  type CommandInputs,
  type CommandKind,
  commandKinds,
  type CommandProblem,
  type CommandReport,
  commandReportSchema,
  type CommandReportState,
  commandReportStates,
  commandSection,
  isCommandSection,
  type LogLevel,
  logLevels,
  parseCommandBody,
  parseCommandReport,
} from './command.ts';
export { demandDesiredFits, desiredDigest } from './desired.ts';
export * as wireLimits from './limits.ts';
export { fleetFeature } from './limits.ts';
export {
  type ClipClass,
  clipClassSchema,
  type ClipManifest,
  type ClipMarker,
  clipManifestSchema,
  type ClipPreview,
  clipMarkerSchema,
  parseClipManifest,
  type Severity,
  severitySchema,
} from './manifest.ts';
export type {
  Ack,
  Cancel,
  CancelReason,
  Command,
  ContentKind,
  Desired,
  DesiredSection,
  Done,
  EventRow,
  Events,
  Fetch,
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
  Series,
  Status,
  Stored,
  Telemetry,
  Transfer,
  WireCode,
  WireEvent,
  WireGap,
  WireMarker,
  WireValue,
} from './messages.ts';
export {
  type ArtifactRef,
  artifactsOf,
  type DesiredModels,
  desiredModelsSchema,
  type ModelFault,
  type ModelRef,
  type ModelsReport,
  modelsReportSchema,
  type ModelState,
  parseDesiredModels,
  readModelsReport,
  type RunningModel,
  type ShadowModel,
} from './models-report.ts';
export { parseReportedDocument, type ReportedDocument, reportedSections } from './reported.ts';
export type { ReportedSection } from './reported.ts';
export {
  type DesiredRules,
  desiredRulesSchema,
  parseDesiredRules,
  readRulesReport,
  type RejectedRules,
  type RuleCounters,
  type RuleProblem,
  type RuleRef,
  ruleRefSchema,
  type RulesReport,
  rulesReportSchema,
  type ShadowReport,
} from './rules-report.ts';
export {
  admitPublish,
  admitSubscribe,
  chunkTopic,
  clientIdOf,
  type ConnectionKind,
  connectionKindOf,
  deviceNamePattern,
  type DownMessage,
  downQos,
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
