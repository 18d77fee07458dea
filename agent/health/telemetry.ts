/** The numbers of a minute, the most telling first: what does not fit on the wire is at the end. */
import { ownOf } from '@fieldloop/core';
import type { Series } from '@fieldloop/proto';
import { maxMeasuredTopics } from '../limits.ts';
import type { ConditionCounts } from '../rule/tally.ts';
import type { AllowanceFigures } from '../uplink/allowance.ts';
import { busiest } from './busiest.ts';

export interface Measured {
  readonly rssBytes: number;
  /** Seconds of all cores since the process started. */
  readonly cpuSeconds: number;
  readonly diskFreeBytes: number;
  readonly bufferBytes: number;
  readonly bytesByClass: Readonly<Record<string, number>>;
  readonly clips: number;
  /** Held now, by what is still to happen to them. */
  readonly clipsByState: Readonly<Record<string, number>>;
  readonly backlogClips: number;
  readonly backlogRows: number;
  /** Age of the oldest clip that the cloud does not have. */
  readonly backlogSeconds: number;
  readonly lagMs: number;
  /** This machine's clock less log times of live sources; absent without any. */
  readonly clockOffsetMs?: number | undefined;
  /** Since the start: connections that ended, of the sources and to the cloud. */
  readonly sourceReconnects: number;
  readonly reconnects: number;
  /** Since the start: messages and their bytes by topic, fires by rule. */
  readonly topics: Readonly<Record<string, number>>;
  readonly topicBytes: Readonly<Record<string, number>>;
  readonly fired: Readonly<Record<string, number>>;
  readonly suppressed: number;
  readonly scoreP50: Readonly<Record<string, number>>;
  readonly scoreP99: Readonly<Record<string, number>>;
  readonly scoresSkipped: number;
  readonly scoreFaults: number;
  readonly scoresUnfed: number;
  /** Since the start: looks at rules, those without a known signal, values not decoded. */
  readonly evaluations: number;
  readonly unknown: number;
  /** Since the start, by rule. */
  readonly conditions: Readonly<Record<string, ConditionCounts>>;
  readonly decodeFaults: number;
  /** Since the start, by reason. */
  readonly reasons: Readonly<Record<string, number>>;
  readonly dropped: Readonly<Record<string, number>>;
  readonly windowSeconds: number;
  readonly evicted: number;
  readonly bytesSent: number;
  /** By `uplink.policies`; absent without any. */
  readonly allowance?: Pick<AllowanceFigures, 'spentBytes' | 'waits'> | undefined;
  /** Of main's event loop. */
  readonly gapP99Ms: number;
  /** Steps that are given up. */
  readonly shedSteps: number;
  readonly temperatureC?: number | undefined;
  /** From 0 to 1. */
  readonly battery?: number | undefined;
  /** Monotonic. */
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
  ): number => Math.max(0, (ownOf(all, key) ?? 0) - (ownOf(old, key) ?? 0));
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
  /** A second, of the busiest topics. */
  const rates = (
    all: Readonly<Record<string, number>>,
    old: Readonly<Record<string, number>>,
  ): ReturnType<typeof busiest> => {
    const each = Object.keys(all).map((topic) => [topic, more(all, old, topic) / seconds] as const);
    return busiest(Object.fromEntries(each), maxMeasuredTopics);
  };
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
    ...Object.entries(now.clipsByState).map(([state, n]) => one(`buffer.clips.${state}`, '1', n)),
    ...Object.entries(now.bytesByClass).map(([name, n]) => one(`buffer.${name}.bytes`, 'B', n)),
    one('buffer.evicted', '1', since(now.evicted, before.evicted)),
    one('uplink.rate', 'B/s', since(now.bytesSent, before.bytesSent) / seconds),
    one('uplink.backlog_s', 's', now.backlogSeconds),
    one('uplink.backlog_clips', '1', now.backlogClips),
    one('uplink.backlog_rows', '1', now.backlogRows),
    one('uplink.reconnects', '1', since(now.reconnects, before.reconnects)),
    ...(now.allowance === undefined
      ? []
      : [
          one('uplink.held', '1', now.allowance.waits === undefined ? 0 : 1),
          one('uplink.spent', 'B', now.allowance.spentBytes),
        ]),
    one('source.lag_ms', 'ms', now.lagMs),
    ...(now.clockOffsetMs === undefined
      ? []
      : [one('source.clock_offset_ms', 'ms', now.clockOffsetMs)]),
    one('source.reconnects', '1', since(now.sourceReconnects, before.sourceReconnects)),
    ...Object.entries(now.scoreP50).map(([scorer, ms]) => one(`score.${scorer}.p50_ms`, 'ms', ms)),
    ...Object.entries(now.scoreP99).map(([scorer, ms]) => one(`score.${scorer}.p99_ms`, 'ms', ms)),
    one('window.seconds', 's', now.windowSeconds),
    ...counted('dropped', now.dropped, before.dropped),
    one('score.skipped', '1', since(now.scoresSkipped, before.scoresSkipped)),
    one('score.faults', '1', since(now.scoreFaults, before.scoreFaults)),
    one('score.unfed', '1', since(now.scoresUnfed, before.scoresUnfed)),
    one('rules.evaluations', '1', since(now.evaluations, before.evaluations)),
    one('rules.unknown', '1', since(now.unknown, before.unknown)),
    one('rules.decode_faults', '1', since(now.decodeFaults, before.decodeFaults)),
    one('rules.suppressed', '1', since(now.suppressed, before.suppressed)),
    ...counted('rules.suppressed', now.reasons, before.reasons),
    ...rates(now.topics, before.topics).map(([topic, hz]) => one(`topic.${topic}.hz`, 'Hz', hz)),
    ...Object.keys(now.fired)
      .toSorted()
      .map((rule) => one(`rules.${rule}.fired`, '1', more(now.fired, before.fired, rule))),
    ...blind(now.conditions, before.conditions).map(([rule, share]) =>
      one(`rules.${rule}.unknown`, '1', share),
    ),
    ...rates(now.topicBytes, before.topicBytes).map(([topic, rate]) =>
      one(`topic.${topic}.bytes`, 'B/s', rate),
    ),
  ].filter(({ name, value }) => name.length <= 128 && Number.isFinite(value));
}

/** By rule that ever lacked a value: of its looks in between, the share without one. */
function blind(
  now: Measured['conditions'],
  before: Measured['conditions'],
): readonly (readonly [rule: string, share: number])[] {
  return Object.entries(now).flatMap(([rule, { looks, unknown }]) => {
    const old = ownOf(before, rule);
    // Counters begin at nothing with other rules, and with a thread that started again.
    const from = old === undefined || old.looks > looks ? { looks: 0, unknown: 0 } : old;
    if (unknown === 0 || looks === from.looks) return [];
    return [[rule, Math.max(0, unknown - from.unknown) / (looks - from.looks)]];
  });
}
