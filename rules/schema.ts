/**
 * The door to zod: the shape of a rule set, from which the JSON Schema for editors is generated.
 * What the shape cannot say (names, expressions, references) is checked in document.ts.
 */
import * as z from 'zod/mini';
import * as limits from './limits.ts';
import { budgetsSchema, captureSetSchema, ruleSchema } from './rule-schema.ts';
import { described, duration, id, name, text, topic } from './schema-parts.ts';

export const signalSchema = z.strictObject({
  topic: described(topic, 'The topic whose messages carry the value.'),
  path: described(
    z.union([text(256), z.tuple([text(256), text(256)])]),
    'The field, such as twist.twist.linear.x, ranges[0] or ranges[]; [latitude, longitude] of a geo.',
  ),
  type: described(
    z.enum(['double', 'string', 'bool', 'geo', 'list']),
    'Every numeric field reads as double; geo is a position in degrees of WGS84.',
  ),
  unit: z.optional(described(z.string(), 'Such as m/s; values of two units never compare.')),
  reduce: z.optional(
    described(
      z.strictObject({
        fn: z.enum(['min', 'max', 'mean', 'sum', 'count', 'first', 'last']),
        valid: z.optional(z.tuple([z.number(), z.number()])),
      }),
      'How a list becomes one number; items outside valid are left out.',
    ),
  ),
  valid: z.optional(
    described(z.tuple([z.number(), z.number()]), 'A number outside this range is unknown.'),
  ),
  filter: z.optional(
    described(
      z.strictObject({ lowpassHz: z.number().check(z.positive()) }),
      'A first-order low-pass over log time, behind reduce and valid.',
    ),
  ),
  maxItems: z.optional(
    described(
      z.int().check(z.positive(), z.lte(limits.listItems)),
      'Items of a list; one with more of them is unknown.',
    ),
  ),
  maxAge: z.optional(described(duration, 'The value is unknown when it is older than this.')),
  latched: z._default(
    described(z.boolean(), 'The value holds until the next message and goes into each clip.'),
    false,
  ),
  fits: z.optional(
    described(z.array(text(256)), 'Schema names whose topics this signal may be wired to.'),
  ),
});

const position = z.tuple([z.number(), z.number()]);

export const geofenceSchema = z.strictObject({
  polygon: z.optional(
    described(
      z.array(position).check(z.minLength(3), z.maxLength(limits.fencePoints)),
      'Corners in the order of walking along the border, latitude first.',
    ),
  ),
  circle: z.optional(
    described(
      z.strictObject({ center: position, radius: z.number().check(z.positive()) }),
      'What is at most radius metres from the center.',
    ),
  ),
});

export const modelSchema = z.strictObject({
  ref: described(text(64), 'The id of the model on the robot.'),
  input: z.strictObject({
    topic: described(topic, 'Each message of it is a frame.'),
    more: z.optional(
      described(
        z.record(text(256), topic),
        'Of a model with several inputs the topics of the others, by the names in model.yaml; their newest messages go with the frame.',
      ),
    ),
    maxAge: z.optional(
      described(
        duration,
        'A frame has no score when one of the others is further from it in time than this; 1s when absent.',
      ),
    ),
  }),
  every: z._default(described(duration, 'At most one score in this time.'), '200ms'),
  deadline: z._default(described(duration, 'A score that takes longer is dropped.'), '150ms'),
  maxAge: z.optional(duration),
});

export const ruleSetSchema = z.strictObject({
  apiVersion: z.literal('fieldloop.rules/v1'),
  kind: z.literal('RuleSet'),
  metadata: z.strictObject({
    name: id,
    version: z.int().check(z.positive()),
    description: z.optional(text(2_000)),
  }),
  signals: z._default(z.record(name, signalSchema), {}),
  models: z._default(z.record(name, modelSchema), {}),
  geofences: z.optional(described(z.record(name, geofenceSchema), 'Areas that inside() names.')),
  captures: z._default(z.record(name, captureSetSchema), {}),
  latched: z._default(
    described(
      z.array(topic).check(z.maxLength(limits.topics)),
      'Topics whose last message before the clip goes into it; * and ** match names.',
    ),
    [],
  ),
  budgets: z.optional(described(budgetsSchema, 'Most clips and bytes of a day and an hour.')),
  rules: z.array(ruleSchema).check(z.minLength(1), z.maxLength(limits.rules)),
});

export type SignalShape = z.infer<typeof signalSchema>;
export type GeofenceShape = z.infer<typeof geofenceSchema>;
export type ModelShape = z.infer<typeof modelSchema>;
export type RuleSetShape = z.infer<typeof ruleSetSchema>;

/** JSON Schema 2020-12 of what a person writes: keys with defaults may be left out. */
export function ruleSetJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(ruleSetSchema, { io: 'input', target: 'draft-2020-12' });
  return { title: 'Fieldloop rule set, fieldloop.rules/v1', ...schema };
}

/** One complaint of the shape: where, and the facts a message needs. */
export interface ShapeIssue {
  readonly path: readonly (string | number)[];
  readonly kind: 'unknown-key' | 'missing' | 'type' | 'value' | 'pattern' | 'small' | 'big' | 'key';
  /** The wanted type or values, the bound, or the unknown key. */
  readonly wanted: readonly string[];
  /** Keys that are known where an unknown one stands. */
  readonly known: readonly string[];
}

export function shapeIssues(data: unknown): ShapeIssue[] {
  const result = ruleSetSchema.safeParse(data);
  return result.success ? [] : result.error.issues.flatMap((issue) => translate(issue, data));
}

type Issue = z.core.$ZodIssue;

function translate(issue: Issue, data: unknown): ShapeIssue[] {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  const plain = { path, known: [] };
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = keysAt(ruleSetSchema, path);
      return issue.keys.map((key) => ({ kind: 'unknown-key', path, wanted: [key], known }));
    }
    case 'invalid_type': {
      const isMissing = valueAt(data, path) === undefined;
      return [{ ...plain, kind: isMissing ? 'missing' : 'type', wanted: [issue.expected] }];
    }
    case 'invalid_value': {
      const isMissing = valueAt(data, path) === undefined;
      return [
        { ...plain, kind: isMissing ? 'missing' : 'value', wanted: issue.values.map(String) },
      ];
    }
    case 'invalid_format':
      return [{ ...plain, kind: 'pattern', wanted: [] }];
    case 'too_small':
      return [{ ...plain, kind: 'small', wanted: [String(issue.minimum)] }];
    case 'too_big':
      return [{ ...plain, kind: 'big', wanted: [String(issue.maximum)] }];
    case 'invalid_union': {
      // A path is a text or two of them: what is said depends on which of the two was written.
      const errors = issue.errors[Array.isArray(valueAt(data, path)) ? 1 : 0] ?? [];
      return errors.flatMap((inner) =>
        translate({ ...inner, path: [...issue.path, ...inner.path] }, data),
      );
    }
    case 'invalid_key':
      return [{ ...plain, kind: 'key', wanted: [] }];
    default:
      return [{ ...plain, kind: 'value', wanted: [] }];
  }
}

/** The value at a path, or undefined. */
export function valueAt(data: unknown, path: readonly (string | number)[]): unknown {
  let value = data;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step))
      return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

/** The keys of the object at a path of the schema. */
function keysAt(schema: unknown, path: readonly (string | number)[]): string[] {
  let at = bare(schema);
  for (const step of path) {
    const shape = at?.shape?.[step];
    at = bare(shape ?? at?.valueType ?? at?.element);
  }
  return Object.keys(at?.shape ?? {});
}

interface Definition {
  readonly shape?: Readonly<Record<string | number, unknown>>;
  readonly valueType?: unknown;
  readonly element?: unknown;
  readonly innerType?: unknown;
}

/** The definition under `optional` and `default`. */
function bare(schema: unknown): Definition | undefined {
  const def = (schema as { readonly def?: Definition } | undefined)?.def;
  return def?.innerType === undefined ? def : bare(def.innerType);
}
