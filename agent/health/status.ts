/** What an agent says of itself when it is asked on this machine. */
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ModelsReport } from '@fieldloop/proto';
import type { LedgerEntry } from '../buffer/ledger.ts';
import type { ClockState } from '../clip/clock.ts';
import { maxSocketPathBytes } from '../limits.ts';
import type { ConditionCounts } from '../rule/tally.ts';
import type { AllowanceFigures } from '../uplink/allowance.ts';
import type { LoadFigures } from './load.ts';

export interface AgentStatus {
  readonly device: string;
  readonly agentVersion: string;
  readonly uptimeS: number;
  readonly source: SourceFigures & UnreadFigures;
  readonly score: ScoreFigures;
  readonly rules: RuleFigures;
  readonly models: ModelFigures;
  readonly clips: {
    /** By this process, and not before: a recording that is read again gives the same clips. */
    readonly cut: number;
    /** Durable, and held by the cloud with an equal hash; both since the database was made. */
    readonly sealed: number;
    readonly acknowledged: number;
    /** Bytes of clip files that the buffer holds. */
    readonly bytes: number;
    /** Held now, by what is still to happen to them. */
    readonly held: Readonly<Record<string, number>>;
    /** Since the database was made: gone for lack of room, and gone by accident. */
    readonly evicted: number;
    readonly lost: number;
    readonly bytesByClass: Readonly<Record<string, number>>;
  };
  readonly uplink: UplinkFigures;
  readonly lastClip?: { readonly clipId: string; readonly rule: string; readonly why: string };
  /** The last triggers, the newest last. */
  readonly verdicts: readonly VerdictFigures[];
  /** By rule and outcome, what became of the triggers of the last 24 hours of log time. */
  readonly ledger: readonly LedgerEntry[];
  readonly clock: ClockState;
  readonly machine: MachineFigures;
  readonly caps: {
    /** Of one core. */
    readonly cpu?: number | undefined;
    readonly memoryBytes?: number | undefined;
    readonly quotaBytes: number;
    readonly headroomBytes: number;
  };
  /** The index of the buffer was damaged or gone at this start, and was made from the clips. */
  readonly isRebuilt: boolean;
  /** A person wants quiet: nothing is read and no clip is sent. */
  readonly paused: boolean;
  /** What the cloud wants changed waits for a release. */
  readonly held: boolean;
  /** Why the agent works with restrictions, one sentence each; empty when all is well. */
  readonly degraded: readonly string[];
  /** Nothing is being read, cut or sent. */
  readonly idle: boolean;
  /** Every `file` source is read to its end and the cloud has every clip. */
  readonly finished: boolean;
}

/** What the agent takes of the machine, and what it gives up for it. */
export interface MachineFigures extends LoadFigures {
  /** 99th percentile of the gaps of the main thread's event loop, ms. */
  readonly gapP99Ms: number;
  /** Share of the time that finished recordings are read in. */
  readonly duty: number;
  /** Messages that were not looked at, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Log time that the window holds, seconds. */
  readonly windowS: number;
  /** Blocks of windows beyond memory; absent without `window.spool`. */
  readonly spool?: BeyondMemory | undefined;
  /** Messages since the start, by topic. */
  readonly topics: Readonly<Record<string, number>>;
  /** Bytes of their data since the start, by topic. */
  readonly topicBytes: Readonly<Record<string, number>>;
  /** Median and 99th percentile of each scorer's last scores. */
  readonly scoreP50Ms: Readonly<Record<string, number>>;
  readonly scoreP99Ms: Readonly<Record<string, number>>;
}

export interface BeyondMemory {
  /** Bytes on the disk now, and the most that may be. */
  readonly bytes: number;
  readonly maxBytes: number;
  /** Blocks that it did not take: full, off or too slow. */
  readonly refused: number;
  /** Why it is off. */
  readonly off?: string | undefined;
}

export interface SourceFigures {
  readonly messages: number;
  readonly bytes: number;
  /** How far reading is behind the speed of the recording; 0 at speed max. */
  readonly lagMs: number;
  /**
   * This machine's clock less the newest log time of a live source, ms; of several the farthest.
   * Negative when log times are ahead. Absent while no live source was read.
   */
  readonly clockOffsetMs?: number;
  /** Connections of all sources that ended, since the start. */
  readonly reconnects: number;
  readonly each: readonly SourceState[];
}

/** Recordings that could not be read, since the start. */
export interface UnreadFigures {
  /** Not to their end. */
  readonly broken: number;
  /** Not at all, for want of a right. */
  readonly forbidden: number;
  /** The last of them, why, and what to do. */
  readonly lastUnread?: string;
}

/** What became of a trigger; with a `count`, of all of an hour that a rule held back. */
export interface VerdictFigures {
  readonly rule: string;
  /** Log time, ns, as text; of the hour's begin where there is a count. */
  readonly atNs: string;
  /** `clip`, `marker`, or the reason of a suppression. */
  readonly outcome: string;
  /** The clip that holds it, as far as there is one. */
  readonly clipId?: string | undefined;
  readonly count?: number | undefined;
}

export interface SourceState {
  readonly name: string;
  readonly state: 'starting' | 'reading' | 'waiting' | 'silent' | 'finished' | 'broken';
  /** What is being read or was read last. */
  readonly recording?: string;
  /** Why it waits or broke. */
  readonly reason?: string;
  /** Its connections that ended; absent when none did. */
  readonly reconnects?: number;
}

export interface ScoreFigures {
  readonly last?: {
    readonly scorer: string;
    /** By the names of `scoreTexts`. */
    readonly values: Readonly<Record<string, number>>;
    readonly topClass?: string | undefined;
  };
  readonly count: number;
  /** Frames passed over because the model was busy with another. */
  readonly skipped: number;
  /** Frames without a score: not decoded, wrong shape, not a number, too late. */
  readonly faults: number;
  /** Frames for which a further input of the model was missing, or too far away in time. */
  readonly unfed: number;
  /** The topic of it. */
  readonly lacks?: string | undefined;
}

export interface RuleFigures {
  readonly set: string;
  readonly version: number;
  readonly digest: string;
  /** Times each rule fired. */
  readonly fired: Readonly<Record<string, number>>;
  /** Triggers that did not become a verdict. */
  readonly suppressed: number;
  /** Of the rules that run now: why triggers became no clip of their own. */
  readonly reasons: Readonly<Record<string, number>>;
  readonly evaluations: number;
  /** Looks at a rule whose signals were not known. */
  readonly unknown: number;
  /** By rule that was looked at: how often, and how often its signals were not known. */
  readonly conditions: Readonly<Record<string, ConditionCounts>>;
  /** Values that could not be decoded. */
  readonly faults: number;
  /** Rules that are off, and why. */
  readonly off: Readonly<Record<string, string>>;
}

/** As the cloud is told. */
export type ModelFigures = Omit<ModelsReport, 'digest'>;

export interface UplinkFigures {
  readonly connected: boolean;
  /** ISO 8601, of the last change of `connected`. */
  readonly since?: string;
  /** Clips on their way now. */
  readonly uploading: number;
  readonly bytesSent: number;
  /** Of clips, in B/s over the last seconds. */
  readonly rate: number;
  /** Connections to the cloud that ended, since the start. */
  readonly reconnects: number;
  /** By this process; `clips.acknowledged` is the buffer's own count over all of them. */
  readonly clipsAcknowledged: number;
  readonly backlogClips: number;
  /** Age of the oldest clip that the cloud does not have, seconds; 0 without one. */
  readonly backlogS: number;
  /** Rows that the cloud has not stored; absent while there is no uplink. */
  readonly backlogRows?: number;
  /** Clips that the cloud refused; they stay until room is needed. */
  readonly refusedClips: number;
  readonly lastError?: string;
  /** By `uplink.policies`; absent without them. */
  readonly allowance?: AllowanceFigures;
}

/**
 * Where the agent with this `buffer.path` answers. A socket's path has at most 107 bytes on Linux;
 * a deeper one moves to the folder for temporary files under a name that both sides can work out.
 */
export function statusSocketPath(bufferPath: string): string {
  const path = join(bufferPath, 'agent.sock');
  if (Buffer.byteLength(path) <= maxSocketPathBytes) return path;
  const hash = createHash('sha256').update(bufferPath).digest('hex').slice(0, 16);
  return join(tmpdir(), `fieldloop-${hash}.sock`);
}
