/** The shape of one rule, of captures and of budgets. */
import * as z from 'zod/mini';
import * as limits from './limits.ts';
import {
  described,
  duration,
  expression,
  hertz,
  id,
  moment,
  name,
  percent,
  size,
  tag,
  text,
  topic,
  topics,
} from './schema-parts.ts';

const downsample = described(
  z.record(topic, hertz),
  'Rates by topic, such as 5Hz: the first message at or after each tick of log time.',
);
const maxBytes = described(
  size,
  'Most bytes of one clip; topics that are named later are left out first.',
);

export const captureSetSchema = z.strictObject({
  topics,
  extends: z.optional(described(name, 'Another capture whose topics are taken too.')),
  downsample: z.optional(downsample),
  maxBytes: z.optional(maxBytes),
});

const captureSchema = z.strictObject({
  set: z.optional(described(name, 'A capture declared under captures.')),
  topics: z.optional(topics),
  pre: z._default(described(duration, 'Kept from before the trigger.'), '10s'),
  post: z._default(described(duration, 'Recorded after the trigger.'), '5s'),
  extendWhile: z.optional(
    described(z.boolean(), 'The clip goes on while the rule holds; post counts from its end.'),
  ),
  maxDuration: z.optional(
    described(duration, 'A longer clip is split into parts of one group; by default 2m.'),
  ),
  downsample: z.optional(downsample),
  maxBytes: z.optional(maxBytes),
});

const absentSchema = z.strictObject({
  topic,
  for: described(duration, 'Fires when no message came for this long.'),
  minHz: z.optional(described(z.number().check(z.positive()), 'Also fires below this rate.')),
  window: z._default(described(duration, 'What the rate is measured over.'), '5s'),
  arm: z.optional(described(expression, 'Looked at only while this holds.')),
  fits: z.optional(
    described(z.array(text(256)), 'Schema names whose topics this rule may be wired to.'),
  ),
});

const everySchema = z.strictObject({
  period: z.optional(described(duration, 'Time from one trigger to the next.')),
  first: z.optional(described(duration, 'When the first one comes; by default after a period.')),
  randomUniform: z.optional(
    described(duration, 'One trigger at a random moment of each such part of the UTC day.'),
  ),
  seed: z.optional(described(text(64), 'Other seeds draw other moments.')),
});

const sequenceSchema = z.strictObject({
  within: described(duration, 'From the first step to the last one at most.'),
  steps: described(
    z.array(expression).check(z.minLength(2), z.maxLength(limits.steps)),
    'Conditions that become true one after the other.',
  ),
});

const manualSchema = z.strictObject({
  topic: z.optional(described(topic, 'Each message is a trigger: a button, or a mark.')),
});

const atMost = z.int().check(z.positive());

const limitsSchema = z.strictObject({
  cooldown: z.optional(described(duration, 'No second clip within this time.')),
  perMinute: z.optional(
    described(atMost, 'Triggers let through in a minute of log time (UTC) at most.'),
  ),
  perHour: z.optional(
    described(atMost, 'Triggers let through in an hour of log time (UTC) at most.'),
  ),
  perDay: z.optional(described(atMost, 'Triggers let through in a day of log time (UTC) at most.')),
  per: z.optional(
    z.strictObject({
      key: described(expression, 'What is counted apart, such as mode or a place.'),
      max: described(atMost, 'Triggers of one key at most.'),
      every: described(duration, 'In this time, from the first trigger of the key on.'),
    }),
  ),
});

const share = z.number().check(z.nonnegative(), z.lte(1));

const sampleSchema = z.strictObject({
  strategy: z.optional(
    described(
      z.enum(['random', 'novelty', 'closeTo']),
      'random: a share of all. novelty, closeTo: what is new or near the threshold, and a share of the rest.',
    ),
  ),
  probability: z.optional(
    described(share, 'Share of triggers that are kept; clips carry it as their propensity.'),
  ),
  embedding: z.optional(described(text(80), 'Of novelty: MODEL.embedding.')),
  minDistance: z.optional(
    described(
      z.number().check(z.positive(), z.lte(2)),
      'Of novelty: least cosine distance to what was kept.',
    ),
  ),
  within: z.optional(
    described(z.number().check(z.positive()), 'Of closeTo: largest margin, in threshold units.'),
  ),
  seed: z.optional(described(text(64), 'Other seeds draw other moments.')),
});

export const ruleSchema = z.strictObject({
  id: described(id, 'Names the rule in verdicts, clips and counters.'),
  why: z.optional(described(text(500), 'For people: what this rule catches.')),
  severity: z._default(z.enum(['critical', 'warning', 'info']), 'warning'),
  when: z.optional(described(expression, 'Trigger: a condition in CEL over signals.')),
  absent: z.optional(described(absentSchema, 'Trigger: a topic is silent or too slow.')),
  sequence: z.optional(described(sequenceSchema, 'Trigger: conditions one after the other.')),
  every: z.optional(described(everySchema, 'Trigger: the passing of log time.')),
  manual: z.optional(described(manualSchema, 'Trigger: a person asks for it.')),
  for: z._default(described(duration, 'The condition must hold this long.'), '0s'),
  keep: z.optional(described(duration, 'Shorter gaps of the condition are ignored.')),
  edge: z.optional(
    described(
      z.enum(['rising', 'falling', 'both', 'level']),
      'Fires when the condition begins, ends, either, or once a cooldown while it holds.',
    ),
  ),
  clearWhen: z.optional(described(expression, 'Fires again only after this held.')),
  limits: z.optional(limitsSchema),
  sample: z.optional(described(sampleSchema, 'Keeps a share of the triggers, drawn by hash.')),
  shadow: z.optional(described(z.boolean(), 'Runs and is counted, and never makes a clip.')),
  bypassBudget: z.optional(described(z.boolean(), 'No budget holds its clips back.')),
  expires: z.optional(described(moment, 'UTC day or moment from which on it makes no clip.')),
  scope: z.optional(
    described(text(limits.scopeCharacters), 'Devices that run it: a query over properties.'),
  ),
  label: z.optional(described(z.record(name, expression), 'Values that its markers carry.')),
  capture: z.optional(captureSchema),
  tags: z.optional(z.array(tag).check(z.maxLength(limits.tags))),
  class: z._default(tag, 'event'),
  priority: z.optional(
    described(
      z.union([z.number(), expression]),
      'A full buffer gives up lower ones first; by default of the severity. A number or an expression.',
    ),
  ),
});

const budgetSchema = z.strictObject({
  clips: z.optional(described(atMost, 'New clips at most.')),
  bytes: z.optional(described(size, 'Bytes of messages in clips at most.')),
});

export const budgetsSchema = z.strictObject({
  day: z.optional(described(budgetSchema, 'A day of log time, UTC.')),
  hour: z.optional(described(budgetSchema, 'An hour of log time, UTC.')),
  reserve: z.optional(
    z.strictObject({
      critical: described(percent, 'Share that only critical rules may use.'),
    }),
  ),
});

export type RuleShape = z.infer<typeof ruleSchema>;
export type CaptureShape = z.infer<typeof captureSchema>;
export type BudgetsShape = z.infer<typeof budgetsSchema>;
