/**
 * What a rule costs: the beginning of a recording through an engine that has this rule alone, less
 * what the same engine takes without any rule. Decoding of the rule's signals counts.
 */
import { type RecordingItem, readRecording } from '@fieldloop/recording';
import { openFile } from '@fieldloop/recording/file';
import {
  onlyRule,
  openEngine,
  openRecordedScores,
  type RuleSet,
  type ScoreRecord,
} from '@fieldloop/rules';
import type { RuleCost } from './protocol.ts';

/** How much of the recording is run through, and how often. */
const mostMessages = 40_000;
const mostBytes = 48 * 2 ** 20;
const turns = 3;
/** All rules together take about so long; what is left then is not measured. */
const mostMs = 1_500;
/** Fewer evaluations than this tell nothing of one. */
const leastEvaluations = 100;

/** By rule set and rule. */
export async function costsOf(
  path: string,
  ruleSets: readonly RuleSet[],
): Promise<Map<string, RuleCost>[]> {
  const items = await beginning(path);
  const scores = scoresOf(items, ruleSets);
  const startedMs = performance.now();
  const messages = items.reduce(
    (sum, one) => sum + (one.kind === 'block' ? one.block.count : 0),
    0,
  );
  return ruleSets.map((ruleSet) => {
    const emptyMs = runMs(onlyRule(ruleSet, undefined), { items, scores }).ms;
    const costs = new Map<string, RuleCost>();
    for (const { id } of messages === 0 ? [] : ruleSet.rules) {
      if (performance.now() - startedMs > mostMs) break;
      const { ms, evaluations } = runMs(onlyRule(ruleSet, id), { items, scores });
      const ns = Math.max(0, ms - emptyMs) * 1e6;
      const evaluationNs = evaluations < leastEvaluations ? undefined : ns / evaluations;
      costs.set(id, { messageNs: ns / messages, evaluationNs });
    }
    return costs;
  });
}

async function beginning(path: string): Promise<RecordingItem[]> {
  const items: RecordingItem[] = [];
  let messages = 0;
  let bytes = 0;
  await using file = await openFile(path);
  try {
    for await (const item of readRecording(file)) {
      items.push(item);
      if (item.kind !== 'block') continue;
      messages += item.block.count;
      bytes += item.block.data.length;
      if (messages >= mostMessages || bytes >= mostBytes) break;
    }
  } catch {
    // What is damaged was told by the run; its beginning is enough here.
  }
  return items;
}

/** In the order of their moments, as a robot's models give them. */
function scoresOf(
  items: readonly RecordingItem[],
  ruleSets: readonly RuleSet[],
): readonly ScoreRecord[] {
  const scores = openRecordedScores();
  if (ruleSets.some(({ models }) => models.length > 0)) items.forEach((item) => scores.take(item));
  return scores.inOrder();
}

interface Beginning {
  readonly items: readonly RecordingItem[];
  readonly scores: readonly ScoreRecord[];
}

/** The quickest of some turns: what else the machine did is not the rule's. */
function runMs(
  ruleSet: RuleSet,
  { items, scores }: Beginning,
): { readonly ms: number; readonly evaluations: number } {
  let best = Number.POSITIVE_INFINITY;
  let evaluations = 0;
  for (let turn = 0; turn < turns; turn += 1) {
    const engine = openEngine(ruleSet, { device: 'cost', seed: 0 });
    let next = 0;
    const startedMs = performance.now();
    for (const item of items) {
      if (item.kind === 'channel') engine.channel(0, item.channel);
      if (item.kind !== 'block') continue;
      for (; (scores[next]?.atNs ?? item.block.lastNs + 1n) <= item.block.lastNs; next += 1) {
        const score = scores[next];
        if (score !== undefined) engine.score(score);
      }
      engine.block(0, item.block);
    }
    best = Math.min(best, performance.now() - startedMs);
    ({ evaluations } = engine.counters());
  }
  return { ms: best, evaluations };
}
