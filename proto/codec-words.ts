/** Our words for the enums of the schema. */
import { wireEnum } from './codec-fields.ts';
import { fieldloop } from './generated/wire.js';
import type {
  CancelReason,
  ContentKind,
  GapReason,
  Lane,
  Manifest,
  OpenState,
} from './messages.ts';
import type { WireCode, WireEvent } from './messages.ts';
import type { LogLevel } from './command.ts';
import type { PackedDocument } from './desired.ts';

const v1 = fieldloop.wire.v1;

export const lanes = wireEnum<Lane, fieldloop.wire.v1.Lane>({
  events: v1.Lane.LANE_EVENTS,
  manifests: v1.Lane.LANE_MANIFESTS,
  reported: v1.Lane.LANE_REPORTED,
});

export const severities = wireEnum<WireEvent['severity'], fieldloop.wire.v1.Severity>({
  critical: v1.Severity.SEVERITY_CRITICAL,
  warning: v1.Severity.SEVERITY_WARNING,
  info: v1.Severity.SEVERITY_INFO,
});

export const clipClasses = wireEnum<Manifest['class'], fieldloop.wire.v1.ClipClass>({
  critical: v1.ClipClass.CLIP_CLASS_CRITICAL,
  warning: v1.ClipClass.CLIP_CLASS_WARNING,
  info: v1.ClipClass.CLIP_CLASS_INFO,
  baseline: v1.ClipClass.CLIP_CLASS_BASELINE,
});

export const manifestStates = wireEnum<Manifest['state'], fieldloop.wire.v1.Manifest.State>({
  held: v1.Manifest.State.STATE_HELD,
  offered: v1.Manifest.State.STATE_OFFERED,
  evicted: v1.Manifest.State.STATE_EVICTED,
});

export const gapReasons = wireEnum<GapReason, fieldloop.wire.v1.Gap.Reason>({
  evicted: v1.Gap.Reason.REASON_EVICTED,
  expired: v1.Gap.Reason.REASON_EXPIRED,
  lost: v1.Gap.Reason.REASON_LOST,
  privacy: v1.Gap.Reason.REASON_PRIVACY,
});

export const contentKinds = wireEnum<ContentKind, fieldloop.wire.v1.ContentKind>({
  clip: v1.ContentKind.CONTENT_KIND_CLIP,
  preview: v1.ContentKind.CONTENT_KIND_PREVIEW,
  diagnostics: v1.ContentKind.CONTENT_KIND_DIAGNOSTICS,
  artifact: v1.ContentKind.CONTENT_KIND_ARTIFACT,
});

export const openStates = wireEnum<OpenState, fieldloop.wire.v1.OpenAck.State>({
  new: v1.OpenAck.State.STATE_NEW,
  partial: v1.OpenAck.State.STATE_PARTIAL,
  done: v1.OpenAck.State.STATE_DONE,
  later: v1.OpenAck.State.STATE_LATER,
  refused: v1.OpenAck.State.STATE_REFUSED,
});

export const cancelReasons = wireEnum<CancelReason, fieldloop.wire.v1.Cancel.Reason>({
  evicted: v1.Cancel.Reason.REASON_EVICTED,
  operator: v1.Cancel.Reason.REASON_OPERATOR,
  priority: v1.Cancel.Reason.REASON_PRIORITY,
  shutdown: v1.Cancel.Reason.REASON_SHUTDOWN,
});

export const packings = wireEnum<
  PackedDocument['packing'],
  fieldloop.wire.v1.DesiredSection.Packing
>({
  none: v1.DesiredSection.Packing.PACKING_NONE,
  brotli: v1.DesiredSection.Packing.PACKING_BROTLI,
});

export const levels = wireEnum<LogLevel, fieldloop.wire.v1.SetLogLevel.Level>({
  debug: v1.SetLogLevel.Level.LEVEL_DEBUG,
  info: v1.SetLogLevel.Level.LEVEL_INFO,
  warn: v1.SetLogLevel.Level.LEVEL_WARN,
  error: v1.SetLogLevel.Level.LEVEL_ERROR,
});

export const codes = wireEnum<WireCode, fieldloop.wire.v1.Code>({
  UNKNOWN: v1.Code.CODE_UNKNOWN,
  GAP: v1.Code.CODE_GAP,
  CRC: v1.Code.CODE_CRC,
  OVERRUN: v1.Code.CODE_OVERRUN,
  HASH: v1.Code.CODE_HASH,
  BUSY: v1.Code.CODE_BUSY,
  DRAINING: v1.Code.CODE_DRAINING,
  MOVED: v1.Code.CODE_MOVED,
  QUOTA: v1.Code.CODE_QUOTA,
  NO_SPACE: v1.Code.CODE_NO_SPACE,
  IO: v1.Code.CODE_IO,
  TOO_LARGE: v1.Code.CODE_TOO_LARGE,
  KIND: v1.Code.CODE_KIND,
  UNWANTED: v1.Code.CODE_UNWANTED,
  SEQ_REUSED: v1.Code.CODE_SEQ_REUSED,
  MALFORMED: v1.Code.CODE_MALFORMED,
  VERSION: v1.Code.CODE_VERSION,
});
