/**
 * A rule set against a recording: topics and fields that are not there, types that differ, and
 * what the rates that were seen mean for memory, cost and silence (lint-load.ts).
 */
import { asFault, didYouMean } from '@fieldloop/core';
import {
  type Channel,
  compileAccessor,
  compileListAccessor,
  type FieldType,
  schemaFields,
} from '@fieldloop/recording';
import { type Checked, termsOf } from './cel/checked.ts';
import { fieldsOf } from './cel/fold.ts';
import type { RecordingFacts } from './facts.ts';
import { type Add, checkLoad } from './lint-load.ts';
import { inOrder, problemLine, type RuleProblem } from './problem.ts';
import { pathFault } from './read-signal.ts';
import type { ReadableRules, Rule, RuleSet, Signal } from './rule-set.ts';
import { topicFits } from './topic-pattern.ts';
import type { Path } from './yaml-source.ts';

/** `subject` is what messages call the recording, or what stands for it. */
export function lintAgainst(
  ruleSet: RuleSet,
  recording: RecordingFacts,
  subject = 'the recording',
): RuleProblem[] {
  const { problems, add } = openProblems(ruleSet);
  compareTopics(ruleSet, recording, { add, subject });
  checkLoad(ruleSet, recording, add);
  return inOrder(problems);
}

/** Topics and fields alone, of what could be read of a document with errors. */
export function lintReadable(rules: ReadableRules, recording: RecordingFacts): RuleProblem[] {
  const { problems, add } = openProblems(rules);
  compareTopics(rules, recording, { add, subject: 'the recording' });
  return inOrder(problems);
}

function openProblems({ file, placeOf }: ReadableRules): { problems: RuleProblem[]; add: Add } {
  const problems: RuleProblem[] = [];
  const add: Add = (path, severity, words, offset) => {
    const { line, column } = placeOf(path, offset);
    const problem = { file, line, column, severity, ...words };
    // Channels of one topic are often of one schema: what is wrong is told once.
    const text = problemLine(problem);
    if (problems.every((one) => problemLine(one) !== text)) problems.push(problem);
  };
  return { problems, add };
}

function compareTopics(
  ruleSet: ReadableRules,
  recording: RecordingFacts,
  { add, subject }: { readonly add: Add; readonly subject: string },
): void {
  const byTopic = Map.groupBy(recording.channels, ({ channel }) => channel.topic);
  const known = [...byTopic.keys()];
  const needTopic = (topic: string, path: Path, offset?: number): boolean => {
    if (byTopic.has(topic)) return true;
    const message = `${subject} has no topic "${topic}".${didYouMean(topic, known)}`;
    const remedy = topicsText(known, subject);
    add(path, 'error', { code: 'unknown-topic', message, remedy }, offset);
    return false;
  };
  for (const signal of ruleSet.signals) {
    if (!needTopic(signal.topic, ['signals', signal.name, 'topic'])) continue;
    for (const { channel } of byTopic.get(signal.topic) ?? []) checkField(signal, channel, add);
  }
  for (const model of ruleSet.models) {
    const path = ['models', model.id, 'input'];
    needTopic(model.inputTopic, [...path, 'topic']);
    for (const { name, topic } of model.more) needTopic(topic, [...path, 'more', name]);
  }
  for (const [i, rule] of ruleSet.rules.entries()) {
    const { trigger } = rule;
    if (trigger.kind === 'absent') {
      needTopic(trigger.topic, ['rules', i, 'absent', 'topic']);
    }
    if (trigger.kind === 'manual' && trigger.topic !== undefined && !byTopic.has(trigger.topic)) {
      const message = `${subject} has no topic "${trigger.topic}".${didYouMean(trigger.topic, known)}`;
      const remedy = 'That is well where nobody asked for a clip.';
      const path = ['rules', i, 'manual', 'topic'];
      add(path, 'warning', { code: 'unknown-topic', message, remedy });
    }
    for (const { path, term } of placedTerms(rule, i)) {
      for (const inner of termsOf(term)) {
        if (inner.kind !== 'memory' || inner.topic === undefined) continue;
        if (!inner.topic.startsWith('score:')) needTopic(inner.topic, path, inner.at);
      }
    }
    const gone = rule.capture.topics.filter(
      (pattern) => pattern !== '*' && !known.some((topic) => topicFits(pattern, topic)),
    );
    if (gone.length > 0) {
      const message = `${subject} has none of ${gone.join(', ')} to capture`;
      const remedy = 'The clips come without them.';
      add(['rules', i, 'capture'], 'warning', { code: 'unknown-topic', message, remedy });
    }
  }
}

function topicsText(known: readonly string[], subject: string): string {
  if (known.length === 0) return `${subject.replace(/^t/, 'T')} has no topics.`;
  const shown = known.toSorted().slice(0, 12).join(', ');
  return `Its topics are ${shown}${known.length > 12 ? ', …' : ''}.`;
}

const typeNames = { number: 'double', bigint: 'double', text: 'string', truth: 'bool' } as const;

/** The expressions of a rule, each with its place in the document. */
function placedTerms(rule: Rule, i: number): { readonly path: Path; readonly term: Checked }[] {
  const { trigger, clearWhen } = rule;
  const placed: { path: Path; term: Checked | undefined }[] = [
    { path: ['rules', i, 'clearWhen'], term: clearWhen },
  ];
  if (trigger.kind === 'absent') {
    placed.push({ path: ['rules', i, 'absent', 'arm'], term: trigger.arm });
  } else if (trigger.kind === 'sequence') {
    for (const [k, term] of trigger.steps.entries()) {
      placed.push({ path: ['rules', i, 'sequence', 'steps', k], term });
    }
  } else if (trigger.kind !== 'manual') {
    placed.push({ path: ['rules', i, 'when'], term: trigger.condition });
  }
  for (const { name, term } of rule.label) placed.push({ path: ['rules', i, 'label', name], term });
  placed.push(
    { path: ['rules', i, 'priority'], term: rule.priorityTerm },
    { path: ['rules', i, 'limits', 'per', 'key'], term: rule.limits.per?.key },
  );
  return placed.flatMap(({ path, term }) => (term === undefined ? [] : [{ path, term }]));
}

function checkField(signal: Signal, channel: Channel, add: Add): void {
  const at = ['signals', signal.name];
  // That it is no path was told without a recording.
  if (signal.paths.some((path) => pathFault(path) !== undefined)) return;
  try {
    if (signal.type === 'list') {
      checkItems(signal, channel, add);
      return;
    }
    const specs = signal.paths.map((one) => ({ path: one, reduce: signal.reduce }));
    const { types } = compileAccessor(channel, specs);
    const wanted = signal.type === 'geo' ? 'double' : signal.type;
    for (const [i, type] of types.entries()) {
      const what = `${signal.topic} ${signal.paths[i] ?? ''}`;
      if (type === 'bigint' && wanted === 'double') tellWide(what, at, add);
      if (type === 'unknown' || typeNames[type] === wanted) continue;
      const given = typeNames[type];
      const message = `${what} is a ${given}, not a ${wanted}`;
      const remedy = signal.type === 'geo' ? 'Name a field with degrees.' : `Write type: ${given}.`;
      add([...at, 'type'], 'error', { code: 'type', message, remedy });
      return;
    }
  } catch (error) {
    const fault = asFault(error);
    const isHinted = fault.message.includes('Did you mean');
    const hint = isHinted ? '' : `.${nearField(signal.path, channel)}`;
    const message = `${signal.topic}: ${fault.message}${hint}`;
    const remedy = fault.remedy ?? 'See `fieldloop recording info` for its fields.';
    add([...at, 'path'], 'error', { code: 'unknown-field', message, remedy });
  }
}

/** A double holds integers below 2^53 exactly; stamps in nanoseconds are larger. */
function tellWide(what: string, at: Path, add: Add): void {
  const message = `${what} is a 64-bit integer: it is unknown from 2^53 on`;
  const remedy = 'That is well where it stays below; else name a smaller field, or send a double.';
  add([...at, 'path'], 'warning', { code: 'type', message, remedy });
}

/** Fields of a list's items, as the rules use them. */
function checkItems(signal: Signal, channel: Channel, add: Add): void {
  const at = ['signals', signal.name];
  const used = new Map<string, string>();
  for (const fold of signal.folds.values()) {
    const parts = [...fold.filters, ...(fold.body === undefined ? [] : [fold.body])];
    for (const term of parts.flatMap(termsOf)) {
      if (term.kind === 'item') used.set(term.field, term.type);
    }
  }
  const fields = [...new Set([...signal.folds.values()].flatMap(fieldsOf))];
  const { path, maxItems } = signal;
  compileListAccessor(channel, { path, fields: [], maxItems });
  for (const field of fields) {
    const { types } = compileListAccessor(channel, { path, fields: [field], maxItems });
    const type: FieldType = types[0] ?? 'unknown';
    const wanted = used.get(field);
    const what = field === '' ? `an item of ${path}` : `${field} of ${path}`;
    if (type === 'bigint' && wanted === 'double') tellWide(`${signal.topic}: ${what}`, at, add);
    if (type === 'unknown' || wanted === undefined || typeNames[type] === wanted) continue;
    const message = `${signal.topic}: ${what} is a ${typeNames[type]}, rules use it as a ${wanted}`;
    const remedy = `Compare it with a ${typeNames[type]}.`;
    add([...at, 'path'], 'error', { code: 'type', message, remedy });
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
