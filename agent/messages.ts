/** What main and the data worker say to each other. Log times cross as `bigint`. */
import type { PlainRuleSet } from '@fieldloop/rules';
import type { MessagePort } from 'node:worker_threads';
import type { Json } from '@fieldloop/core';
import type { LogLevel } from '@fieldloop/proto';
import type { ClipAsk } from './clip/ask.ts';
import type { ClockState } from './clip/clock.ts';
import type { RedactionPolicy } from './clip/redaction-policy.ts';
import type { FinishedClip } from './clip/write.ts';
import type { SourceConfig } from './config.ts';
import type { ScoreFigures, SourceFigures } from './health/status.ts';
import type { KeptLine } from './leveled-log.ts';
import type { RuleTally } from './rule/tally.ts';
import type { ReadyModel } from './score/protocol.ts';
import type { ShadowFigures } from './score/shadow.ts';
import type { ShedOrder } from './shed.ts';
import type { OverflowFigures } from './window/overflow.ts';

/** What the data worker is started with. */
export interface DataSettings {
  readonly device: string;
  readonly firmware?: string | undefined;
  readonly agentVersion: string;
  readonly logLevel: LogLevel;
  /** Main writes its lines. */
  readonly isQuiet?: boolean | undefined;
  readonly sources: readonly SourceConfig[];
  readonly rules: RulesGiven;
  readonly window: { readonly ns: bigint; readonly memoryBytes: number };
  /** Where blocks beyond memory go; 0 bytes: nowhere. */
  readonly spool: {
    readonly folder: string;
    readonly maxBytes: number;
    readonly headroomBytes: number;
  };
  readonly redaction?: RedactionPolicy | undefined;
  readonly clipNs: bigint;
  /** What the configuration says of the device: the scopes of rules ask for it. */
  readonly about?: {
    readonly site?: string | undefined;
    readonly properties: Readonly<Record<string, string>>;
  };
  readonly silentNs: bigint;
  /** Path of a part, with `{clip}` where the clip's id goes. */
  readonly partPath: string;
  readonly models: readonly ReadyModel[];
  readonly scoringPort?: MessagePort | undefined;
  readonly shadowModels: readonly ReadyModel[];
  readonly shadowPort?: MessagePort | undefined;
  readonly shed?: ShedOrder | undefined;
  readonly clock?: ClockState | undefined;
}

/** Rules that main checked, for threads that have no parser. */
export interface RulesGiven {
  readonly active: PlainRuleSet;
  readonly shadow?: PlainRuleSet | undefined;
}

export type ToData =
  /** Results of this many bytes were dealt with. */
  | { readonly kind: 'credit'; readonly bytes: number }
  | { readonly kind: 'position'; readonly id: number; readonly document: Json | undefined }
  | { readonly kind: 'room'; readonly id: number; readonly made: boolean }
  /** Another scoring worker took over, or there is none any more. */
  | {
      readonly kind: 'scoring';
      readonly port: MessagePort | undefined;
      readonly models: readonly ReadyModel[];
      readonly before: 'died' | 'lives';
    }
  /** Models that score beside, and only count; no port ends them. */
  | {
      readonly kind: 'shadowScoring';
      readonly port: MessagePort | undefined;
      readonly models: readonly ReadyModel[];
    }
  /** From the next block on. */
  | { readonly kind: 'rules'; readonly rules: RulesGiven }
  | { readonly kind: 'shed'; readonly order: ShedOrder }
  | { readonly kind: 'clock'; readonly state: ClockState }
  | { readonly kind: 'clipNow'; readonly ask: ClipAsk }
  | { readonly kind: 'logLevel'; readonly level: LogLevel }
  | { readonly kind: 'stop' };

/** Something that an operator should hear of. */
export interface Notice {
  readonly name: string;
  readonly severity: 'critical' | 'warning' | 'info';
  readonly text: string;
  /** Log time; the wall clock's when absent. */
  readonly atNs?: bigint | undefined;
  readonly sessionId?: string | undefined;
  readonly clipId?: string | undefined;
  /** `id@version`. */
  readonly rule?: string | undefined;
  readonly ruleSetDigest?: string | undefined;
  readonly values?: Readonly<Record<string, number | string | boolean | null>> | undefined;
  readonly tags?: readonly string[] | undefined;
  /** The same for the same thing, so that telling it twice is telling it once. */
  readonly id?: string | undefined;
}

/** Tells of a clip that an earlier process had open. */
export interface LostClip extends Notice {
  readonly clipId: string;
}

/** A moment that has no clip. */
export interface LoneMarker {
  readonly id: string;
  readonly sessionId: string;
  readonly atNs: bigint;
  readonly rule: string;
  readonly values: Readonly<Record<string, number | string | boolean | null>>;
}

/** What came of a clip that was asked for: the clip, or why there is none. */
export interface ClipAnswer {
  readonly id: string;
  readonly clipId?: string | undefined;
  readonly sizeBytes?: number | undefined;
  readonly why?: string | undefined;
  /** When no window holds its moment or a topic of it: what to ask for instead. */
  readonly remedy?: string | undefined;
}

/** Each costs `bytes` of credit until main has dealt with it. */
export type Result = { readonly bytes: number } & (
  | { readonly kind: 'clip'; readonly clip: FinishedClip }
  | { readonly kind: 'notice'; readonly notice: Notice }
  | { readonly kind: 'marker'; readonly marker: LoneMarker }
  | { readonly kind: 'lost'; readonly notice: LostClip }
  | {
      readonly kind: 'suppressed';
      readonly rule: string;
      readonly reason: string;
      readonly count: number;
      /** Log time of the triggers, or the begin of their hour. */
      readonly atNs: bigint;
    }
  | { readonly kind: 'answer'; readonly answer: ClipAnswer }
  | { readonly kind: 'savePosition'; readonly key: string; readonly document: Json }
  /** These are the recordings of a folder; of others not every position is needed. */
  | { readonly kind: 'keepPositions'; readonly folder: string; readonly paths: readonly string[] }
);

export type FromData =
  | Result
  | { readonly kind: 'getPosition'; readonly id: number; readonly key: string }
  /** The disk is full: can `bytes` more be had by eviction? */
  | { readonly kind: 'makeRoom'; readonly id: number; readonly need: number }
  | { readonly kind: 'progress'; readonly progress: DataProgress }
  /** A model had too many faults and scores no more. */
  | { readonly kind: 'modelOff'; readonly model: string; readonly why: string }
  /** It was written to the log. */
  | { readonly kind: 'line'; readonly line: KeptLine }
  /** Every source is stopped and every clip handed over. */
  | { readonly kind: 'stopped' };

export interface DataProgress {
  readonly source: SourceFigures;
  readonly score: ScoreFigures;
  /** Times each rule fired. */
  readonly fired: Readonly<Record<string, number>>;
  readonly suppressed: number;
  readonly openClips: number;
  /** Every `file` source is at its end, and there is one. */
  readonly sourcesFinished: boolean;
  /** No source is reading. */
  readonly idle: boolean;
  readonly degraded: readonly string[];
  /** Sources that deal with one item for very long. */
  readonly still: readonly string[];
  /** Bytes of results that wait for main, of the most that may. */
  readonly queueShare: number;
  /** Share of the time that finished recordings are read in. */
  readonly duty: number;
  /** Messages that were not looked at since the start, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Log time that the fullest window holds, seconds. */
  readonly windowS: number;
  /** Absent when the configuration gives it no bytes, or it could not be opened. */
  readonly spool?: OverflowFigures | undefined;
  /** Of the rule sets that run now. */
  readonly rules?: RuleTally | undefined;
  readonly shadow?: RuleTally | undefined;
  /** Messages and bytes of their data since the start, by topic. */
  readonly topics: Readonly<Record<string, number>>;
  readonly topicBytes: Readonly<Record<string, number>>;
  /** Median and 99th percentile of each scorer's last scores, ms. */
  readonly scoreP50: Readonly<Record<string, number>>;
  readonly scoreP99: Readonly<Record<string, number>>;
  /** What models beside the acting ones were counted to do, by id. */
  readonly shadowScores: Readonly<Record<string, ShadowFigures>>;
}
