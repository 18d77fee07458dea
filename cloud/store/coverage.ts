/**
 * What became of a device's time: each instant has the best thing that is true of it, so that
 * ranges never overlap and their sums add up. Pure.
 */

/** The best first: an instant inside a stored clip is stored, whatever else it is in. */
export const coverageStates = [
  'stored',
  'uploading',
  'on_robot',
  'evicted',
  'missing',
  'recorded',
] as const;
export type CoverageState = (typeof coverageStates)[number];

/** Half open, in nanoseconds of log time. */
export interface CoverageRange {
  readonly state: CoverageState;
  readonly startNs: bigint;
  readonly endNs: bigint;
}

export interface Coverage {
  /** In order; they touch or leave a hole where nothing was recorded. */
  readonly ranges: readonly CoverageRange[];
  /** Nanoseconds in each state. */
  readonly sumsNs: Readonly<Record<CoverageState, bigint>>;
}

export interface NsWindow {
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/** `spans` may overlap, repeat and reach out of the window, which cuts them. */
export function coverageOf(spans: readonly CoverageRange[], window: NsWindow): Coverage {
  const edges = spans.flatMap((span) => edgesOf(span, window));
  edges.sort((a, b) => (a.ns < b.ns ? -1 : a.ns > b.ns ? 1 : 0));
  const open = new Map<CoverageState, number>();
  const ranges: CoverageRange[] = [];
  let lastNs = window.startNs;
  for (const { ns, state, step } of edges) {
    const best = coverageStates.find((one) => (open.get(one) ?? 0) > 0);
    if (best !== undefined && ns > lastNs)
      append(ranges, { state: best, startNs: lastNs, endNs: ns });
    lastNs = ns;
    open.set(state, (open.get(state) ?? 0) + step);
  }
  const sumsNs = Object.fromEntries(coverageStates.map((state) => [state, 0n])) as Record<
    CoverageState,
    bigint
  >;
  for (const { state, startNs, endNs } of ranges) sumsNs[state] += endNs - startNs;
  return { ranges, sumsNs };
}

interface Edge {
  readonly ns: bigint;
  readonly state: CoverageState;
  readonly step: 1 | -1;
}

function edgesOf({ state, startNs, endNs }: CoverageRange, window: NsWindow): readonly Edge[] {
  const from = startNs > window.startNs ? startNs : window.startNs;
  const to = endNs < window.endNs ? endNs : window.endNs;
  if (from >= to) return [];
  return [
    { ns: from, state, step: 1 },
    { ns: to, state, step: -1 },
  ];
}

function append(ranges: CoverageRange[], range: CoverageRange): void {
  const last = ranges.at(-1);
  if (last !== undefined && last.state === range.state && last.endNs === range.startNs) {
    ranges[ranges.length - 1] = { ...last, endNs: range.endNs };
  } else {
    ranges.push(range);
  }
}

/** What the state of a clip says of its time; erased bytes leave what the session says. */
export function coverageOfClip(state: string): CoverageState | undefined {
  switch (state) {
    case 'stored':
    case 'uploading':
    case 'evicted':
      return state;
    case 'on_device':
      return 'on_robot';
    case 'lost':
    case 'missing':
      return 'missing';
    default:
      return undefined;
  }
}
