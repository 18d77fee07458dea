/** Whether a shadow agrees with what runs: the limits stand in the release's manifest. Pure. */
export interface ShadowSeen {
  readonly frames: number;
  readonly nan: number;
  /** Frames whose class differs. */
  readonly disagreement: number;
  /** The slowest device's mean latency against that of what runs. */
  readonly latencyRatio: number;
  /** Faults of rules that are evaluated beside the active ones. */
  readonly faults: number;
}

export interface ShadowNeeds {
  readonly frames: number;
  readonly disagreementBp: number;
  readonly latencyRatioBp: number;
}

export interface ShadowFinding {
  readonly outcome: 'pass' | 'fail' | 'inconclusive';
  readonly reason: string;
}

export function isShadowFine(seen: ShadowSeen, needs: ShadowNeeds): ShadowFinding {
  const fail = (reason: string): ShadowFinding => ({ outcome: 'fail', reason });
  if (seen.nan > 0) return fail(`${seen.nan} frames of the shadow are not numbers`);
  if (seen.faults > 0) return fail(`the shadow had ${seen.faults} faults`);
  if (seen.frames < needs.frames) {
    return {
      outcome: 'inconclusive',
      reason: `${seen.frames} of ${needs.frames} frames were seen`,
    };
  }
  const differs = seen.frames === 0 ? 0 : (seen.disagreement / seen.frames) * 10_000;
  if (differs > needs.disagreementBp) {
    return fail(`the shadow differs in ${(differs / 100).toFixed(2)} % of the frames`);
  }
  if (seen.latencyRatio * 10_000 > needs.latencyRatioBp) {
    return fail(`the shadow takes ${seen.latencyRatio.toFixed(2)} times as long`);
  }
  return { outcome: 'pass', reason: 'the shadow agrees' };
}

/** Of all devices together: counts add up, the slowest stands for the latency. */
export function seenTogether(told: readonly (Partial<ShadowSeen> | undefined)[]): ShadowSeen {
  const sum = (of: (one: Partial<ShadowSeen>) => number | undefined): number =>
    told.reduce((all, one) => all + (one === undefined ? 0 : (of(one) ?? 0)), 0);
  return {
    frames: sum((one) => one.frames),
    nan: sum((one) => one.nan),
    disagreement: sum((one) => one.disagreement),
    faults: sum((one) => one.faults),
    latencyRatio: Math.max(0, ...told.map((one) => one?.latencyRatio ?? 0)),
  };
}
