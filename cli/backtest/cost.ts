/**
 * What a rule costs: the beginning of a recording through an engine that has this rule alone, less
 * what the same engine takes without any rule. Decoding of the rule's signals counts. Each rule is
 * measured in the longest session that has its topics.
 */
import { type RecordingItem, readRecording } from '@fieldloop/recording';
import { openFile } from '@fieldloop/recording/file';
import {
  onlyRule,
  openEngine,
  openRecordedScores,
  openTrial,
  type RuleSet,
  type ScoreRecord,
} from '@fieldloop/rules';
import type { CostPlan, RuleCost, SessionFound } from './protocol.ts';

/** How much of the recording is run through, and how often. */
const mostMessages = 40_000;
const mostBytes = 48 * 2 ** 20;
const turns = 3;
/** All rules together take about so long; what is left then is not measured. */
const mostMs = 1_500;
/** Fewer evaluations than this tell nothing of one. */
const leastEvaluations = 100;

export function costPlans(found: readonly SessionFound[]): CostPlan[] {
  const planned: Set<string>[] = [];
  const longestFirst = found.toSorted((a, b) => secondsOf(b) - secondsOf(a));
  return longestFirst.flatMap(({ files, sides }) => {
    const path = files[0]?.path;
    if (path === undefined) return [];
    const rules = sides.map(({ trial: { blind, whole } }, i) => {
      const done = (planned[i] ??= new Set());
      const own = [...(whole?.rules.keys() ?? [])].filter((id) => !blind.has(id) && !done.has(id));
      for (const id of own) done.add(id);
      return own;
    });
    return rules.some((own) => own.length > 0) ? [{ path, rules }] : [];
  });
}

function secondsOf({ sides: [side] }: SessionFound): number {
  return side === undefined ? 0 : Number(side.trial.endNs - side.trial.startNs) / 1e9;
}

/** By rule set and rule; without those whose topics have no message in the beginning. */
export async function costsOf(
  plans: readonly CostPlan[],
  ruleSets: readonly RuleSet[],
): Promise<Map<string, RuleCost>[]> {
  const costs = ruleSets.map(() => new Map<string, RuleCost>());
  let leftMs = mostMs;
  for (const { path, rules } of plans) {
    if (leftMs <= 0) break;
    const items = await beginning(path);
    const begun = { items, scores: scoresOf(items, ruleSets) };
    const messages = messagesIn(items);
    const startedMs = performance.now();
    for (const [i, ruleSet] of ruleSets.entries()) {
      const ids = seeingRules(ruleSet, begun).filter((id) => rules[i]?.includes(id));
      if (ids.length === 0) continue;
      const emptyMs = runMs(onlyRule(ruleSet, undefined), begun).ms;
      for (const id of ids) {
        if (performance.now() - startedMs > leftMs) break;
        const { ms, evaluations } = runMs(onlyRule(ruleSet, id), begun);
        const ns = Math.max(0, ms - emptyMs) * 1e6;
        const evaluationNs = evaluations < leastEvaluations ? undefined : ns / evaluations;
        costs[i]?.set(id, { messageNs: ns / messages, evaluationNs });
      }
    }
    leftMs -= performance.now() - startedMs;
  }
  return costs;
}

const messagesIn = (items: readonly RecordingItem[]): number =>
  items.reduce((sum, one) => sum + (one.kind === 'block' ? one.block.count : 0), 0);

/** Rules that find a message of each of their topics. */
function seeingRules(ruleSet: RuleSet, { items, scores }: Beginning): string[] {
  const trial = openTrial(ruleSet, { device: 'cost' });
  for (const score of scores) trial.score(score);
  for (const item of items) trial.take(item);
  const blind = trial.end()?.blind;
  return ruleSet.rules.flatMap(({ id }) => (blind?.has(id) === false ? [id] : []));
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
    const engine = openEngine(ruleSet, { device: 'cost' });
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
