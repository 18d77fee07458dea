/**
 * Models that score the same frames beside those that act, and only count. A frame goes to a
 * shadow when it is idle; what it says is compared with what the acting model said of that frame.
 */
import type { Clock } from '@fieldloop/core';
import { shadowDeadlineMs } from '../limits.ts';
import type { FromScoring } from './protocol.ts';

export interface ShadowFigures {
  readonly sha256: string;
  /** Frames that both scored. */
  frames: number;
  nan: number;
  faults: number;
  disagreement: number;
  /** Sums over `frames`, ms. */
  latencyMs: number;
  actingLatencyMs: number;
}

type Answer = Pick<Extract<FromScoring, { kind: 'scored' }>['scored'], 'topClass' | 'latencyMs'>;

interface Pair {
  readonly model: string;
  readonly timer: AbortController;
  acting?: Answer;
  shadow?: Answer;
  isLone?: boolean;
}

export interface Shadows {
  readonly figures: Readonly<Record<string, ShadowFigures>>;
  /** True when the model has a shadow that is idle. */
  wants(model: string): boolean;
  /** The frame `id` was given to the shadow. */
  began(id: number, model: string): void;
  /** The acting model said this of the frame, or nothing. */
  acted(id: number, answer: Answer | undefined): void;
  answered(message: FromScoring): void;
  end(): void;
}

export function openShadows(
  models: readonly { readonly id: string; readonly sha256: string }[],
  clock: Clock,
): Shadows {
  const zero = { frames: 0, nan: 0, faults: 0, disagreement: 0, latencyMs: 0, actingLatencyMs: 0 };
  const figures: Record<string, ShadowFigures> = Object.fromEntries(
    models.map(({ id, sha256 }) => [id, { sha256, ...zero }]),
  );
  const pairs = new Map<number, Pair>();
  const busy = new Set<string>();

  const compare = (id: number, pair: Pair): void => {
    const { acting, shadow } = pair;
    const own = figures[pair.model];
    if (pair.isLone === true && shadow !== undefined) pairs.delete(id);
    if (acting === undefined || shadow === undefined || own === undefined) return;
    pairs.delete(id);
    own.frames += 1;
    if (acting.topClass !== shadow.topClass) own.disagreement += 1;
    own.latencyMs += shadow.latencyMs;
    own.actingLatencyMs += acting.latencyMs;
  };
  const failed = (id: number, pair: Pair, isNan: boolean): void => {
    const own = figures[pair.model];
    pairs.delete(id);
    busy.delete(pair.model);
    pair.timer.abort();
    if (own === undefined) return;
    own.faults += 1;
    if (isNan) own.nan += 1;
  };
  return {
    figures,
    wants: (model) => figures[model] !== undefined && !busy.has(model),
    began(id, model) {
      const pair: Pair = { model, timer: new AbortController() };
      pairs.set(id, pair);
      busy.add(model);
      clock.sleep(shadowDeadlineMs, pair.timer.signal).then(
        () => failed(id, pair, false),
        // It answered.
        () => undefined,
      );
    },
    acted(id, answer) {
      const pair = pairs.get(id);
      if (pair === undefined) return;
      // Of a frame that the acting model could not score there is nothing to compare.
      if (answer === undefined) pair.isLone = true;
      else pair.acting = answer;
      compare(id, pair);
    },
    answered(message) {
      const pair = pairs.get(message.id);
      if (pair === undefined) return;
      if (message.kind === 'fault') {
        failed(message.id, pair, message.reason === 'not_a_number');
        return;
      }
      busy.delete(pair.model);
      pair.timer.abort();
      pair.shadow = message.scored;
      compare(message.id, pair);
    },
    end() {
      for (const { timer } of pairs.values()) timer.abort();
      pairs.clear();
    },
  };
}
