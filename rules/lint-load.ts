/**
 * What the rates of a recording mean for a rule set: the memory of its windows, its share of a
 * processor, and silences that always or never come.
 */
import { formatDurationNs, formatSize } from '@fieldloop/core';
import type { MemoryTerm } from './cel/checked.ts';
import { costOf, openRates, type Rates } from './cost.ts';
import type { RecordingFacts } from './facts.ts';
import * as limits from './limits.ts';
import { memoryTermsOf } from './memory-terms.ts';
import type { ProblemCode, RuleProblem } from './problem.ts';
import type { Rule, RuleSet } from './rule-set.ts';
import { topicFits } from './topic-pattern.ts';
import type { Path } from './yaml-source.ts';

/** Reports a problem at a value of the document, or at a character of it. */
export type Add = (
  path: Path,
  severity: RuleProblem['severity'],
  words: { readonly code: ProblemCode; readonly message: string; readonly remedy: string },
  offset?: number,
) => void;

/** Bytes of one sample: its time and its value. */
const sampleBytes = 16;
const nsPerSecond = 1e9;

export function checkLoad(ruleSet: RuleSet, recording: RecordingFacts, add: Add): void {
  if (recording.durationNs <= 0n) return;
  const rates = openRates(ruleSet, recording);
  checkMemory(ruleSet, rates, add);
  checkCost(ruleSet, recording, add);
  for (const [i, rule] of ruleSet.rules.entries()) {
    const { trigger } = rule;
    const counted = recording.channels.filter(
      ({ channel }) => trigger.kind === 'absent' && channel.topic === trigger.topic,
    );
    const messages = counted.reduce((sum, one) => sum + one.messages, 0);
    if (counted.length > 0) {
      checkSilence(rule, ['rules', i, 'absent'], { messages, rates }, add);
    }
    checkClipBytes(ruleSet, i, recording, add);
  }
}

function checkMemory(ruleSet: RuleSet, { hzOf }: Rates, add: Add): void {
  const windows = new Map<string, number>();
  for (const term of ruleSet.rules.flatMap(sampledTerms)) {
    const seconds = (term.windowNs ?? 0) / nsPerSecond;
    windows.set(term.text, hzOf([term]) * seconds * sampleBytes);
  }
  const bytes = [...windows.values()].reduce((sum, one) => sum + one, 0);
  if (bytes <= limits.windowBytes) return;
  const [largest] = [...windows].toSorted((a, b) => b[1] - a[1]);
  add(['rules'], 'error', {
    code: 'memory',
    message: `at this recording's rates all windows need ${formatSize(bytes)}, at most ${formatSize(limits.windowBytes)}`,
    remedy: `Shorten ${largest?.[0] ?? 'a window'}, which needs the most.`,
  });
}

/** What keeps the samples of its window: `held` and `once` those of margins, `zscore` none. */
function sampledTerms(rule: Rule): MemoryTerm[] {
  const { named, measured } = memoryTermsOf(rule);
  return [...named.filter(({ fn }) => !['held', 'once', 'zscore'].includes(fn)), ...measured];
}

function checkCost(ruleSet: RuleSet, recording: RecordingFacts, add: Add): void {
  const cost = costOf(ruleSet, recording);
  const share = cost.nsPerSecond / nsPerSecond;
  if (share <= limits.costShare) return;
  const [dearest] = cost.rules.toSorted((a, b) => b.nsPerSecond - a.nsPerSecond);
  const isReading = cost.readingNsPerSecond > (dearest?.nsPerSecond ?? 0);
  add(['rules'], 'warning', {
    code: 'cost',
    message: `at this recording's rates the rules take about ${percent(share)} of a core, more than ${percent(limits.costShare)}`,
    remedy: isReading
      ? 'Reading signals takes the most: shorten lists, or remove signals.'
      : `Rule "${dearest?.rule ?? ''}" takes the most, ${percent((dearest?.nsPerSecond ?? 0) / nsPerSecond)}.`,
  });
}

/** One clip of a rule against the bytes that its budget ever has. */
function checkClipBytes(ruleSet: RuleSet, i: number, recording: RecordingFacts, add: Add): void {
  const rule = ruleSet.rules[i];
  const { day, hour, reserve = 0 } = ruleSet.budgets ?? {};
  if (rule === undefined || rule.shadow || rule.bypassBudget) return;
  const { topics, preNs, postNs, downsample, maxBytes } = rule.capture;
  if (downsample !== undefined) return;
  const taken = recording.channels.filter(({ channel }) =>
    topics.some((pattern) => pattern === '*' || topicFits(pattern, channel.topic)),
  );
  const recorded = taken.reduce((sum, { bytes = 0 }) => sum + bytes, 0);
  const share = Number(preNs + postNs) / Number(recording.durationNs);
  const bytes = Math.min(recorded * share, maxBytes ?? Number.POSITIVE_INFINITY);
  const least = Math.min(
    day?.bytes ?? Number.POSITIVE_INFINITY,
    hour?.bytes ?? Number.POSITIVE_INFINITY,
  );
  const most = rule.severity === 'critical' ? least : least * (1 - reserve);
  if (bytes <= most) return;
  add(['rules', i, 'capture'], 'warning', {
    code: 'budget',
    message: `at this recording's rates one clip has ${formatSize(bytes)}, its budget ${formatSize(most)}`,
    remedy: 'Capture fewer topics or less time, thin them, or raise the budget.',
  });
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

interface Seen {
  readonly messages: number;
  readonly rates: Rates;
}

/** Silences that this recording shows to be the normal state, or says nothing about. */
function checkSilence(rule: Rule, path: Path, seen: Seen, add: Add): void {
  const { trigger } = rule;
  if (trigger.kind !== 'absent') return;
  const { topic, forNs, minHz } = trigger;
  if (seen.messages < limits.rateMessages) {
    const message = `${topic} has ${seen.messages} messages here, which shows no rate`;
    const remedy = 'Compare with a longer recording, or watch another topic.';
    add([...path, 'topic'], 'warning', { code: 'rate', message, remedy });
    return;
  }
  const hz = seen.rates.rateOf(topic);
  const shown = `${topic} comes at ${hz.toPrecision(3)} Hz here`;
  if (forNs < nsPerSecond / hz) {
    const message = `${shown}, less often than every ${formatDurationNs(BigInt(forNs))}`;
    const remedy = `Write for: ${Math.ceil(5_000 / hz)}ms, five times its period, or more.`;
    add([...path, 'for'], 'warning', { code: 'rate', message, remedy });
  }
  if (minHz !== undefined && minHz > hz) {
    const remedy = `Write minHz: ${(hz / 2).toPrecision(2)} or less.`;
    add([...path, 'minHz'], 'warning', { code: 'rate', message: `${shown}, below minHz`, remedy });
  }
}
