/**
 * A rule set laid out for running: slots of signals side by side by topic, cells of functions
 * with memory in the order in which they fold, and for each topic the rules it can change.
 */
import type { SignalSpec, SlotState } from '@fieldloop/recording';
import { type Slots, slotState } from '@fieldloop/recording/slots';
import type { Absence } from './absence.ts';
import {
  type Checked,
  isMomentary,
  isTimed,
  isTimedCall,
  type MemoryTerm,
  slotNameOf,
  termsOf,
} from './cel/checked.ts';
import { type Moment, openMoment } from './cel/compare.ts';
import {
  compileNumber,
  compilePlace,
  compileText,
  compileTruth,
  type Sources,
} from './cel/compile.ts';
import { type ListRun, openListRun } from './cel/fold.ts';
import { compileMargin } from './cel/margin.ts';
import { openSlots } from './held.ts';
import * as limits from './limits.ts';
import type { MemoryCell } from './memory/cell.ts';
import { openCell } from './memory/memory.ts';
import type { WindowBudget } from './memory/samples.ts';
import {
  askTopic,
  type Rule,
  type PlainRuleSet,
  className,
  scoreNames,
  scoreSignals,
  scoreTopic,
  type Signal,
  termsOfRule,
  valueTermsOf,
} from './rule-set.ts';
import { rateTerm } from './shown.ts';
import { isTimedRule, openQuietTime } from './quiet-time.ts';
import { openRun, type RuleRun } from './rule-run.ts';
import { openShaper, type Shaper } from './shaper.ts';

/** One topic: where its values go and what they can change. */
export interface TopicPlan {
  readonly name: string;
  readonly index: number;
  readonly firstSlot: number;
  readonly specs: readonly SignalSpec[];
  /** Lists of its messages; their answers stand behind the values of `specs`. */
  readonly lists: readonly ListPlan[];
  readonly slotCount: number;
  /** Cells that fold with each message, inner ones first. */
  readonly cells: MemoryCell[];
  /** Absences that each message ends. */
  readonly absences: Absence[];
  /** Rules to look at when a value changed, and those to look at in any case; document order. */
  readonly rules: RuleRun[];
  readonly ruleAlways: RuleRun[];
  /** Largest log time of a message, ns of the epoch. */
  newestNs: number;
}

export interface ListPlan {
  readonly run: ListRun;
  /** Its first slot among those of the topic, and how many follow. */
  readonly at: number;
  readonly count: number;
}

interface SlotPlan {
  readonly state: SlotState;
  readonly maxAgeNs: number;
  readonly shaper: Shaper | undefined;
  readonly cells: MemoryCell[];
  readonly rules: RuleRun[];
}

/** A cell with its key, which is the text of its call. */
export interface NamedCell {
  readonly key: string;
  readonly cell: MemoryCell;
}

export interface Program {
  readonly moment: Moment;
  readonly slots: Slots;
  /** What conditions were compiled over; parts of them compile over the same. */
  readonly sources: Sources;
  readonly plans: readonly SlotPlan[];
  readonly topics: Map<string, TopicPlan>;
  readonly runs: readonly RuleRun[];
  readonly cells: readonly NamedCell[];
  /** Rules whose expressions hold the call that the cell is. */
  readonly readersOf: (cell: MemoryCell) => readonly RuleRun[];
  /** Where the latest embedding of a model stands, when a rule compares it. */
  readonly slotOfEmbedding: (model: string) => number | undefined;
  readonly budget: WindowBudget;
  /** Looked at on the grid of ticks, and how long after the last message that can matter. */
  readonly timedCells: readonly MemoryCell[];
  readonly timedRules: readonly RuleRun[];
  readonly quietNs: () => number;
  readonly hasTicks: boolean;
  /** Cells that are true at one moment, and what reads them: looked at again right after it. */
  readonly momentSources: readonly MemoryCell[];
  readonly momentCells: readonly MemoryCell[];
  readonly momentRules: readonly RuleRun[];
  /** Every message counts for `every` and for ticks, read or not. */
  readonly holdsAll: boolean;
  /** Values of the widest topic. */
  readonly stride: number;
}

const stateOf = {
  double: slotState.number,
  string: slotState.text,
  bool: slotState.truth,
  geo: slotState.number,
  list: slotState.unknown,
} as const;

export function openProgram(ruleSet: PlainRuleSet): Program {
  const layout = layOut(ruleSet);
  const moment = openMoment();
  const slots = openSlots(layout.plans.length);
  const budget: WindowBudget = { leftBytes: limits.windowBytes, overflows: 0 };
  const cells = new Map<string, { cell: MemoryCell; term: MemoryTerm }>();
  const sources: Sources = {
    moment,
    slots,
    slotOf: (signal) => layout.slotOf.get(signal) ?? 0,
    memoryOf(term) {
      const known = cells.get(term.text);
      if (known !== undefined) return known.cell;
      const cell = openTermCell(term, sources, budget);
      cells.set(term.text, { cell, term });
      return cell;
    },
    marginOf: (condition) => compileMargin(condition, sources),
  };
  const runs = ruleSet.rules.map((rule) => openRun(rule, sources));
  const quietNs = openQuietTime(ruleSet.rules, sources);
  const slotOfEmbedding = (model: string): number | undefined =>
    layout.slotOf.get(`${model}.${embeddingName}`);
  for (const { cell, term } of cells.values()) wireCell(term, cell, layout);
  for (const run of runs) wireRun(run, layout);
  const timedRules = runs.filter((run) => isTimedRule(run.rule));
  const reading = (test: (term: Checked) => boolean): MemoryCell[] =>
    [...cells.values()]
      .filter(({ term }) => term.arg !== undefined && test(term.arg))
      .map(({ cell }) => cell);
  const timedCells = reading(isTimed);
  const momentTerms = [...cells.values()].filter(({ term }) => isMomentStep(term));
  return {
    moment,
    slots,
    sources,
    plans: layout.plans,
    topics: layout.topics,
    runs,
    slotOfEmbedding,
    readersOf: (cell) => readersOf(runs, cells, cell),
    cells: [...cells].map(([key, { cell }]) => ({ key, cell })),
    budget,
    timedCells,
    timedRules,
    hasTicks: timedRules.length > 0 || timedCells.length > 0,
    quietNs,
    momentSources: momentTerms.map(({ cell }) => cell),
    momentCells: reading(isMomentary),
    momentRules: runs.filter(({ rule }) => !isEvery(rule) && termsOfRule(rule).some(isMomentary)),
    holdsAll:
      timedRules.length > 0 ||
      runs.some(({ rule }) => isEvery(rule)) ||
      countsBytes(ruleSet.budgets),
    stride: Math.max(0, ...[...layout.topics.values()].map((topic) => topic.slotCount)),
  };
}

const countsBytes = (budgets: PlainRuleSet['budgets']): boolean =>
  [budgets?.day, budgets?.hour].some((one) => one !== undefined && Number.isFinite(one.bytes));

const isEvery = (rule: Rule): boolean => rule.trigger.kind === 'every';

const isMomentStep = (term: MemoryTerm): boolean =>
  term.fn === 'changed' || term.fn === 'rise' || term.fn === 'fall';

/** The last slot of a model whose embeddings a rule compares: base64. */
export const embeddingName = 'embedding';

function readersOf(
  runs: readonly RuleRun[],
  cells: ReadonlyMap<string, { readonly cell: MemoryCell }>,
  cell: MemoryCell,
): readonly RuleRun[] {
  const keys = new Set([...cells].flatMap(([key, one]) => (one.cell === cell ? [key] : [])));
  return runs.filter(({ rule }) => {
    const terms = [...termsOfRule(rule), ...valueTermsOf(rule)].flatMap(termsOf);
    const { trigger } = rule;
    if (trigger.kind === 'absent' && trigger.minHz !== undefined) terms.push(rateTerm(trigger));
    return terms.some(({ kind, text }) => kind === 'memory' && keys.has(text));
  });
}

interface Layout {
  readonly plans: SlotPlan[];
  readonly slotOf: ReadonlyMap<string, number>;
  readonly topics: Map<string, TopicPlan>;
  readonly topicOf: (signal: string) => string;
}

function layOut(ruleSet: PlainRuleSet): Layout {
  // By name, so that one digest has one layout whatever the order in the file.
  const byTopic = Map.groupBy(byKey(ruleSet.signals, 'name'), (signal) => signal.topic);
  const plans: SlotPlan[] = [];
  const slotOf = new Map<string, number>();
  const topicOf = new Map<string, string>();
  const topics = new Map<string, TopicPlan>();
  const place = (name: string, topic: string, plan: Pick<SlotPlan, 'state' | 'maxAgeNs'>): void => {
    slotOf.set(name, plans.length);
    topicOf.set(name, topic);
    plans.push({ shaper: undefined, ...plan, cells: [], rules: [] });
  };
  for (const [topic, all] of byTopic) {
    const signals = all.filter(({ type }) => type !== 'list');
    const lists = all.filter(({ type }) => type === 'list');
    const specs = signals.flatMap(specsOf);
    const firstSlot = plans.length;
    topicPlan(topics, topic, { firstSlot, specs, lists: listPlans(lists, specs.length) });
    for (const { name, type, maxAgeNs, paths, shaping } of signals) {
      const shaper = shaping && openShaper(shaping);
      const plan = { state: stateOf[type], maxAgeNs, shaper };
      place(name, topic, plan);
      // The longitude of a position stands behind its latitude.
      if (paths.length === 2) plans.push({ ...plan, cells: [], rules: [] });
    }
    for (const { name, folds, maxAgeNs } of lists) {
      topicOf.set(name, topic);
      for (const fold of byKey([...folds.values()], 'text')) {
        place(fold.text, topic, { state: stateOf[fold.type], maxAgeNs });
      }
    }
  }
  for (const { id, maxAgeNs } of byKey(ruleSet.models, 'id')) {
    const topic = scoreTopic(id);
    const isCompared = ruleSet.rules.some(({ sample }) => sample?.model === id);
    const names = isCompared ? [...scoreSignals, embeddingName] : scoreSignals;
    const specs = names.map((name) => ({ path: name }));
    topicPlan(topics, topic, { firstSlot: plans.length, specs });
    const scored = { state: slotState.number, maxAgeNs };
    for (const score of scoreNames) place(`${id}.${score}`, topic, scored);
    const told = { state: slotState.text, maxAgeNs };
    place(`${id}.${className}`, topic, told);
    if (isCompared) place(`${id}.${embeddingName}`, topic, told);
  }
  return { plans, slotOf, topics, topicOf: (signal) => topicOf.get(signal) ?? '' };
}

function byKey<K extends string, T extends Readonly<Record<K, string>>>(
  items: readonly T[],
  key: K,
): T[] {
  return items.toSorted((a, b) => (a[key] < b[key] ? -1 : 1));
}

/** The plan of a topic, made when it is new. */
export function topicPlan(
  topics: Map<string, TopicPlan>,
  name: string,
  parts: Pick<TopicPlan, 'firstSlot' | 'specs'> & Partial<Pick<TopicPlan, 'lists'>> = {
    firstSlot: 0,
    specs: [],
  },
): TopicPlan {
  const known = topics.get(name);
  if (known !== undefined) return known;
  const plan: TopicPlan = {
    name,
    index: topics.size,
    lists: [],
    ...parts,
    slotCount: (parts.lists ?? []).reduce((sum, { count }) => sum + count, parts.specs.length),
    cells: [],
    absences: [],
    rules: [],
    ruleAlways: [],
    newestNs: Number.NEGATIVE_INFINITY,
  };
  topics.set(name, plan);
  return plan;
}

/** Answers in the order of their text, list behind list. */
function listPlans(lists: readonly Signal[], from: number): ListPlan[] {
  let at = from;
  return lists.map((list) => {
    const terms = byKey([...list.folds.values()], 'text');
    const plan = { run: openListRun(list, terms), at, count: terms.length };
    at += terms.length;
    return plan;
  });
}

function specsOf({ paths, reduce }: Signal): SignalSpec[] {
  return paths.map((path) => ({ path, reduce }));
}

function openTermCell(term: MemoryTerm, sources: Sources, budget: WindowBudget): MemoryCell {
  const { arg } = term;
  const isText = arg?.type === 'string';
  const isTruth = arg?.type === 'bool';
  const isPlace = arg?.type === 'geo';
  const isNumber = arg !== undefined && !isText && !isTruth && !isPlace;
  return openCell({
    fn: term.fn,
    moment: sources.moment,
    windowNs: term.windowNs ?? 0,
    quantile: term.quantile ?? 0,
    number: isNumber ? compileNumber(arg, sources) : undefined,
    text: isText ? compileText(arg, sources) : undefined,
    truth: isTruth ? compileTruth(arg, sources) : undefined,
    place: isPlace ? compilePlace(arg, sources) : undefined,
    budget,
  });
}

/** A cell folds with the messages of its topic, or of the signals of its argument. */
function wireCell(term: MemoryTerm, cell: MemoryCell, layout: Layout): void {
  const inner = term.arg === undefined ? [] : termsOf(term.arg);
  const names = inner.map(slotNameOf).filter((name) => name !== undefined);
  const topics = new Set(names.map(layout.topicOf));
  for (const one of [term, ...inner]) {
    if (one.kind === 'memory' && one.topic !== undefined) topics.add(one.topic);
  }
  for (const topic of topics) topicPlan(layout.topics, topic).cells.push(cell);
  for (const name of new Set(names)) {
    layout.plans[layout.slotOf.get(name) ?? -1]?.cells.push(cell);
  }
}

/** A rule is looked at with the messages of all topics it reads. */
function wireRun(run: RuleRun, layout: Layout): void {
  const { trigger } = run.rule;
  // Times of `every` come by themselves; its condition is asked for only then.
  if (trigger.kind === 'every') return;
  const terms = termsOfRule(run.rule).flatMap(termsOf);
  const isStateful =
    trigger.kind === 'absent' ||
    trigger.kind === 'manual' ||
    terms.some((term) => term.kind === 'memory' || isTimedCall(term));
  const topics = new Set<string>();
  for (const term of terms) {
    if (term.kind === 'memory' && term.topic !== undefined) topics.add(term.topic);
    const name = slotNameOf(term);
    if (name === undefined) continue;
    topics.add(layout.topicOf(name));
    const plan = layout.plans[layout.slotOf.get(name) ?? -1];
    if (plan !== undefined && !plan.rules.includes(run)) plan.rules.push(run);
  }
  if (trigger.kind === 'absent') topics.add(trigger.topic);
  if (trigger.kind === 'manual') {
    topics.add(askTopic(run.rule.id));
    if (trigger.topic !== undefined) topics.add(trigger.topic);
  }
  for (const topic of topics) {
    const plan = topicPlan(layout.topics, topic);
    plan.rules.push(run);
    if (isStateful) plan.ruleAlways.push(run);
  }
  if (trigger.kind === 'absent' && run.absence !== undefined) {
    topicPlan(layout.topics, trigger.topic).absences.push(run.absence);
  }
}
