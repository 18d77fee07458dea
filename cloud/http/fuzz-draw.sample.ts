/** Draws values by a JSON Schema: mostly ones that fit, sometimes ones that nobody should send. */
import type { Random } from '@fieldloop/core';

export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly format?: string;
  readonly example?: unknown;
  readonly examples?: readonly unknown[];
}

export interface Drawing {
  readonly random: Random;
  /** The schema behind a `$ref`. */
  resolve(ref: string): Schema;
  /** Ids and names that were seen in answers. */
  readonly seen: readonly string[];
  /** Chance that a value breaks its schema. */
  readonly wild: number;
}

export const pick = <T>(random: Random, list: readonly T[]): T | undefined =>
  list[random.integer(Math.max(1, list.length))];

const mostDepth = 6;

export function draw(schema: Schema, by: Drawing, depth = 0): unknown {
  const { random } = by;
  if (random.next() < by.wild) return wildValue(random);
  if (schema.$ref !== undefined) return draw(by.resolve(schema.$ref), by, depth);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return pick(random, schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return draw(pick(random, choices) ?? {}, by, depth);
  if (schema.allOf !== undefined) {
    const parts = schema.allOf.map((part) => draw(part, by, depth));
    return Object.assign({}, ...parts.filter((part) => typeof part === 'object')) as unknown;
  }
  const examples = schema.examples ?? (schema.example === undefined ? [] : [schema.example]);
  if (examples.length > 0 && random.next() < 0.5) return pick(random, examples);
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? ['object']);
  return drawType(pick(random, types) ?? 'object', schema, { by, depth });
}

function drawType(
  type: string,
  schema: Schema,
  { by, depth }: { readonly by: Drawing; readonly depth: number },
): unknown {
  const { random } = by;
  if (type === 'null') return null;
  if (type === 'boolean') return random.next() < 0.5;
  if (type === 'integer' || type === 'number') return drawNumber(type, schema, random);
  if (type === 'string') return drawText(schema, by);
  if (type === 'array') {
    const most = depth > mostDepth ? 0 : 3;
    const length = (schema.minItems ?? 0) + random.integer(most + 1);
    return Array.from({ length }, () => draw(schema.items ?? {}, by, depth + 1));
  }
  const names = Object.keys(schema.properties ?? {}).filter(
    (name) =>
      schema.required?.includes(name) === true || (depth < mostDepth && random.next() < 0.5),
  );
  const drawn: [string, unknown][] = names.map((name) => [
    name,
    draw(schema.properties?.[name] ?? {}, by, depth + 1),
  ]);
  const more = schema.additionalProperties;
  if (typeof more === 'object' && depth < mostDepth) drawn.push(['vx', draw(more, by, depth + 1)]);
  return Object.fromEntries(drawn);
}

function drawNumber(type: string, schema: Schema, random: Random): number {
  const least = schema.minimum ?? 0;
  const most = Math.min(schema.maximum ?? 1000, 2 ** 40);
  const edge = random.integer(4);
  if (edge === 0) return least;
  if (edge === 1) return most;
  const value = least + random.next() * (most - least);
  return type === 'integer' ? Math.floor(value) : value;
}

function drawText(schema: Schema, by: Drawing): string {
  const { random } = by;
  if (schema.format === 'date-time') return pick(random, times) ?? '';
  const least = schema.minLength ?? 0;
  const most = schema.maxLength ?? 64;
  const roll = random.integer(6);
  const seen = pick(random, by.seen);
  const base = roll < 2 && seen !== undefined ? seen : (pick(random, words) ?? '');
  const text = roll === 5 ? base.repeat(1 + random.integer(40)) : base;
  return text.padEnd(least, 'x').slice(0, Math.max(least, most));
}

const times = ['2026-01-31T12:00:00.000Z', '1970-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999Z'];

const words: readonly string[] = [
  'amr-01',
  'near-miss',
  'critical',
  'rain',
  '0',
  '1717171717000000000',
  '-1d',
  'now',
  'severity=critical',
  'device:amr* and not tag:rain',
  'scores.classifier.entropy>0.7',
  'startNs',
  '-startNs',
  'id,device',
  'estimate',
  'name: a\nrules: []\n',
  `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: amr-01, version: 1}
signals:
  vx: {topic: /odom, path: twist.linear.x, type: double}
rules:
- {id: moving, severity: info, when: vx > 0.3, capture: {topics: ["/odom"], pre: 1s, post: 1s}}
`,
  'https://127.0.0.1:9/hook',
  'http://169.254.169.254/latest',
  'ann@example.org',
  'ünïcödé 漢字 🤖',
  "' or 1=1 --",
  '%',
  '_',
  '*',
  '\\',
  '"',
  '(',
  '..',
  '/odom.twist.twist.linear.x',
];

/** Values that fit almost nothing. */
function wildValue(random: Random): unknown {
  const list: readonly unknown[] = [
    null,
    '',
    ' ',
    '\u0000',
    '\ud800',
    'x'.repeat(5000),
    -1,
    0.5,
    1e308,
    2 ** 53,
    true,
    [],
    {},
    [[[[[[]]]]]],
    { __proto__: { a: 1 }, constructor: 1 },
    '9'.repeat(30),
    '-9223372036854775809',
    '2026-02-31T00:00:00Z',
    'NaN',
  ];
  return pick(random, list);
}
