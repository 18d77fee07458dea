/** Whether a model is quick and small enough to score beside the rest of the agent. */
import { setImmediate as breathe } from 'node:timers/promises';
import { type Clock, Fault } from '@fieldloop/core';
import { trialLatencyMs, trialMemoryMiB, trialRuns } from '../limits.ts';
import type { Model } from './model.ts';
import type { Scorer } from './scorer.ts';

export interface TrialDeps {
  readonly clock: Clock;
  /** Resident memory of the process, bytes. */
  readonly rss: () => number;
}

/**
 * Opens the model and runs its golden inputs until a 95th percentile can be told. What it takes is
 * what the process grew by, and at least its weights: other threads give memory back meanwhile. A
 * Fault `limited` says which limit it is beyond; the scorer is closed then.
 */
export async function tryOut(
  { onnx, limits, golden }: Model,
  open: () => Promise<Scorer>,
  { clock, rss }: TrialDeps,
): Promise<Scorer> {
  const before = rss();
  const scorer = await open();
  try {
    const rounds = Math.ceil(trialRuns / golden.length);
    const times: number[] = [];
    for (let i = 0; i < rounds; i += 1) {
      const startMs = clock.monotonicMs();
      await scorer.golden();
      times.push((clock.monotonicMs() - startMs) / golden.length);
      await breathe();
    }
    const p95 = times.toSorted((a, b) => a - b)[Math.ceil(times.length * 0.95) - 1] ?? 0;
    const mostMs = limits.latencyMs ?? trialLatencyMs;
    if (p95 > mostMs) throw tooMuch(`takes ${p95.toFixed(1)} ms a frame`, `${mostMs} ms`);
    const tookMiB = Math.max(rss() - before, onnx.length) / 2 ** 20;
    const mostMiB = limits.memoryMiB ?? trialMemoryMiB;
    if (tookMiB > mostMiB) throw tooMuch(`takes ${tookMiB.toFixed(0)} MiB`, `${mostMiB} MiB`);
    return scorer;
  } catch (error) {
    await scorer[Symbol.asyncDispose]();
    throw error;
  }
}

const tooMuch = (what: string, limit: string): Fault =>
  new Fault('limited', `the model ${what}, the limit is ${limit}`, {
    remedy: 'Export a smaller model, or state other limits in model.yaml.',
  });
