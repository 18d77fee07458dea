/** What the data thread tells main of its lanes, again and again. Pure. */
import { ownOf } from '@fieldloop/core';
import type { Lane } from './lane.ts';
import { laneStillMs } from './limits.ts';
import type { DataProgress } from './messages.ts';
import { sumOf } from './rule/tally.ts';
import type { Scoring } from './score/scoring.ts';
import type { Tally, TopicTally } from './timeline-types.ts';

/** What of a lane is told. */
type Counted = Pick<Lane, 'source' | 'tally' | 'state' | 'openClips' | 'workSinceMs'>;

/** What stands beside the lanes; `nowMs` is monotonic. */
type Beside = Pick<DataProgress, 'degraded' | 'queueShare' | 'duty' | 'spool'> & {
  readonly nowMs: number;
};

export function progressOf(
  lanes: readonly Counted[],
  scoring: Pick<Scoring, 'figures' | 'busy' | 'shadowFigures'>,
  { nowMs, ...beside }: Beside,
): DataProgress {
  const sum = (of: (lane: Counted) => number): number => lanes.reduce((n, lane) => n + of(lane), 0);
  const { last, count, skipped, faults, unfed, lacks } = scoring.figures;
  const finite = lanes.filter(({ source }) => source.finite);
  const isOver = ({ state }: Counted): boolean => ['finished', 'broken'].includes(state.state);
  return {
    source: sourceOf(lanes, sum),
    score: {
      ...(last === undefined
        ? {}
        : { last: { scorer: last.scorer, values: last.values, topClass: last.topClass } }),
      count,
      skipped,
      faults,
      unfed,
      ...(lacks === undefined ? {} : { lacks }),
    },
    fired: sums(lanes, ({ fired }) => fired),
    suppressed: sum(({ tally }) => tally.suppressed),
    openClips: sum((lane) => lane.openClips),
    sourcesFinished: finite.length > 0 && finite.every(isOver),
    idle: lanes.every(({ state }) => state.state !== 'reading') && scoring.busy === 0,
    still: lanes.flatMap(({ workSinceMs, state }) =>
      workSinceMs !== undefined && nowMs - workSinceMs > laneStillMs ? [state.name] : [],
    ),
    ...beside,
    dropped: sums(lanes, ({ dropped, rules }) => ({ ...dropped, late: rules.late })),
    windowS: Math.max(0, ...lanes.map(({ tally }) => tally.windowS ?? 0)),
    rules: sumOf(lanes.map(({ tally }) => tally.rules)),
    shadow: sumOf(lanes.flatMap(({ tally }) => tally.shadow ?? [])),
    topics: sums(lanes, ({ topics }) => mapped(topics, ({ messages }) => messages)),
    topicBytes: sums(lanes, ({ topics }) => mapped(topics, ({ bytes }) => bytes)),
    scoreP50: latenciesOf(lanes, 0.5),
    scoreP99: latenciesOf(lanes, 0.99),
    shadowScores: scoring.shadowFigures,
  };
}

function sourceOf(
  lanes: readonly Counted[],
  sum: (of: (lane: Counted) => number) => number,
): DataProgress['source'] {
  const offsets = lanes.flatMap(({ tally }) => tally.clockOffsetMs ?? []);
  const [farthest] = offsets.toSorted((a, b) => Math.abs(b) - Math.abs(a));
  return {
    messages: sum(({ tally }) => tally.messages),
    bytes: sum(({ tally }) => tally.bytes),
    lagMs: Math.max(0, ...lanes.map(({ tally }) => tally.lagMs)),
    ...(farthest === undefined ? {} : { clockOffsetMs: farthest }),
    reconnects: sum(({ tally }) => tally.reconnects ?? 0),
    each: lanes.map(({ state, tally: { reconnects } }) =>
      reconnects === undefined ? state : { ...state, reconnects },
    ),
  };
}

function mapped(
  topics: Tally['topics'],
  of: (topic: TopicTally) => number,
): Record<string, number> {
  return Object.fromEntries(Object.entries(topics).map(([name, topic]) => [name, of(topic)]));
}

function sums(
  lanes: readonly Counted[],
  of: (tally: Tally) => Readonly<Record<string, number>>,
): Record<string, number> {
  // A topic may be named as what every object has.
  const all = new Map<string, number>();
  for (const { tally } of lanes) {
    for (const [name, n] of Object.entries(of(tally))) all.set(name, (all.get(name) ?? 0) + n);
  }
  return Object.fromEntries(all);
}

/** The time that `share` of each scorer's last scores took at most, ms; of the slowest lane. */
function latenciesOf(lanes: readonly Counted[], share: number): Record<string, number> {
  const all: Record<string, number> = {};
  for (const { tally } of lanes) {
    for (const [scorer, latencies] of Object.entries(tally.latencies)) {
      const sorted = latencies.toSorted((a, b) => a - b);
      const most = sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
      all[scorer] = Math.max(ownOf(all, scorer) ?? 0, most);
    }
  }
  return all;
}
