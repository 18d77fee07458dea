/**
 * A rule set's text to a rule set: YAML, shape, names and expressions, every problem at once.
 * What is broken in one part hides nothing in another.
 */
import { canonicalJson, sha256Hex } from '@fieldloop/core';
import { canonicalDocument } from './canonical.ts';
import { type CaptureSet, resolveCapture } from './capture.ts';
import { signalsOf, topicsOf } from './cel/checked.ts';
import { type Declared, entriesOf, readDeclared } from './declare.ts';
import * as limits from './limits.ts';
import { inOrder, type RuleProblem } from './problem.ts';
import { checkBudgets } from './check-budgets.ts';
import { readBudgets } from './read-capture.ts';
import { readBroken } from './read-broken.ts';
import { readRule } from './read-rule.ts';
import { checkLatched, checkPatterns, checkRates } from './read-topics.ts';
import type { RuleContext } from './rule-context.ts';
import { openReport, type Report } from './report.ts';
import {
  type ReadableRules,
  type Rule,
  type RuleSet,
  termsOfRule,
  valueTermsOf,
} from './rule-set.ts';
import { budgetsSchema, captureSetSchema, ruleSchema, type RuleShape } from './rule-schema.ts';
import { ruleSetSchema, type RuleSetShape, shapeIssues, valueAt } from './schema.ts';
import { shapeProblem } from './shape-problem.ts';
import { readYaml, type YamlSource } from './yaml-source.ts';

export interface ParsedRuleSet {
  /** Present when there is no error; there may be warnings. */
  readonly ruleSet?: RuleSet;
  /** Present when there are errors: what could be read, to be compared with recordings. */
  readonly readable?: ReadableRules;
  readonly problems: readonly RuleProblem[];
}

/** Reads one rule set. `file` is what problems call it. */
export function parseRuleSet(text: string, file: string): ParsedRuleSet {
  const source = readYaml(text);
  const report = openReport(file, source);
  for (const problem of source.problems) report.found(problem);
  if (source.data === undefined || source.data === null) {
    if (source.problems.length === 0) {
      const remedy = 'Begin with apiVersion: fieldloop.rules/v1; see docs/reference/rules.md.';
      report.key([], 'yaml', 'the file holds no document', remedy);
    }
    return { problems: bounded(report.problems) };
  }
  const issues = shapeIssues(source.data);
  for (const issue of issues.slice(0, limits.problems)) {
    report.found(shapeProblem(issue, source));
  }
  checkLatched(textsOf(valueAt(source.data, ['latched'])), ['latched'], report);
  const declared = readDeclared(source.data, report);
  const { rules, broken } = readRules(source.data, declared, report);
  if (report.problems.every(({ severity }) => severity === 'warning')) {
    warnUnused(declared, [...rules.values()], report);
  }
  const budgets = budgetsSchema.safeParse(valueAt(source.data, ['budgets']));
  checkBudgets(budgets.success ? readBudgets(budgets.data) : undefined, rules, report);
  const shape = ruleSetSchema.safeParse(source.data);
  const problems = bounded(report.problems);
  if (!shape.success || problems.some(({ severity }) => severity === 'error')) {
    const all = new Map([...rules, ...broken]);
    return { readable: readable(file, { source, declared, rules: all }), problems };
  }
  const parts = { source, shape: shape.data, declared, rules: [...rules.values()] };
  return { ruleSet: assemble(file, parts), problems };
}

/** The texts of a list; nothing when it is none. */
function textsOf(list: unknown): readonly string[] {
  const all: readonly unknown[] = Array.isArray(list) ? list : [];
  return all.map((one) => (typeof one === 'string' ? one : ''));
}

/** The parts of a rule set that stand in a document with errors. */
function readable(
  file: string,
  { source, declared, rules }: Pick<Parts, 'source' | 'declared'> & Pick<RulesRead, 'rules'>,
): ReadableRules {
  const places = [...rules.keys()];
  return {
    file,
    signals: declared.signals,
    models: declared.models,
    rules: [...rules.values()],
    placeOf([section, i, ...deeper], offset) {
      const isRule = section === 'rules' && typeof i === 'number';
      const place = isRule ? (places[i] ?? i) : i;
      const path = [section, place, ...deeper].filter((step) => step !== undefined);
      return offset === undefined ? source.valuePlace(path) : source.textPlace(path, offset);
    },
  };
}

function bounded(problems: readonly RuleProblem[]): RuleProblem[] {
  return inOrder(problems).slice(0, limits.problems);
}

/** Rules by their place in the document. */
interface RulesRead {
  readonly rules: ReadonlyMap<number, Rule>;
  /** Those whose shape is wrong in places, without these. */
  readonly broken: ReadonlyMap<number, Rule>;
}

function readRules(data: unknown, declared: Declared, report: Report): RulesRead {
  const captures = readCaptures(data, report);
  const signals = new Map(declared.signals.map((signal) => [signal.name, signal]));
  const context: RuleContext = { scope: declared.scope, signals, captures, report };
  const raw = valueAt(data, ['rules']);
  const ids = new Map<string, number>();
  const rules = new Map<number, Rule>();
  const broken = new Map<number, Rule>();
  let characters = 0;
  const list = Array.isArray(raw) ? raw.slice(0, limits.rules) : [];
  for (const [i, one] of list.entries()) {
    if (report.problems.length >= limits.problems) break;
    const path = ['rules', i];
    const shape = ruleSchema.safeParse(one);
    const rule = shape.success
      ? readRule(shape.data, path, context)
      : readBroken(one, path, context);
    if (rule !== undefined) (shape.success ? rules : broken).set(i, rule);
    if (shape.success) characters += charactersOf(shape.data);
    const id = valueAt(one, ['id']);
    if (typeof id !== 'string') continue;
    const first = ids.get(id);
    if (first !== undefined) {
      const message = `rule number ${first + 1} is called "${id}" too`;
      report.value([...path, 'id'], 'duplicate-id', message, 'Give each rule an id of its own.');
    }
    ids.set(id, first ?? i);
  }
  const novelty = [...rules.values()].filter(({ sample }) => sample?.strategy === 'novelty').length;
  if (novelty > limits.noveltyRules) {
    const message = `${novelty} rules sample by novelty, at most ${limits.noveltyRules}`;
    report.key(['rules'], 'limit', message, 'Use another strategy in some of them.');
  }
  if (characters > limits.expressionsCharacters) {
    const message = `all expressions have ${characters} characters, at most ${limits.expressionsCharacters}`;
    report.key(['rules'], 'limit', message, 'Split the rule set.');
  }
  return { rules, broken };
}

function charactersOf(shape: RuleShape): number {
  const { when, clearWhen, sequence, label, limits: paced, absent, priority } = shape;
  const value = typeof priority === 'string' ? priority : undefined;
  const texts = [when, clearWhen, absent?.arm, value, paced?.per?.key, ...(sequence?.steps ?? [])];
  return [...texts, ...Object.values(label ?? {})].reduce(
    (sum, text) => sum + (text?.length ?? 0),
    0,
  );
}

function readCaptures(data: unknown, report: Report): Map<string, CaptureSet> {
  const captures = new Map<string, CaptureSet>();
  for (const [name, raw] of entriesOf(data, 'captures').slice(0, limits.captures)) {
    const shape = captureSetSchema.safeParse(raw);
    captures.set(name, shape.success ? shape.data : { topics: [] });
    if (!shape.success) continue;
    checkPatterns(shape.data.topics, ['captures', name, 'topics'], report);
    checkRates(shape.data.downsample, ['captures', name, 'downsample'], report);
  }
  for (const [name, { extends: parent }] of captures) {
    if (parent === undefined) continue;
    const resolved = resolveCapture(name, captures);
    const path = ['captures', name, 'extends'];
    if ('circle' in resolved) {
      const message = `captures extend each other: ${resolved.circle.join(' -> ')}`;
      report.value(path, 'capture', message, 'Remove one "extends".');
    } else if ('unknown' in resolved && resolved.unknown === parent) {
      const message = `unknown capture "${parent}"`;
      report.value(path, 'capture', message, `Captures are ${[...captures.keys()].join(', ')}.`);
    }
  }
  return captures;
}

/** Signals that no rule reads cost time on the robot; a latched one still goes into clips. */
function warnUnused(declared: Declared, rules: readonly Rule[], report: Report): void {
  const terms = rules.flatMap((rule) => [...termsOfRule(rule), ...valueTermsOf(rule)]);
  const used = new Set(terms.flatMap((term) => [...signalsOf(term)]));
  const topics = new Set(terms.flatMap((term) => [...topicsOf(term)]));
  for (const signal of declared.signals) {
    if (used.has(signal.name) || signal.latched || topics.has(signal.topic)) continue;
    const message = `no rule reads signal "${signal.name}"`;
    report.warn(['signals', signal.name], 'unused', message, 'Remove it, or use it in a rule.');
  }
}

interface Parts {
  readonly source: YamlSource;
  readonly shape: RuleSetShape;
  readonly declared: Declared;
  readonly rules: readonly Rule[];
}

function assemble(file: string, { source, shape, declared, rules }: Parts): RuleSet {
  const document = canonicalDocument(shape, rules);
  const { name, version } = shape.metadata;
  const latchedTopics = declared.signals.filter((signal) => signal.latched);
  const latched = new Set([...shape.latched, ...latchedTopics.map((signal) => signal.topic)]);
  return {
    file,
    name,
    version,
    digest: sha256Hex(canonicalJson(document)),
    document,
    signals: declared.signals,
    models: declared.models,
    rules,
    budgets: readBudgets(shape.budgets),
    latched: [...latched],
    placeOf: (path, offset) =>
      offset === undefined ? source.valuePlace(path) : source.textPlace(path, offset),
  };
}
