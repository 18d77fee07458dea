/** Triage as the API shows it. */
import type { Figure } from '@fieldloop/learning';
import { instantField, instantText, nsField } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import type { CaptureValue, CensusEstimate, RateEstimate } from './estimate.ts';
import type { ExplainedUnit } from './explain.ts';
import type { Policy } from './policy-store.ts';
import { grains, lanes, populations, type Unit, windowStates } from './triage.ts';
import { type TriageValue, valueKinds } from './value-store.ts';
import type { TriageWindow } from './window-store.ts';

const share = z.number().min(0).max(1);
const scorer = z
  .string()
  .regex(/^[a-zA-Z][\w.-]{0,63}$/)
  .openapi({ example: 'entropy' });

export const policyFields = {
  model: z.string().min(1).max(64).openapi({ description: 'Id of the model on the robots.' }),
  grain: z.enum(grains).openapi({ description: 'What is labelled: whole clips, or frames.' }),
  population: z.enum([...populations, 'any']),
  cohort: z.string().min(1).max(64).optional().openapi({ description: 'Only robots in it.' }),
  windowHours: z.number().positive().max(8760),
  minUnits: z.int().min(1).max(1_000_000),
  auto: z.boolean().openapi({ description: 'The worker freezes windows that are due.' }),
  budget: z.strictObject({
    bytes: z.int().min(0).openapi({ description: 'Of the recordings behind what is labelled.' }),
    labelMinutes: z.number().min(0).max(1_000_000),
  }),
  labelSeconds: z.number().min(0).max(36_000).openapi({ description: 'What one label takes.' }),
  shares: z.strictObject({
    named: share.max(0.3).openapi({ description: 'Of the budget, at most .3.' }),
    audit: share.min(0.1).max(0.2).openapi({ description: 'Of the budget, .1 to .2.' }),
    capture: share.openapi({ description: 'Of the rest; diversity has what is left.' }),
  }),
  diversity: z.enum(['badge', 'k_center']),
  duplicates: z
    .strictObject({ cosine: share, withinHours: z.number().positive().max(8760) })
    .optional()
    .openapi({ description: 'Absent: near-duplicates are kept.' }),
  scorers: z.array(scorer).min(1).max(16).openapi({ description: 'May hold the capture lane.' }),
};

const definitionSchema = z.object({ ...policyFields, salt: z.string() });

export const policySchema = z
  .object({
    id: z.string().openapi({ example: 'tpo_01JC0000000000000000000000' }),
    name: z.string(),
    enabled: z.boolean(),
    definition: definitionSchema,
    createdBy: z.string(),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('TriagePolicy');

export const policyJson = (policy: Policy): z.infer<typeof policySchema> => ({
  ...policy,
  definition: { ...policy.definition, scorers: [...policy.definition.scorers] },
  createdAt: instantText(policy.createdAt),
  updatedAt: instantText(policy.updatedAt),
});

const laneSchema = z.object({ units: z.int(), bytes: z.int(), minutes: z.number() });

export const resultSchema = z
  .object({
    lanes: z.object({
      named: laneSchema,
      audit: laneSchema,
      capture: laneSchema,
      diversity: laneSchema,
    }),
    chosen: z.int().openapi({
      description: 'Units that were chosen, each once; a named one may also be of the audit.',
    }),
    whole: z.record(z.string(), z.int()).openapi({
      description: 'Units that could be chosen, by SHA-256 of the model.',
    }),
    audit: z.object({ propensity: z.number() }),
    suppressed: z.int(),
    unscored: z.int(),
    notes: z.array(z.string()),
  })
  .openapi('TriageDraw');

export const windowSchema = z
  .object({
    id: z.string().openapi({ example: 'twi_01JC0000000000000000000000' }),
    policy: z.string(),
    state: z.enum(windowStates),
    units: z.int(),
    salt: z.string().openapi({ description: 'Anybody can draw the audit again with it.' }),
    holder: z.record(z.string(), z.string()).openapi({
      description: 'Scorer that held the capture lane, by SHA-256 of the model.',
    }),
    result: resultSchema.optional(),
    reason: z.string(),
    createdBy: z.string(),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('TriageWindow');

export const windowJson = (window: TriageWindow): z.infer<typeof windowSchema> => ({
  id: window.id,
  policy: window.policy,
  state: window.state,
  units: window.units,
  salt: window.salt,
  holder: { ...window.holder },
  ...(window.result === undefined
    ? {}
    : {
        result: {
          ...window.result,
          whole: { ...window.result.whole },
          notes: [...window.result.notes],
        },
      }),
  reason: window.reason,
  createdBy: window.createdBy,
  createdAt: instantText(window.createdAt),
  updatedAt: instantText(window.updatedAt),
  version: window.version,
});

export const itemSchema = z
  .object({
    id: z.string().openapi({ example: 'unt_01JC0000000000000000000000' }),
    clip: z.string(),
    device: z.string(),
    session: z.string(),
    site: z.string().optional(),
    topic: z.string(),
    startNs: nsField,
    endNs: nsField,
    atNs: nsField,
    grain: z.enum(grains),
    population: z.enum(populations),
    propensityDevice: z.number(),
    model: z.string(),
    modelSha256: z.string(),
    predicted: z.string(),
    scores: z.record(z.string(), z.number()),
    sizeBytes: z.int(),
    suppressedBy: z.string().optional(),
    createdAt: instantField,
  })
  .openapi('TriageItem');

export type ItemJson = z.infer<typeof itemSchema>;

export function itemJson(
  unit: Unit,
  more: { readonly device: string; readonly scores: Readonly<Record<string, number>> },
): ItemJson {
  const { deviceId: _, n: __, probabilities: ___, embedding: ____, bytes, ...shown } = unit;
  return {
    ...shown,
    device: more.device,
    startNs: String(unit.startNs),
    endNs: String(unit.endNs),
    atNs: String(unit.atNs),
    scores: { ...more.scores },
    sizeBytes: bytes,
    createdAt: instantText(unit.createdAt),
  };
}

export const choiceSchema = z
  .object({
    id: z.string().openapi({ example: 'chc_01JC0000000000000000000000' }),
    unit: z.string(),
    clip: z.string(),
    window: z.string(),
    lane: z.enum(lanes),
    scorer: z.string(),
    scorerSha256: z.string().optional(),
    propensity: z.number(),
    salt: z.string(),
    reason: z.string(),
    failure: z.string().optional(),
    value: z.number().optional(),
    percentile: z.number(),
    createdAt: instantField,
  })
  .openapi('TriageChoice');

export const explanationSchema = z
  .object({
    intake: z
      .object({ state: z.string(), problem: z.string().optional() })
      .optional()
      .openapi({ description: 'What became of the scores of the clip.' }),
    units: z.array(
      z.object({
        item: itemSchema,
        outcome: z.string(),
        choices: z.array(choiceSchema),
        suppressed: z
          .object({ window: z.string(), leader: z.string(), cosine: z.number() })
          .optional(),
        windows: z.array(z.object({ id: z.string(), state: z.string() })),
      }),
    ),
    more: z.int().openapi({ description: 'Units of the clip that are not shown.' }),
  })
  .openapi('TriageExplanation');

export const explainedJson = (one: ExplainedUnit, device: string) => ({
  item: itemJson(one.unit, { device, scores: one.scores }),
  outcome: one.outcome,
  choices: one.choices.map((choice) => ({
    ...choice,
    clip: one.unit.clip,
    createdAt: instantText(choice.createdAt),
  })),
  ...(one.suppressed === undefined ? {} : { suppressed: one.suppressed }),
  windows: [...one.windows],
});

const figureSchema = z
  .object({ value: z.number(), low: z.number(), high: z.number(), n: z.int() })
  .openapi('Figure', { description: 'A figure with its 95 % interval and how many stand for it.' });

const figureOf = ({ value, low, high, n }: Figure) => ({ value, low, high, n });

export const estimatesSchema = z
  .object({
    policy: z.string(),
    models: z.array(
      z.object({
        modelSha256: z.string(),
        holder: z.string(),
        failureRates: z.array(
          z.object({
            population: z.enum(populations),
            drawn: z.int(),
            labelled: z.int(),
            lost: z.int(),
            figure: figureSchema.optional(),
            withheld: z.string().optional(),
          }),
        ),
        census: z
          .object({
            windows: z.int(),
            whole: z.int(),
            chosen: z.int(),
            audit: z.int(),
            figure: figureSchema.optional(),
            withheld: z.string().optional(),
          })
          .openapi({
            description:
              'The rate of the inbox from all labels: what was chosen is known, and the audit ' +
              'tells the rest of the same windows.',
          }),
        scorers: z.array(
          z.object({
            scorer: z.string(),
            labels: z.int(),
            auroc: z.number().optional(),
            low: z.number().optional(),
            high: z.number().optional(),
            lead: figureSchema.optional().openapi({ description: 'AUROC over that of entropy.' }),
          }),
        ),
        captureValues: z.array(
          z.object({
            lane: z.enum(lanes),
            scorer: z.string(),
            n: z.int(),
            failed: z.int(),
            nAudit: z.int(),
            failedAudit: z.int(),
            lift: figureSchema.optional(),
            withheld: z.string().optional(),
            perMegabyte: z.number(),
            perMinute: z.number(),
          }),
        ),
      }),
    ),
    history: z.array(
      z.object({
        modelSha256: z.string(),
        scorer: z.string(),
        event: z.enum(['earned', 'lost', 'lapsed']),
        why: z.string(),
        createdAt: instantField,
      }),
    ),
  })
  .openapi('TriageEstimates');

export const censusJson = ({ figure, ...one }: CensusEstimate) => ({
  ...one,
  ...(figure === undefined ? {} : { figure: figureOf(figure) }),
});

export const rateJson = ({ figure, ...one }: RateEstimate) => ({
  ...one,
  ...(figure === undefined ? {} : { figure: figureOf(figure) }),
});

export const captureJson = ({ lift, ...one }: CaptureValue) => ({
  ...one,
  ...(lift === undefined ? {} : { lift: figureOf(lift) }),
});

export const valueSchema = z
  .object({
    id: z.string().openapi({ example: 'tva_01JC0000000000000000000000' }),
    kind: z.enum(valueKinds),
    model: z.string(),
    modelSha256: z.string(),
    lane: z.enum(lanes),
    scorer: z.string(),
    datasetVersion: z.string().optional(),
    n: z.int(),
    nAudit: z.int(),
    value: z.number().optional(),
    low: z.number().optional(),
    high: z.number().optional(),
    withheld: z.string().optional(),
    detail: z.record(z.string(), z.unknown()),
    createdBy: z.string(),
    createdAt: instantField,
  })
  .openapi('TriageValue');

export function valueJson(value: TriageValue): z.infer<typeof valueSchema> {
  const { policyId: _, source: __, ...shown } = value;
  return {
    ...shown,
    detail: { ...shown.detail },
    createdAt: instantText(value.createdAt),
  };
}
