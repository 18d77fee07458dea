/** Signals and models of a document, and the names they give to expressions. */
import { didYouMean } from '@fieldloop/core';
import type { KnownSignal, Scope } from './cel/context.ts';
import * as limits from './limits.ts';
import { durationNs, type Report } from './report.ts';
import { type Model, type Reduce, scoreNames, scoreTopic, type Signal } from './rule-set.ts';
import { modelSchema, type SignalShape, signalSchema, valueAt } from './schema.ts';
import { knownUnits, otherSpellings } from './unit.ts';

export interface Declared {
  readonly signals: readonly Signal[];
  readonly models: readonly Model[];
  readonly scope: Scope;
}

/** Words that CEL keeps for itself (language definition, section Syntax). */
const reserved = new Set(
  (
    'false in null true as break const continue else for function if import let loop package ' +
    'namespace return var void while'
  ).split(' '),
);

/** Reads what is declared as far as its shape allows; a broken entry still takes its name. */
export function readDeclared(data: unknown, report: Report): Declared {
  const signals: Signal[] = [];
  const known = new Map<string, KnownSignal | 'broken'>();
  const written = entriesOf(data, 'signals');
  for (const [name, raw] of written.slice(0, limits.signals)) {
    const shape = signalSchema.safeParse(raw);
    const signal = shape.success ? readSignal(name, shape.data, report) : undefined;
    if (signal !== undefined) signals.push(signal);
    known.set(name, signal ?? 'broken');
    if (reserved.has(name)) {
      const message = `"${name}" is a word of CEL`;
      report.key(['signals', name], 'bad-value', message, 'Choose another name.');
    }
  }
  const { models, ids } = readModels(data, report, known);
  for (const [section, count, most] of [
    ['signals', written.length, limits.signals],
    ['models', entriesOf(data, 'models').length, limits.models],
    ['captures', entriesOf(data, 'captures').length, limits.captures],
  ] as const) {
    if (count <= most) continue;
    const message = `there are ${count} ${section}, at most ${most}`;
    report.key([section], 'limit', message, 'Split the rule set.');
  }
  const scope: Scope = {
    signal: (name) => known.get(name),
    names: [...known.keys()],
    models: ids,
  };
  return { signals, models, scope };
}

function readSignal(name: string, shape: SignalShape, report: Report): Signal {
  const path = ['signals', name];
  const { latched, maxAge } = shape;
  if (latched && maxAge !== undefined) {
    const message = 'a latched signal holds until the next message and has no maxAge';
    report.key([...path, 'maxAge'], 'conflict', message, 'Remove one of the two.');
  }
  const isList = shape.path.includes('[]');
  if (isList && shape.reduce === undefined) {
    const message = `path "${shape.path}" gives a list`;
    const remedy = 'Add reduce: {fn: min}, or name one item, for example ranges[0].';
    report.value([...path, 'path'], 'type', message, remedy);
  }
  if (!isList && shape.reduce !== undefined) {
    const message = `path "${shape.path}" gives one value, there is nothing to reduce`;
    report.key([...path, 'reduce'], 'type', message, 'Write [] after the list, or remove reduce.');
  }
  if (isList && shape.type !== 'double') {
    const message = 'a reduced list is a number';
    report.value([...path, 'type'], 'type', message, 'Write type: double.');
  }
  if (shape.unit !== undefined) checkUnit(shape.unit, [...path, 'unit'], report);
  if (shape.unit !== undefined && shape.type !== 'double') {
    const message = `a ${shape.type} has no unit`;
    report.key([...path, 'unit'], 'unit', message, 'Remove it.');
  }
  const age = maxAge === undefined ? undefined : positive(maxAge, [...path, 'maxAge'], report);
  return {
    name,
    topic: shape.topic,
    path: shape.path,
    type: shape.type,
    unit: shape.unit,
    reduce: shape.reduce && readReduce(shape.reduce, path, report),
    maxAgeNs: age === undefined ? Number.POSITIVE_INFINITY : Number(age),
    latched,
    fits: shape.fits ?? [],
  };
}

function readReduce(
  reduce: NonNullable<SignalShape['reduce']>,
  path: readonly string[],
  report: Report,
): Reduce {
  const { fn, valid } = reduce;
  if (valid !== undefined && !(valid[0] <= valid[1])) {
    const message = `the range [${valid.join(', ')}] is empty`;
    const remedy = 'Write the smaller bound first.';
    report.value([...path, 'reduce', 'valid'], 'bad-value', message, remedy);
  }
  return { fn, valid: valid && [valid[0], valid[1]] };
}

function checkUnit(unit: string, path: readonly string[], report: Report): void {
  if (knownUnits.has(unit)) return;
  const other = Object.hasOwn(otherSpellings, unit) ? otherSpellings[unit] : undefined;
  const hint = other === undefined ? didYouMean(unit, knownUnits) : ` Did you mean "${other}"?`;
  const remedy = `Units are ${[...knownUnits].join(', ')}.`;
  report.value(path, 'unit', `unknown unit "${unit.slice(0, 40)}".${hint}`, remedy);
}

function readModels(
  data: unknown,
  report: Report,
  known: Map<string, KnownSignal | 'broken'>,
): { models: Model[]; ids: string[] } {
  const models: Model[] = [];
  const ids: string[] = [];
  for (const [id, raw] of entriesOf(data, 'models').slice(0, limits.models)) {
    ids.push(id);
    const shape = modelSchema.safeParse(raw);
    for (const score of scoreNames) {
      const signal: KnownSignal = { type: 'double', unit: undefined, topic: scoreTopic(id) };
      known.set(`${id}.${score}`, shape.success ? signal : 'broken');
    }
    if (!shape.success) continue;
    const path = ['models', id];
    const { ref, input, every, deadline, maxAge } = shape.data;
    const age = maxAge === undefined ? undefined : positive(maxAge, [...path, 'maxAge'], report);
    models.push({
      id,
      ref,
      inputTopic: input.topic,
      everyNs: positive(every, [...path, 'every'], report),
      deadlineNs: positive(deadline, [...path, 'deadline'], report),
      maxAgeNs: age === undefined ? Number.POSITIVE_INFINITY : Number(age),
    });
  }
  return { models, ids };
}

function positive(text: string, path: readonly string[], report: Report): bigint {
  return durationNs(text, path, report, { least: 1_000_000n });
}

/** The members of a section that is a map; nothing when it is not one. */
export function entriesOf(data: unknown, section: string): [string, unknown][] {
  const value = valueAt(data, [section]);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value);
}
