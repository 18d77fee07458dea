/**
 * What `npm run fuzz` bends of this room: documents and expressions. Each gives problems with
 * places, or a rule set that runs over any messages, goes on after a restart and reads again from
 * its canonical document.
 */
import { canonicalJson, type Json, type Random, seededRandom } from '@fieldloop/core';
import { type FuzzResult, type FuzzTarget, maxFuzzFailures } from '@fieldloop/core/fuzz';
import { listState, slotState } from '@fieldloop/recording';
import { checkCondition, checkNumber } from './cel/check.ts';
import type { FoldTerm } from './cel/checked.ts';
import { openMoment } from './cel/compare.ts';
import { compileTruth, type Sources } from './cel/compile.ts';
import type { KnownSignal, Scope } from './cel/context.ts';
import { openListRun } from './cel/fold.ts';
import { compileMargin } from './cel/margin.ts';
import { parseRuleSet } from './document.ts';
import { openEngine } from './engine.ts';
import {
  drawDocument,
  drawDouble,
  drawExpression,
  drawMessages,
  oneOf,
} from './fuzz-draw.sample.ts';
import { openPolygon } from './geo/fence.ts';
import { openSlots } from './held.ts';
import * as limits from './limits.ts';
import type { RuleProblem } from './problem.ts';
import type { RuleSet } from './rule-set.ts';
import { channelsOf, type TestMessage, wholeBlock } from './test-blocks.ts';

/** One document for so many expressions: it costs as much as they do. */
const expressionsToADocument = 20;
const progressEvery = 500;

export const fuzzRules: FuzzTarget = async ({ seed, inputs, onProgress }) => {
  const random = seededRandom(`rules/${seed}`);
  const counts = new Map<string, number>();
  const failures: string[] = [];
  let done = 0;
  while (done < inputs && failures.length < maxFuzzFailures) {
    const isDocument = done % expressionsToADocument === 0;
    const input = isDocument ? drawDocument(random) : drawExpression(random);
    let outcome: string;
    try {
      outcome = isDocument ? tryDocument(input, random) : tryExpression(input, random);
    } catch (error) {
      const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
      const [what = '', where = ''] = trace.split('\n');
      outcome = 'failed';
      failures.push(`input ${done}: ${what}${where} at ${JSON.stringify(input)}`);
    }
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    done += 1;
    if (done % progressEvery !== 0) continue;
    onProgress?.(done, failures);
    // What hears of the progress gets its turn.
    await Promise.resolve();
  }
  return resultOf(done, counts, failures);
};

function resultOf(
  inputs: number,
  counts: ReadonlyMap<string, number>,
  failures: readonly string[],
): FuzzResult {
  const lines = [...counts].map(([outcome, count]) => `${outcome}: ${count}`);
  lines.sort((a, b) => (a < b ? -1 : 1));
  return { inputs, lines, failures };
}

function openScope(): { readonly scope: Scope; readonly folds: Map<string, FoldTerm> } {
  const folds = new Map<string, FoldTerm>();
  const signals = new Map<string, KnownSignal>([
    ['vx', { type: 'double', unit: 'm/s', topic: '/odom' }],
    ['range', { type: 'double', unit: 'm', topic: '/scan' }],
    ['net.entropy', { type: 'double', topic: 'score:net' }],
    ['net.margin', { type: 'double', topic: 'score:net' }],
    ['mode', { type: 'string', topic: '/mode' }],
    ['ok', { type: 'bool', topic: '/ok' }],
    ['pos', { type: 'geo', topic: '/fix' }],
    ['dets', { type: 'list', topic: '/dets', folds }],
  ]);
  const dock = openPolygon([
    [52, 4],
    [52, 4.1],
    [52.1, 4.1],
  ]);
  const scope: Scope = {
    signal: (name) => signals.get(name),
    names: [...signals.keys()],
    models: ['net'],
    fences: new Map('message' in dock ? [] : [['dock', dock]]),
  };
  return { scope, folds };
}

/** Checks, compiles and evaluates one expression and its margin over random slots. */
function tryExpression(text: string, random: Random): string {
  const { scope, folds } = openScope();
  const { checked, problems } = checkCondition(text, scope);
  if ((checked === undefined) === (problems.length === 0)) throw new Error('no answer');
  for (const { at, message, remedy } of problems) {
    const isPlaced = at >= 0 && at <= text.length && message !== '' && remedy !== '';
    if (!isPlaced) throw new Error(`a problem without place or words: ${message}`);
  }
  if (checked === undefined) return 'expression refused';
  if (checkNumber('margin()', scope, checked).checked === undefined) throw new Error('no margin');
  // Its canonical text means the same.
  const again = checkCondition(checked.text, openScope().scope);
  const same = again.checked?.text;
  if (same !== checked.text && checked.text.length <= limits.expressionCharacters) {
    const why = again.problems.map((one) => one.message).join('; ');
    if (!/nested|brackets/.test(why)) throw new Error(`${checked.text} reads as ${same} ${why}`);
  }
  const terms = [...folds.values()];
  const run = openListRun({ path: 'items', maxItems: 8 }, terms);
  const names = scope.names.flatMap((name) => (name === 'pos' ? [name, 'lon'] : [name]));
  const slots = openSlots(names.length + terms.length);
  const sources: Sources = {
    moment: openMoment(),
    slots,
    slotOf: (name) => {
      const place = names.indexOf(name);
      return place >= 0 ? place : names.length + terms.findIndex((term) => term.text === name);
    },
    memoryOf: () => memory,
    marginOf: (of) => compileMargin(of, sources),
  };
  const value = { number: 0, second: 0, text: 'A' as string | undefined, isKnown: true };
  const memory = {
    get number() {
      return value.number;
    },
    get second() {
      return value.second;
    },
    get text() {
      return value.text;
    },
    known: () => value.isKnown,
  };
  const truth = compileTruth(checked, sources);
  const margin = compileMargin(checked, sources);
  for (let round = 0; round < 4; round += 1) {
    for (let i = 0; i < names.length; i += 1) drawSlot(slots, i, random);
    const { values } = run.items;
    for (let i = 0; i < values.states.length; i += 1) drawSlot(values, i, random);
    run.items.count = random.integer(9);
    run.answer(random.integer(8) === 0 ? listState.overflow : listState.read, slots, names.length);
    value.number = drawDouble(random);
    value.second = drawDouble(random);
    value.isKnown = random.integer(4) > 0;
    agree(truth(), margin(), hasOwnPast(checked.text));
  }
  return 'expression accepted';
}

/** Memory is drawn here, so a hold and its margin may not know of each other. */
const hasOwnPast = (text: string): boolean => /\b(held|once)\(/.test(text);

function agree(truth: number, margin: number, isLoose: boolean): void {
  if (truth !== 0 && truth !== 1 && truth !== 2) throw new Error(`${truth} is no truth`);
  if (isLoose) return;
  if (Number.isNaN(margin) !== (truth === 2)) throw new Error(`margin ${margin} of ${truth}`);
  if ((margin > 0 && truth === 0) || (margin < 0 && truth === 1)) {
    throw new Error(`margin ${margin} of ${truth}`);
  }
}

function drawSlot(slots: ReturnType<typeof openSlots>, i: number, random: Random): void {
  const { unknown, number, text, truth, fault } = slotState;
  slots.states[i] = oneOf([unknown, number, number, number, text, truth, fault], random);
  slots.numbers[i] = slots.states[i] === truth ? random.integer(2) : drawDouble(random);
  slots.texts[i] = slots.states[i] === text ? oneOf(['AUTO', '', 'x', 'é😀'], random) : undefined;
}

function tryDocument(text: string, random: Random): string {
  const { ruleSet, problems } = parseRuleSet(text, 'fuzz.yaml');
  checkProblems(text, problems, ruleSet !== undefined);
  if (ruleSet === undefined) return 'document refused';
  const canonical = parseRuleSet(JSON.stringify(ruleSet.document), 'again.yaml');
  if (canonical.ruleSet?.digest !== ruleSet.digest) {
    const why = canonical.problems.map(({ message }) => message).join('; ');
    throw new Error(`the canonical document is another one: ${why}`);
  }
  const whole = runOver(ruleSet, drawMessages(ruleSet, random), random.integer(40));
  return whole > 0 ? 'document accepted, fired' : 'document accepted';
}

function checkProblems(text: string, problems: readonly RuleProblem[], isRead: boolean): void {
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (isRead !== (errors.length === 0)) throw new Error('errors and no answer, or neither');
  if (problems.length > limits.problems) throw new Error(`${problems.length} problems`);
  const lines = text.split('\n').length;
  for (const { line, column, message, remedy } of problems) {
    const isPlaced = line >= 1 && line <= lines && column >= 1 && message !== '' && remedy !== '';
    if (!isPlaced) throw new Error(`${line}:${column} of ${lines} lines: ${message}`);
  }
}

/** Runs the messages in one piece, and cut in two with a restart between: equal outputs. */
function runOver(ruleSet: RuleSet, messages: readonly TestMessage[], cut: number): number {
  const channels = channelsOf(messages);
  const options = { device: 'fuzz' };
  const run = (at: number | undefined): { count: number; said: string } => {
    let engine = openEngine(ruleSet, options);
    for (const channel of channels) engine.channel(0, channel);
    const outputs: unknown[] = [];
    const parts = at === undefined ? [messages] : [messages.slice(0, at), messages.slice(at)];
    for (const [i, part] of parts.entries()) {
      if (part.length > 0) outputs.push(...engine.block(0, wholeBlock(part, channels)));
      if (i > 0 || at === undefined) continue;
      const saved = canonicalJson(engine.checkpoint());
      engine = openEngine(ruleSet, options);
      for (const channel of channels) engine.channel(0, channel);
      engine.restore(JSON.parse(saved) as Json);
    }
    outputs.push(...engine.flush());
    const said = JSON.stringify(outputs, (_, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    return { count: outputs.length, said };
  };
  const whole = run(undefined);
  if (run(cut % (messages.length + 1)).said !== whole.said) throw new Error('a restart changes it');
  return whole.count;
}
