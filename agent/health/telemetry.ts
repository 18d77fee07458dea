/** The numbers of a minute, the most telling first: what does not fit on the wire is at the end. */
import type { Series } from '@fieldloop/proto';
import { maxMeasuredTopics } from '../limits.ts';

export interface Measured {
  readonly rssBytes: number;
  /** Seconds of all cores since the process started. */
  readonly cpuSeconds: number;
  readonly diskFreeBytes: number;
  readonly bufferBytes: number;
  readonly bytesByClass: Readonly<Record<string, number>>;
  readonly clips: number;
  readonly backlogClips: number;
  readonly backlogRows: number;
  /** Age of the oldest clip that the cloud does not have. */
  readonly backlogSeconds: number;
  readonly lagMs: number;
  /** Since the start: messages by topic, fires by rule. */
  readonly topics: Readonly<Record<string, number>>;
  readonly fired: Readonly<Record<string, number>>;
  readonly suppressed: number;
  readonly scoreP99: Readonly<Record<string, number>>;
  readonly scoresSkipped: number;
  readonly scoreFaults: number;
  /** Since the start: looks at rules, those without a known signal, values not decoded. */
  readonly evaluations: number;
  readonly unknown: number;
  readonly decodeFaults: number;
  /** Since the start, by reason. */
  readonly reasons: Readonly<Record<string, number>>;
  readonly dropped: Readonly<Record<string, number>>;
  readonly windowSeconds: number;
  readonly evicted: number;
  readonly bytesSent: number;
  /** Of main's event loop. */
  readonly gapP99Ms: number;
  /** Steps that are given up. */
  readonly shedSteps: number;
  readonly temperatureC?: number | undefined;
  /** From 0 to 1. */
  readonly battery?: number | undefined;
  readonly atMs: number;
}

/** Rates and counts are of the time between the two. */
export function seriesOf(now: Measured, before: Measured): readonly Series[] {
  const seconds = Math.max(0.001, (now.atMs - before.atMs) / 1000);
  const one = (name: string, unit: string, value: number): Series => ({ name, unit, value });
  const more = (
    all: Readonly<Record<string, number>>,
    old: Readonly<Record<string, number>>,
    key: string,
  ): number => Math.max(0, (all[key] ?? 0) - (old[key] ?? 0));
  // Counters of a thread that started again begin at nothing.
  const since = (value: number, old: number): number => Math.max(0, value - old);
  const counted = (
    group: string,
    all: Readonly<Record<string, number>>,
    old: Readonly<Record<string, number>>,
  ): readonly Series[] =>
    Object.keys(all)
      .toSorted()
      .map((name) => one(`${group}.${name}`, '1', more(all, old, name)));
  const rates = Object.keys(now.topics)
    .map((topic): [string, number] => [topic, more(now.topics, before.topics, topic) / seconds])
    .toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .slice(0, maxMeasuredTopics);
  return [
    one('agent.rss', 'B', now.rssBytes),
    one('agent.cpu', '1', Math.max(0, now.cpuSeconds - before.cpuSeconds) / seconds),
    one('agent.gap_p99_ms', 'ms', now.gapP99Ms),
    one('agent.shed_steps', '1', now.shedSteps),
    ...(now.temperatureC === undefined
      ? []
      : [one('machine.temperature', 'Cel', now.temperatureC)]),
    ...(now.battery === undefined ? [] : [one('machine.battery', '1', now.battery)]),
    one('disk.free', 'B', now.diskFreeBytes),
    one('buffer.bytes', 'B', now.bufferBytes),
    one('buffer.clips', '1', now.clips),
    ...Object.entries(now.bytesByClass).map(([name, n]) => one(`buffer.${name}.bytes`, 'B', n)),
    one('buffer.evicted', '1', since(now.evicted, before.evicted)),
    one('uplink.rate', 'B/s', since(now.bytesSent, before.bytesSent) / seconds),
    one('uplink.backlog_s', 's', now.backlogSeconds),
    one('uplink.backlog_clips', '1', now.backlogClips),
    one('uplink.backlog_rows', '1', now.backlogRows),
    one('source.lag_ms', 'ms', now.lagMs),
    ...Object.entries(now.scoreP99).map(([scorer, ms]) => one(`score.${scorer}.p99_ms`, 'ms', ms)),
    one('window.seconds', 's', now.windowSeconds),
    ...counted('dropped', now.dropped, before.dropped),
    one('score.skipped', '1', since(now.scoresSkipped, before.scoresSkipped)),
    one('score.faults', '1', since(now.scoreFaults, before.scoreFaults)),
    one('rules.evaluations', '1', since(now.evaluations, before.evaluations)),
    one('rules.unknown', '1', since(now.unknown, before.unknown)),
    one('rules.decode_faults', '1', since(now.decodeFaults, before.decodeFaults)),
    one('rules.suppressed', '1', since(now.suppressed, before.suppressed)),
    ...counted('rules.suppressed', now.reasons, before.reasons),
    ...rates.map(([topic, hz]) => one(`topic.${topic}.hz`, 'Hz', hz)),
    ...Object.keys(now.fired)
      .toSorted()
      .map((rule) => one(`rules.${rule}.fired`, '1', more(now.fired, before.fired, rule))),
  ].filter(({ name, value }) => name.length <= 128 && Number.isFinite(value));
}
