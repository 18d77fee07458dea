/** Signals and models of a document, and the names they give to expressions. */
import type { KnownSignal, Scope } from './cel/context.ts';
import * as limits from './limits.ts';
import { durationNs, type Report } from './report.ts';
import { readGeofences } from './read-geofences.ts';
import { readSignal } from './read-signal.ts';
import { checkTopic } from './read-topics.ts';
import { className, type Model, scoreSignals, scoreTopic, type Signal } from './rule-set.ts';
import { modelSchema, signalSchema, valueAt } from './schema.ts';

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
    ['geofences', entriesOf(data, 'geofences').length, limits.geofences],
  ] as const) {
    if (count <= most) continue;
    const message = `there are ${count} ${section}, at most ${most}`;
    report.key([section], 'limit', message, 'Split the rule set.');
  }
  const scope: Scope = {
    signal: (name) => known.get(name),
    names: [...known.keys()],
    models: ids,
    fences: readGeofences(entriesOf(data, 'geofences').slice(0, limits.geofences), report),
  };
  return { signals, models, scope };
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
    if (!shape.success) {
      for (const score of scoreSignals) known.set(`${id}.${score}`, 'broken');
      continue;
    }
    const path = ['models', id];
    const { ref, input, every, deadline, maxAge } = shape.data;
    checkTopic(input.topic, [...path, 'input', 'topic'], report);
    const more = readMore(input.more, [...path, 'input', 'more'], report);
    const moreAge = input.maxAge ?? limits.usualMoreAge;
    if (input.maxAge !== undefined && more.length === 0) {
      const message = 'input.maxAge is of further inputs, and there are none';
      report.warn([...path, 'input', 'maxAge'], 'conflict', message, withoutMore);
    }
    const age = maxAge === undefined ? undefined : positive(maxAge, [...path, 'maxAge'], report);
    const maxAgeNs = age === undefined ? Number.POSITIVE_INFINITY : Number(age);
    const everyNs = positive(every, [...path, 'every'], report);
    for (const score of scoreSignals) {
      const type = score === className ? 'string' : 'double';
      const topic = scoreTopic(id);
      known.set(`${id}.${score}`, { type, unit: undefined, topic, maxAgeNs, everyNs });
    }
    models.push({
      id,
      ref,
      inputTopic: input.topic,
      more,
      moreAgeNs: positive(moreAge, [...path, 'input', 'maxAge'], report),
      everyNs,
      deadlineNs: positive(deadline, [...path, 'deadline'], report),
      maxAgeNs,
    });
  }
  return { models, ids };
}

const withoutMore =
  'Name them under input.more, or remove it; how old a score may be is maxAge of the model.';

function readMore(
  given: Readonly<Record<string, string>> = {},
  path: readonly string[],
  report: Report,
): Model['more'] {
  const more = Object.entries(given).map(([name, topic]) => ({ name, topic }));
  for (const { name, topic } of more) checkTopic(topic, [...path, name], report);
  if (more.length > limits.moreInputs) {
    const message = `there are ${more.length} further inputs, at most ${limits.moreInputs}`;
    report.key(path, 'limit', message, 'Let the model take them as one.');
  }
  return more;
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
