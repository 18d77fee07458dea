/** Complaints about the shape of a document as messages with a place and a remedy. */
import { didYouMean } from '@fieldloop/core';
import * as limits from './limits.ts';
import type { ProblemCode } from './problem.ts';
import { type ShapeIssue, valueAt } from './schema.ts';
import type { Path, SourceProblem, YamlSource } from './yaml-source.ts';

interface Words {
  readonly code: ProblemCode;
  readonly message: string;
  readonly remedy: string;
}

export function shapeProblem(issue: ShapeIssue, source: YamlSource): SourceProblem {
  const { path } = issue;
  const value = valueAt(source.data, path);
  switch (issue.kind) {
    case 'unknown-key': {
      const key = issue.wanted[0] ?? '';
      return { ...source.keyPlace([...path, key]), ...unknownKey(key, path, issue.known) };
    }
    case 'missing': {
      const key = String(path.at(-1) ?? '');
      const message = `"${key}" is missing in ${partName(path.slice(0, -1), source.data)}`;
      return {
        ...source.keyPlace(path),
        code: 'missing-key',
        message,
        remedy: missingExample(path),
      };
    }
    case 'key': {
      const message = `"${String(path.at(-1)).slice(0, 40)}" is not a name`;
      const remedy = 'Begin with a letter; go on with letters, digits and _, at most 64.';
      return { ...source.keyPlace(path), code: 'bad-value', message, remedy };
    }
    case 'type':
    case 'value':
    case 'pattern':
    case 'small':
    case 'big':
      return { ...source.valuePlace(path), ...badValue(issue, value) };
  }
}

/** Keys that people put one level too high. */
const movedKeys: Readonly<Record<string, string>> = {
  cooldown: 'limits: {cooldown: 20s}',
  pre: 'capture: {pre: 10s}',
  post: 'capture: {post: 5s}',
  topics: 'capture: {topics: [/odom]}',
  set: 'capture: {set: full}',
  name: 'id: my-rule',
};

function unknownKey(key: string, path: Path, known: readonly string[]): Words {
  const level = path.map((step, i) => (isFree(path, i) ? '*' : String(step))).join('.');
  const moved = level === 'rules.*' && Object.hasOwn(movedKeys, key) ? movedKeys[key] : undefined;
  return {
    code: 'unknown-key',
    message: `unknown key "${key.slice(0, 60)}".${didYouMean(key, known)}`,
    remedy: moved === undefined ? `Keys here are ${known.join(', ')}.` : `Write ${moved}.`,
  };
}

/** Steps that are places of a list or names that the author chose. */
function isFree(path: Path, i: number): boolean {
  return typeof path[i] === 'number' || (i === 1 && path[0] !== 'metadata');
}

const durationKeys = new Set([
  'every',
  'deadline',
  'maxAge',
  'for',
  'window',
  'period',
  'first',
  'keep',
  'randomUniform',
  'maxDuration',
  'cooldown',
  'pre',
  'post',
]);

function badValue(issue: ShapeIssue, value: unknown): Words {
  const key = keyOf(issue.path);
  const shown = shownValue(value);
  const isDuration = durationKeys.has(key) || issue.path.includes('sequence');
  // \`every\` of a rule and \`sequence\` are maps that hold durations.
  const isMap = issue.wanted[0] === 'object';
  if (isDuration && !isMap && typeof value !== 'object' && key !== 'steps') {
    const unitless = typeof value === 'number' || /^\d+(\.\d+)?$/.test(plainText(value));
    return {
      code: 'duration',
      message: unitless ? `${shown} has no unit` : `${shown} is not a duration`,
      remedy: unitless
        ? `Write for example ${plainText(value)}s or ${plainText(value)}ms.`
        : 'Write a number with ns, us, ms, s, m, h or d, for example 150ms or 1.5s.',
    };
  }
  switch (issue.kind) {
    case 'type':
      return wrongType(key, issue.wanted[0] ?? '', value);
    case 'value':
      return wrongChoice(key, issue.wanted, value);
    case 'small':
      return {
        code: 'limit',
        message: tooSmall(key, value, issue.wanted[0] ?? ''),
        remedy: exampleOf(key),
      };
    case 'big': {
      const most = issue.wanted[0] ?? '';
      if (typeof value === 'number') {
        const message = `${key} is ${value}, at most ${most}`;
        return { code: 'limit', message, remedy: exampleOf(key) };
      }
      const unit = Array.isArray(value) ? 'entries' : 'characters';
      const message = `${key} holds ${sizeOf(value)} ${unit}, at most ${most}`;
      return { code: 'limit', message, remedy: 'Split it.' };
    }
    default:
      return { code: 'bad-value', message: `${shown} does not fit here`, remedy: exampleOf(key) };
  }
}

const sizeOf = (value: unknown): string =>
  Array.isArray(value) || typeof value === 'string' ? `${value.length}` : plainText(value);

function tooSmall(key: string, value: unknown, least: string): string {
  const isEmpty = (Array.isArray(value) || typeof value === 'string') && value.length === 0;
  if (Array.isArray(value) && !isEmpty) {
    return `${key} holds ${value.length} entries, at least ${least}`;
  }
  return isEmpty ? `${key} is empty` : `${key} is ${shownValue(value)}`;
}

function wrongType(key: string, wanted: string, value: unknown): Words {
  const names: Readonly<Record<string, string>> = {
    object: 'a map',
    record: 'a map',
    array: 'a list',
    tuple: 'a list of two numbers',
    string: 'a text',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
  };
  const message = `${key} is ${kindOf(value)} where ${names[wanted] ?? wanted} is needed`;
  return { code: 'wrong-type', message, remedy: exampleOf(key) };
}

function wrongChoice(key: string, wanted: readonly string[], value: unknown): Words {
  if (key === 'type' && /^(u?int|float|number|integer|long|byte|char)\d*$/.test(plainText(value))) {
    const remedy = 'Write double: every numeric field reads as one.';
    return { code: 'bad-value', message: `there is no type ${plainText(value)}`, remedy };
  }
  if (wanted.length === 0) {
    return {
      code: 'bad-value',
      message: `${shownValue(value)} does not fit`,
      remedy: exampleOf(key),
    };
  }
  const hint = typeof value === 'string' ? didYouMean(value, wanted) : '';
  return {
    code: 'bad-value',
    message: `${key} is ${shownValue(value)}.${hint}`,
    remedy: wanted.length === 1 ? `Write ${wanted[0]}.` : `Write one of ${wanted.join(', ')}.`,
  };
}

/** The last name of a path: `tags` for `rules.0.tags.2`. */
function keyOf(path: Path): string {
  return path.findLast((step) => typeof step === 'string') ?? 'the document';
}

function shownValue(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : kindOf(value);
}

function kindOf(value: unknown): string {
  if (typeof value === 'string') return `the text ${JSON.stringify(value.slice(0, 40))}`;
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'a map' : plainText(value);
}

/** A value of YAML that is neither list nor map. */
function plainText(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? `${value}` : 'empty';
}

/** `signal "vx"`, `rule "near-miss"`, `the document`. */
function partName(path: Path, data: unknown): string {
  const [section, name, ...deeper] = path;
  if (section === undefined) return 'the document';
  if (name === undefined || deeper.length > 0) return `"${keyOf(path)}"`;
  if (section !== 'rules') return `${String(section).replace(/s$/, '')} "${String(name)}"`;
  const id = valueAt(data, [section, name, 'id']);
  return typeof id === 'string' ? `rule "${id}"` : `rule number ${Number(name) + 1}`;
}

const examples: Readonly<Record<string, string>> = {
  apiVersion: 'Write apiVersion: fieldloop.rules/v1.',
  kind: 'Write kind: RuleSet.',
  metadata: 'Write metadata: {name: my-rules, version: 1}.',
  name: 'Write a name of small letters, digits and -, for example amr-baseline.',
  version: 'Write a whole number from 1 on, and raise it with each change.',
  signals: 'Write signals: {vx: {topic: /odom, path: twist.twist.linear.x, type: double}}.',
  models: 'Write models: {classifier: {ref: classifier, input: {topic: /camera}}}.',
  input: 'Write input: {topic: /camera/front/compressed}.',
  captures: 'Write captures: {full: {topics: [/odom, /scan]}}.',
  topic: 'Write the name of a topic, for example /odom.',
  topics: 'Write a list of topics, for example [/odom, /scan].',
  path: 'Write the path of a field, for example twist.twist.linear.x.',
  type: 'Write type: double, string, bool, geo or list.',
  ref: 'Write the id of the model on the robot.',
  reduce: 'Write reduce: {fn: min, valid: [0.05, 30.0]}.',
  fn: 'Write one of min, max, mean, sum, count, first, last.',
  filter: 'Write filter: {lowpassHz: 10}.',
  lowpassHz: 'Write a frequency above 0 in Hz, for example 10.',
  maxItems: `Write a whole number from 1 to ${limits.listItems}.`,
  geofences: 'Write geofences: {dock: {polygon: [[52.1, 4.1], [52.1, 4.2], [52.2, 4.2]]}}.',
  polygon: 'Write at least three corners, latitude first: [[52.1, 4.1], [52.1, 4.2], [52.2, 4.2]].',
  circle: 'Write circle: {center: [52.1, 4.2], radius: 50}, in metres.',
  center: 'Write center: [52.1, 4.2], latitude first.',
  radius: 'Write metres above 0, for example 50.',
  valid: 'Write the smallest and the largest valid value: [0.05, 30.0].',
  fits: 'Write schema names: [nav_msgs/msg/Odometry].',
  latched: 'Write true or false for a signal, a list of topics for a rule set.',
  rules: `Write a list of 1 to ${limits.rules} rules, each with id and one trigger.`,
  id: 'Write small letters, digits, - and _, for example near-miss.',
  when: 'Write a condition in quotes, for example when: "vx > 0.5".',
  clearWhen: 'Write a condition in quotes, for example clearWhen: "vx < 0.1".',
  arm: 'Write a condition in quotes, for example arm: "vx > 0.1".',
  absent: 'Write absent: {topic: /scan, for: 1500ms}.',
  every: 'Write every: {period: 45m} or every: {randomUniform: 45m}.',
  sequence: 'Write sequence: {within: 4s, steps: ["x > 1.0", "y > 1.0"]}.',
  steps: `Write 2 to ${limits.steps} conditions, for example ["x > 1.0", "y > 1.0"].`,
  within: 'Write a distance to the threshold, for example 0.2.',
  manual: 'Write manual: {topic: /button}, or manual: {}.',
  limits: 'Write limits: {cooldown: 20s}.',
  perMinute: 'Write a whole number from 1 on.',
  perHour: 'Write a whole number from 1 on.',
  perDay: 'Write a whole number from 1 on.',
  max: 'Write a whole number from 1 on.',
  per: 'Write per: {key: mode, max: 3, every: 24h}.',
  key: 'Write an expression, for example mode.',
  sample: 'Write sample: {probability: 0.25}.',
  probability: 'Write a share from 0 to 1, for example 0.25.',
  strategy: 'Write random, novelty or closeTo.',
  minDistance: 'Write a cosine distance above 0 and up to 2, for example 0.25.',
  embedding: 'Write MODEL.embedding.',
  budgets: 'Write budgets: {day: {clips: 200, bytes: 4GiB}}.',
  day: 'Write day: {clips: 200, bytes: 4GiB}.',
  hour: 'Write hour: {clips: 30}.',
  clips: 'Write a whole number from 1 on.',
  bytes: 'Write a size, for example 4GiB.',
  maxBytes: 'Write a size, for example 64MiB.',
  reserve: 'Write reserve: {critical: 25%}.',
  critical: 'Write a share in percent, for example 25%.',
  downsample: 'Write a rate for each topic: {/scan: 5Hz}.',
  expires: 'Write a day such as 2027-01-31, or a moment such as 2027-01-31T08:00Z.',
  scope: 'Write a query over properties, for example hw = orin-nx.',
  label: 'Write names with expressions: {phase: mode}.',
  capture: 'Write capture: {topics: [/odom], pre: 10s, post: 5s}.',
  tags: 'Write a list of small words, for example [safety].',
  class: 'Write one small word, for example event or baseline.',
  priority: 'Write a number; a full buffer gives up lower ones first.',
  minHz: 'Write a rate above 0, for example 6.',
  unit: 'Write a unit such as m/s.',
  why: 'Write a sentence of at most 500 characters.',
  period: 'Write a duration, for example 45m.',
  for: 'Write a duration, for example 1500ms.',
  cooldown: 'Write a duration, for example 20s.',
};

/** Of a key that is missing: some names mean a duration in one place and more in another. */
function missingExample(path: Path): string {
  const key = String(path.at(-1) ?? '');
  const isDuration =
    (key === 'every' && path.includes('per')) || (key === 'within' && path.includes('sequence'));
  return isDuration ? `Write a duration, for example ${key}: 4s.` : exampleOf(key);
}

function exampleOf(key: string): string {
  if (key.startsWith('/')) return 'Write a rate in Hz, for example 5Hz.';
  return examples[key] ?? 'See docs/reference/rules.md.';
}
