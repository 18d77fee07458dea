/**
 * The agent at full strength: each part of `agent/` measures one of its bars. `--only` runs one
 * part; the others cost their minutes.
 */
import type { Bench, Row } from './report.ts';

/** A part is a bench of its own, loaded when its turn comes. */
const parts = {
  read: async () => (await import('./agent/read.ts')).readPart,
  evaluate: async () => (await import('./agent/evaluate.ts')).evaluatePart,
  cut: async () => (await import('./agent/cut.ts')).cutPart,
  backtest: async () => (await import('./agent/backtest.ts')).backtestPart,
  tail: async () => (await import('./agent/tail.ts')).tailPart,
  marker: async () => (await import('./agent/marker.ts')).markerPart,
  process: async () => (await import('./agent/process.ts')).processPart,
} as const satisfies Readonly<Record<string, () => Promise<Bench>>>;

export const agentParts: readonly string[] = Object.keys(parts);

/** All parts in their order, or the one that `only` names. */
export function agentBench(only: string | undefined): Bench {
  return async (progress) => {
    const rows: Row[] = [];
    for (const [name, open] of Object.entries(parts)) {
      if (only !== undefined && only !== name) continue;
      progress(`agent: ${name}`);
      const measure = await open();
      rows.push(...(await measure(progress)));
    }
    return rows;
  };
}
