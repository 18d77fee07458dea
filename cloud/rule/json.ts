/** Rule sets, versions, forecasts and publications as the API shows them. */
import type { Forecast, RuleProblem } from '@fieldloop/rules';
import { instantField, instantText } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { maxNoteLength, maxRuleSetNameLength } from '../limits.ts';
import type { RuleSetEntry, RuleVersion, RuleVersionHead } from './rule.ts';
import type { KeptForecast } from './store.ts';

export const ruleSetRefField = z
  .string()
  .min(1)
  .max(maxRuleSetNameLength)
  .openapi({ description: 'Name or id of a rule set.', example: 'amr-baseline' });

export const ruleSetNameField = z
  .string()
  .max(maxRuleSetNameLength)
  .regex(/^[a-z0-9][a-z0-9-]*$/, 'is not a name: use a-z, 0-9 and -, a letter or digit first')
  .openapi({ example: 'amr-baseline' });

export const noteField = z.string().max(maxNoteLength);

export const ruleSetSchema = z
  .object({
    id: z.string().openapi({ example: 'rul_01JC0000000000000000000000' }),
    name: z.string(),
    description: z.string().optional(),
    latest: z.int().openapi({ description: 'Number of the newest version, 0 before the first.' }),
    createdBy: z.string(),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('RuleSet');

export type RuleSetJson = z.infer<typeof ruleSetSchema>;

const problemSchema = z
  .object({
    line: z.int(),
    column: z.int(),
    severity: z.enum(['error', 'warning']),
    code: z.string(),
    message: z.string(),
    remedy: z.string(),
  })
  .openapi('RuleProblem');

export type RuleProblemJson = z.infer<typeof problemSchema>;

export const ruleVersionSchema = z
  .object({
    id: z.string().openapi({ example: 'rul_01JC0000000000000000000000@3' }),
    ruleSet: z.string(),
    n: z.int(),
    digest: z.string().openapi({ description: 'Equal for texts that mean the same.' }),
    yaml: z.string(),
    note: z.string().optional(),
    problems: z.array(problemSchema).openapi({ description: 'Warnings it was saved with.' }),
    createdBy: z.string(),
    createdAt: instantField,
  })
  .openapi('RuleSetVersion');

export type RuleVersionJson = z.infer<typeof ruleVersionSchema>;

export const ruleVersionHeadSchema = ruleVersionSchema
  .omit({ yaml: true, problems: true })
  .openapi('RuleSetVersionHead');

export type RuleVersionHeadJson = z.infer<typeof ruleVersionHeadSchema>;

export const lintSchema = z
  .object({
    ok: z.boolean().openapi({ description: 'Whether it could be saved: no errors.' }),
    name: z.string().optional(),
    digest: z.string().optional(),
    problems: z.array(problemSchema),
    against: z
      .object({ devices: z.int(), clips: z.int(), topics: z.int() })
      .optional()
      .openapi({ description: 'What topics and fields were compared with.' }),
  })
  .openapi('RuleLint');

export type RuleLintJson = z.infer<typeof lintSchema>;

const field = z.object({
  path: z.string(),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
});

export const diffSchema = z
  .object({
    from: z.int(),
    to: z.int(),
    changes: z.array(
      z.object({
        part: z.enum(['signal', 'model', 'capture', 'rule', 'document']),
        name: z.string(),
        change: z.enum(['added', 'removed', 'changed']),
        fields: z.array(field),
      }),
    ),
    lines: z.array(z.string()).openapi({ description: 'The texts, as `diff -u` shows them.' }),
  })
  .openapi('RuleSetDiff');

const estimate = z
  .object({ mean: z.number(), low: z.number(), high: z.number() })
  .openapi('Estimate', { description: 'A figure and its 95 % interval.' });

export const forecastSchema = z
  .object({
    id: z.string(),
    ruleSet: z.string(),
    n: z.int(),
    digest: z.string(),
    createdBy: z.string(),
    createdAt: instantField,
    population: z.enum(['sampled', 'triggered', 'none']).openapi({
      description:
        'sampled: about all recorded time. triggered: only triggered clips were there; mean and ' +
        'low assume that nothing fires between them, high that it is always as in them.',
    }),
    devices: z.int(),
    sessions: z.int(),
    recordings: z.int(),
    seenHours: z.number(),
    sampledHours: z.number(),
    recordedHours: z.number(),
    dutyHours: z.number(),
    bootstrapped: z.boolean(),
    fires: estimate,
    clips: estimate,
    bytes: estimate,
    clipBytes: z.object({ mean: z.number(), most: z.number() }),
    rules: z.array(
      z.object({
        rule: z.string(),
        basis: z.enum(['replay', 'schedule', 'blind']),
        fires: z.int(),
        cold: z.int(),
        hours: z.number(),
        perRobotDay: estimate.optional(),
      }),
    ),
    dropped: z.int(),
    faults: z.int(),
  })
  .openapi('RuleForecast', { description: 'Figures are for one robot and day of dutyHours.' });

export type RuleForecastJson = z.infer<typeof forecastSchema>;

export function ruleSetJson(entry: RuleSetEntry): RuleSetJson {
  const { createdAt, updatedAt, ...same } = entry;
  return { ...same, createdAt: instantText(createdAt), updatedAt: instantText(updatedAt) };
}

export function ruleVersionJson(version: RuleVersion): RuleVersionJson {
  const { text, problems, ...head } = version;
  return { ...ruleVersionHeadJson(head), yaml: text, problems: problems.map(problemJson) };
}

export function ruleVersionHeadJson(head: RuleVersionHead): RuleVersionHeadJson {
  const { ruleSetId, createdAt, ...same } = head;
  return { ...same, id: `${ruleSetId}@${head.n}`, createdAt: instantText(createdAt) };
}

export function problemJson(problem: RuleProblem): RuleProblemJson {
  const { file: _file, ...shown } = problem;
  return shown;
}

export function forecastJson(kept: KeptForecast, ruleSet: string): RuleForecastJson {
  const { id, n, digest, createdBy, createdAt } = kept;
  return {
    ...figuresJson(kept.forecast),
    id,
    ruleSet,
    n,
    digest,
    createdBy,
    createdAt: instantText(createdAt),
  };
}

export function figuresJson({ rules, ...figures }: Forecast) {
  return { ...figures, rules: rules.map((rule) => ({ ...rule })) };
}
