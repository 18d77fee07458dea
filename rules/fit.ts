/**
 * Which rules of the library fit a recording. A rule fits when each topic it reads has one in the
 * recording with a schema that the rule names (`fits`) and a field at its path; the rule is then
 * wired to that topic. Ordinary moments are sampled from every recording.
 */
import { formatDurationNs, type Json } from '@fieldloop/core';
import { type Channel, compileAccessor, compileListAccessor } from '@fieldloop/recording';
import { signalsOf, topicsOf } from './cel/checked.ts';
import type { ChannelFacts, RecordingFacts } from './facts.ts';
import type { LibraryEntry } from './library.ts';
import { dataOf, emptyData, finishData, type Merged, type RuleSetData } from './merge.ts';
import { type Rule, scoreSignals, type Signal, termsOfRule } from './rule-set.ts';

export interface Fit extends Merged {
  readonly chosen: readonly { readonly rule: string; readonly why: string }[];
  readonly skipped: readonly { readonly rule: string; readonly reason: string }[];
}

/** Dropout rules for the busiest sensors; more of them would say the same. */
const mostDropouts = 4;
/** A topic below this many messages shows no rate. */
const leastMessages = 20;
const leastHz = 1;
/** A value older than this says nothing about the present. */
const longestAgeNs = 10e9;

type JsonMap = Record<string, Json>;

interface Fitting {
  readonly recording: RecordingFacts;
  readonly data: RuleSetData;
  /** Topics of the library to topics of the recording. */
  readonly wired: Map<string, ChannelFacts>;
  readonly chosen: { rule: string; why: string }[];
  readonly skipped: { rule: string; reason: string }[];
}

export function fitLibrary(recording: RecordingFacts, library: readonly LibraryEntry[]): Fit {
  const fitting: Fitting = {
    recording,
    data: emptyData({ name: 'library-fit', version: 1 }),
    wired: new Map(),
    chosen: [],
    skipped: [],
  };
  const topics = new Set(recording.channels.map(({ channel }) => channel.topic));
  for (const { text, ruleSet } of library) {
    const written = dataOf(text);
    for (const [i, rule] of ruleSet.rules.entries()) {
      const raw = written.rules[i] ?? {};
      if (rule.trigger.kind === 'every') fitEvery(rule, raw, fitting);
      else if (rule.trigger.kind === 'absent') fitAbsent(rule, raw, fitting);
      else fitWhen(rule, raw, { fitting, written, signals: ruleSet.signals });
    }
    for (const topic of written.latched) {
      if (topics.has(topic) && !fitting.data.latched.includes(topic)) {
        fitting.data.latched.push(topic);
      }
    }
  }
  const { chosen, skipped } = fitting;
  return { ...finishData(fitting.data, 'library-fit.yaml'), chosen, skipped };
}

/** The capture of a fitted rule takes all topics: the names of the library's are not there. */
function allTopics(raw: JsonMap): JsonMap {
  const { set: _set, topics: _topics, ...times } = (raw['capture'] ?? {}) as JsonMap;
  return times;
}

const second = 1_000_000_000n;

/**
 * A recording may last seconds or hold a single message: a short one is sampled from its first
 * message on, a longer one a little later, and each several times.
 */
function fitEvery(rule: Rule, raw: JsonMap, { recording, data, chosen }: Fitting): void {
  const { durationNs } = recording;
  const first = durationNs < 20n * second ? 0n : 5n * second;
  const fourth = durationNs / 4n;
  const period =
    fourth < 15n * second ? 15n * second : fourth > 600n * second ? 600n * second : roundUp(fourth);
  const times = { period: formatDurationNs(period), first: formatDurationNs(first) };
  data.rules.push({ ...raw, every: times, capture: allTopics(raw) });
  chosen.push({
    rule: rule.id,
    why: `fits every recording; this one lasts ${secondsText(durationNs)}, so each ${times.period} from ${times.first} on`,
  });
}

const roundUp = (ns: bigint): bigint => ((ns + second - 1n) / second) * second;

function secondsText(ns: bigint): string {
  return `${(Number(ns) / 1e9).toFixed(1)} s`;
}

/** One rule for each of the busiest sensors. */
function fitAbsent(rule: Rule, raw: JsonMap, fitting: Fitting): void {
  const absent = raw['absent'] as JsonMap;
  const fits = (absent['fits'] ?? []) as string[];
  const seconds = Number(fitting.recording.durationNs) / 1e9;
  const steady = fitting.recording.channels
    .filter(({ channel, messages }) => {
      const isSensor = fits.some((name) => isSchema(channel, name));
      return isSensor && messages >= leastMessages && messages / seconds >= leastHz;
    })
    .toSorted((a, b) => b.messages - a.messages)
    .slice(0, mostDropouts);
  if (steady.length === 0) {
    const reason = `no sensor comes steadily (at least ${leastMessages} messages and ${leastHz} Hz)`;
    fitting.skipped.push({ rule: rule.id, reason });
    return;
  }
  for (const { channel, messages } of steady) {
    const hz = messages / seconds;
    // Ten messages in a row, and never less than the library says.
    const silentMs = Math.max(1_500, Math.ceil(10_000 / hz));
    const id = `${rule.id}-${channel.topic.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`
      .replaceAll(/-+/g, '-')
      .replace(/-$/, '')
      .slice(0, 64);
    fitting.data.rules.push({
      ...raw,
      id: freeId(id, fitting.data),
      why: `${channel.topic} was silent.`,
      absent: { topic: channel.topic, for: `${silentMs}ms` },
      capture: allTopics(raw),
    });
    const why = `${channel.topic} is ${schemaName(channel)} at ${hz.toFixed(1)} Hz`;
    fitting.chosen.push({ rule: id, why });
  }
}

function freeId(id: string, data: RuleSetData): string {
  const taken = new Set(data.rules.map((rule) => rule['id']));
  for (let i = 2; ; i += 1) {
    const one = i === 2 ? id : `${id.slice(0, 60)}-${i - 1}`;
    if (!taken.has(one)) return one;
  }
}

interface WhenParts {
  readonly fitting: Fitting;
  readonly written: RuleSetData;
  readonly signals: readonly Signal[];
}

function fitWhen(rule: Rule, raw: JsonMap, { fitting, written, signals }: WhenParts): void {
  const { recording, data, wired, chosen, skipped } = fitting;
  const names = new Set(termsOfRule(rule).flatMap((term) => [...signalsOf(term)]));
  const models = Object.keys(written.models).filter((id) =>
    scoreSignals.some((score) => names.has(`${id}.${score}`)),
  );
  const skip = (reason: string): void => void skipped.push({ rule: rule.id, reason });
  for (const id of models) {
    const { topic } = (written.models[id] as { input: { topic: string } }).input;
    if (hasTopic(recording, topic)) continue;
    return skip(`model "${id}" was trained on ${topic}, which the recording has not`);
  }
  const named = termsOfRule(rule).flatMap((term) => [...topicsOf(term)]);
  const missing = named.find((topic) => !topic.startsWith('score:') && !hasTopic(recording, topic));
  if (missing !== undefined) return skip(`it reads ${missing}, which the recording has not`);
  const used = signals.filter((signal) => names.has(signal.name));
  const groups = Map.groupBy(used, (signal) => signal.topic);
  const sources: string[] = models.map((id) => `scores of model "${id}"`);
  for (const [topic, group] of groups) {
    const found = wired.get(topic) ?? channelFor(topic, group, recording);
    const list = group.map((signal) => signal.name).join(', ');
    if (found === undefined) {
      const schemas = [...new Set(group.flatMap((signal) => signal.fits))].join(' or ');
      return skip(`no topic gives ${list}${schemas === '' ? '' : ` (${schemas})`}`);
    }
    wired.set(topic, found);
    sources.push(`${list} from ${found.channel.topic} (${schemaName(found.channel)})`);
  }
  for (const signal of used) {
    const source = wired.get(signal.topic);
    if (source === undefined) continue;
    data.signals[signal.name] = {
      ...(written.signals[signal.name] as JsonMap),
      topic: source.channel.topic,
      ...maxAgeFor(signal, source, recording),
    };
  }
  for (const id of models) data.models[id] = written.models[id] ?? {};
  data.rules.push({ ...raw, capture: allTopics(raw) });
  chosen.push({ rule: rule.id, why: sources.join(', ') });
}

/** A topic slower than the library's gets a longer age: three messages of its own rate. */
function maxAgeFor(signal: Signal, source: ChannelFacts, recording: RecordingFacts): JsonMap {
  if (!Number.isFinite(signal.maxAgeNs)) return {};
  const periodNs = Number(recording.durationNs) / Math.max(1, source.messages - 1);
  const maxAgeMs = Math.ceil(Math.min(Math.max(signal.maxAgeNs, 3 * periodNs), longestAgeNs) / 1e6);
  return { maxAge: `${maxAgeMs}ms` };
}

function hasTopic(recording: RecordingFacts, topic: string): boolean {
  return recording.channels.some(
    ({ channel, messages }) => channel.topic === topic && messages > 0,
  );
}

/** The topic of the same name, or else the busiest whose schema fits, that gives all signals. */
function channelFor(
  topic: string,
  group: readonly Signal[],
  recording: RecordingFacts,
): ChannelFacts | undefined {
  return recording.channels
    .filter(({ channel, messages }) => {
      if (messages === 0) return false;
      const isNamed = channel.topic === topic;
      const isFit = group.every(({ fits }) => fits.some((name) => isSchema(channel, name)));
      return (isNamed || isFit) && givesAll(channel, group);
    })
    .toSorted((a, b) => {
      const named = Number(b.channel.topic === topic) - Number(a.channel.topic === topic);
      return named === 0 ? b.messages - a.messages : named;
    })[0];
}

const fieldTypes = {
  double: ['number', 'bigint'],
  string: ['text'],
  bool: ['truth'],
  geo: ['number', 'bigint'],
  list: [],
} as const;

function givesAll(channel: Channel, group: readonly Signal[]): boolean {
  try {
    return group.every((signal) => {
      const wanted: readonly string[] = fieldTypes[signal.type];
      if (signal.type === 'list') {
        compileListAccessor(channel, { path: signal.path, fields: [], maxItems: 1 });
        return true;
      }
      const specs = signal.paths.map((path) => ({ path, reduce: signal.reduce }));
      const { types } = compileAccessor(channel, specs);
      return types.every((type) => type === 'unknown' || wanted.includes(type));
    });
  } catch {
    // A path that the schema has not, or a schema that cannot be read: it does not fit.
    return false;
  }
}

const schemaName = (channel: Channel): string => channel.schema?.name ?? 'no schema';

/** ROS 1 writes `nav_msgs/Odometry` for what ROS 2 calls `nav_msgs/msg/Odometry`. */
function isSchema(channel: Channel, name: string): boolean {
  const plain = (text: string): string => text.replace('/msg/', '/');
  return plain(schemaName(channel)) === plain(name);
}
