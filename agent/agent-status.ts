/** What the agent says of itself, put together from what its parts count. */
import type { AgentBuffer } from './buffer/buffer.ts';
import type { ClockState } from './clip/clock.ts';
import type { AgentConfig } from './config.ts';
import type { CloudLink } from './cloud-link.ts';
import type { Governor } from './governor.ts';
import { busiest } from './health/busiest.ts';
import type { AgentStatus } from './health/status.ts';
import { ledgerToldHours, maxMeasuredTopics, maxVerdictsTold } from './limits.ts';
import type { DataProgress } from './messages.ts';
import { modelFigures } from './models-report.ts';
import type { ModelsInUse } from './models-types.ts';
import type { Results } from './results.ts';
import type { RulesInUse } from './rules-in-use.ts';
import { agentVersion } from './version.ts';

export interface StatusParts {
  readonly device: string;
  readonly uptimeS: number;
  readonly nowMs: number;
  readonly config: AgentConfig;
  readonly buffer: AgentBuffer;
  readonly link: CloudLink;
  readonly rules: RulesInUse;
  readonly models: ModelsInUse;
  readonly results: Results;
  readonly governor: Governor;
  readonly clock: ClockState;
  readonly progress: DataProgress | undefined;
  readonly degraded: readonly string[];
  /** Of the main thread's event loop, ms. */
  readonly gapP99Ms: number;
  readonly isPaused: boolean;
  readonly isHeld: boolean;
}

/** Before the data thread said anything. */
const noSource = { messages: 0, bytes: 0, lagMs: 0, reconnects: 0, each: [] } as const;

export function statusOf(parts: StatusParts): AgentStatus {
  const { config, buffer, link, results, progress, governor } = parts;
  const { ruleSet } = parts.rules;
  const counts = buffer.counts();
  const uplink = link.status();
  const { sealed, offered, uploading } = counts.clips;
  const hasAll = config.cloud === undefined || sealed + offered + uploading === 0;
  const isQuiet = results.waiting === 0 && (progress?.openClips ?? 0) === 0;
  const { lastClip } = results;
  const { conditions = {} } = progress?.rules ?? {};
  return {
    device: parts.device,
    agentVersion,
    uptimeS: parts.uptimeS,
    source: { ...(progress?.source ?? noSource), ...results.recent.unread },
    score: progress?.score ?? { count: 0, skipped: 0, faults: 0, unfed: 0 },
    rules: {
      set: ruleSet.name,
      version: ruleSet.version,
      digest: ruleSet.digest,
      fired: progress?.fired ?? {},
      suppressed: progress?.suppressed ?? 0,
      reasons: reasonsOf(progress),
      evaluations: progress?.rules?.evaluations ?? 0,
      unknown: Object.values(conditions).reduce((sum, { unknown }) => sum + unknown, 0),
      conditions,
      faults: progress?.rules?.faults ?? 0,
      off: progress?.rules?.off ?? {},
    },
    models: modelFigures(parts.models, progress),
    clips: {
      cut: results.cut,
      sealed: counts.ever.sealed,
      acknowledged: counts.ever.acknowledged,
      bytes: counts.bytes,
      held: { ...counts.clips },
      evicted: counts.ever.evicted,
      lost: counts.ever.lost,
      bytesByClass: { ...buffer.bytesByClass() },
    },
    uplink,
    ...(lastClip === undefined ? {} : { lastClip }),
    verdicts: results.recent.verdicts,
    ledger: buffer.ledger(parts.nowMs - ledgerToldHours * 3_600_000),
    clock: parts.clock,
    machine: {
      ...governor.figures,
      duty: progress?.duty ?? 1,
      gapP99Ms: parts.gapP99Ms,
      dropped: progress?.dropped ?? {},
      windowS: progress?.windowS ?? 0,
      spool: progress?.spool && { ...progress.spool, maxBytes: config.spool.maxBytes },
      topics: progress?.topics ?? {},
      topicBytes: progress?.topicBytes ?? {},
      scoreP50Ms: progress?.scoreP50 ?? {},
      scoreP99Ms: progress?.scoreP99 ?? {},
    },
    caps: capsOf(config),
    isRebuilt: buffer.recovery.rebuilt,
    paused: parts.isPaused,
    held: parts.isHeld,
    degraded: parts.degraded,
    idle: progress?.idle === true && isQuiet && hasAll && uplink.uploading === 0,
    finished: progress?.sourcesFinished === true && isQuiet && hasAll,
  };
}

/** One line for a service manager. */
export function statusLine({ source, clips, uplink, degraded, machine }: AgentStatus): string {
  const cpu = Math.round((machine.cpu ?? 0) * 100);
  const cloud = uplink.connected ? 'connected' : 'not connected';
  const counts = `${source.messages} messages, ${clips.sealed} clips, ${cloud}, cpu ${cpu} %`;
  return degraded[0] === undefined ? counts : `degraded: ${degraded[0]}; ${counts}`;
}

/** For an answer that has little room: the topics and outcomes of which there are most, and the
 * rules that lack a value most often. */
export function shortStatus({ machine, ledger, rules, ...rest }: AgentStatus): AgentStatus {
  const { topics, topicBytes } = machine;
  const few = (numbers: Readonly<Record<string, number>>): Record<string, number> =>
    Object.fromEntries(busiest(numbers, maxMeasuredTopics));
  const most = ledger.toSorted((a, b) => b.count - a.count).slice(0, maxVerdictsTold);
  const conditions = Object.entries(rules.conditions)
    .toSorted(([, a], [, b]) => b.unknown - a.unknown)
    .slice(0, maxVerdictsTold);
  return {
    ...rest,
    ledger: most,
    rules: { ...rules, conditions: Object.fromEntries(conditions) },
    machine: { ...machine, topics: few(topics), topicBytes: few(topicBytes) },
  };
}

function capsOf({ limits, buffer }: AgentConfig): AgentStatus['caps'] {
  return {
    cpu: limits.cpu,
    memoryBytes: limits.memoryBytes,
    quotaBytes: buffer.quotaBytes,
    headroomBytes: buffer.headroomBytes,
  };
}

/** Sums over rules: why triggers became no clip of their own. */
function reasonsOf(progress: DataProgress | undefined): Record<string, number> {
  const reasons: Record<string, number> = {};
  for (const [key, n] of Object.entries(progress?.rules?.suppressed ?? {})) {
    const reason = key.slice(key.lastIndexOf(' ') + 1);
    reasons[reason] = (reasons[reason] ?? 0) + n;
  }
  return reasons;
}
