/**
 * A rule set against a recording: topics and fields that are not there, types that differ,
 * windows that would need too much memory at the rates that were seen.
 */
import { asFault, didYouMean, formatSize } from '@fieldloop/core';
import { type Channel, compileAccessor, schemaFields } from '@fieldloop/recording';
import { termsOf } from './cel/checked.ts';
import type { RecordingFacts } from './facts.ts';
import * as limits from './limits.ts';
import { inOrder, type ProblemCode, type RuleProblem } from './problem.ts';
import { type RuleSet, type Signal, termsOfRule } from './rule-set.ts';
import type { Path } from './yaml-source.ts';

type Add = (
  path: Path,
  severity: RuleProblem['severity'],
  words: { readonly code: ProblemCode; readonly message: string; readonly remedy: string },
) => void;

/** `subject` is what messages call the recording, or what stands for it. */
export function lintAgainst(
  ruleSet: RuleSet,
  recording: RecordingFacts,
  subject = 'the recording',
): RuleProblem[] {
  const problems: RuleProblem[] = [];
  const add: Add = (path, severity, words) => {
    const { line, column } = ruleSet.placeOf(path);
    problems.push({ file: ruleSet.file, line, column, severity, ...words });
  };
  const byTopic = Map.groupBy(recording.channels, ({ channel }) => channel.topic);
  const known = [...byTopic.keys()];
  const needTopic = (topic: string, path: Path): boolean => {
    if (byTopic.has(topic)) return true;
    const message = `${subject} has no topic "${topic}".${didYouMean(topic, known)}`;
    add(path, 'error', { code: 'unknown-topic', message, remedy: topicsText(known, subject) });
    return false;
  };
  for (const signal of ruleSet.signals) {
    if (!needTopic(signal.topic, ['signals', signal.name, 'topic'])) continue;
    for (const { channel } of byTopic.get(signal.topic) ?? []) checkField(signal, channel, add);
  }
  for (const model of ruleSet.models) {
    needTopic(model.inputTopic, ['models', model.id, 'input', 'topic']);
  }
  for (const [i, rule] of ruleSet.rules.entries()) {
    const { trigger } = rule;
    if (trigger.kind === 'absent') {
      needTopic(trigger.topic, ['rules', i, 'absent', 'topic']);
    }
    for (const term of termsOfRule(rule).flatMap(termsOf)) {
      if (term.kind !== 'memory' || term.topic === undefined) continue;
      if (!term.topic.startsWith('score:')) needTopic(term.topic, ['rules', i]);
    }
    const gone = rule.capture.topics.filter((topic) => topic !== '*' && !byTopic.has(topic));
    if (gone.length > 0) {
      const message = `${subject} has none of ${gone.join(', ')} to capture`;
      const remedy = 'The clips come without them.';
      add(['rules', i, 'capture'], 'warning', { code: 'unknown-topic', message, remedy });
    }
  }
  checkMemory(ruleSet, recording, add);
  return inOrder(problems);
}

function topicsText(known: readonly string[], subject: string): string {
  if (known.length === 0) return `${subject.replace(/^t/, 'T')} has no topics.`;
  const shown = known.toSorted().slice(0, 12).join(', ');
  return `Its topics are ${shown}${known.length > 12 ? ', …' : ''}.`;
}

const typeNames = { number: 'double', bigint: 'double', text: 'string', truth: 'bool' } as const;

function checkField(signal: Signal, channel: Channel, add: Add): void {
  const path = ['signals', signal.name, 'path'];
  try {
    const { types } = compileAccessor(channel, [{ path: signal.path, reduce: signal.reduce }]);
    const given = types[0];
    if (given === undefined || given === 'unknown' || typeNames[given] === signal.type) return;
    const message = `${signal.topic} ${signal.path} is a ${typeNames[given]}, not a ${signal.type}`;
    const remedy = `Write type: ${typeNames[given]}.`;
    add(['signals', signal.name, 'type'], 'error', { code: 'type', message, remedy });
  } catch (error) {
    const fault = asFault(error);
    const hint = nearField(signal.path, channel);
    const message = `${signal.topic}: ${fault.message}.${hint}`;
    const remedy = fault.remedy ?? 'See `fieldloop recording info` for its fields.';
    add(path, 'error', { code: 'unknown-field', message, remedy });
  }
}

function nearField(path: string, channel: Channel): string {
  try {
    return didYouMean(
      path,
      schemaFields(channel).map((field) => field.path),
    );
  } catch {
    // The schema cannot be read, as the accessor's fault says.
    return '';
  }
}

/** Bytes of one sample: its time and its value. */
const sampleBytes = 16;
const nsPerSecond = 1e9;

function checkMemory(ruleSet: RuleSet, recording: RecordingFacts, add: Add): void {
  const seconds = Number(recording.durationNs) / nsPerSecond;
  if (seconds <= 0) return;
  const rates = new Map<string, number>();
  for (const { channel, messages } of recording.channels) {
    rates.set(channel.topic, (rates.get(channel.topic) ?? 0) + messages / seconds);
  }
  const topicOf = new Map(ruleSet.signals.map((signal) => [signal.name, signal.topic]));
  const windows = new Map<string, number>();
  for (const term of ruleSet.rules.flatMap(termsOfRule).flatMap(termsOf)) {
    if (term.kind !== 'memory' || term.windowNs === undefined) continue;
    const read = term.arg === undefined ? [] : termsOf(term.arg);
    const names = read.flatMap((inner) => (inner.kind === 'signal' ? [inner.name] : []));
    const topics = new Set(names.map((name) => topicOf.get(name) ?? ''));
    if (term.topic !== undefined) topics.add(term.topic);
    const rate = [...topics].reduce((sum, topic) => sum + (rates.get(topic) ?? 0), 0);
    windows.set(term.text, rate * (term.windowNs / nsPerSecond) * sampleBytes);
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
