/**
 * Rule sets on their way: the Desired section `rules` that the cloud wants a device to run, and
 * the Reported section `rules` in which the device says what it does run.
 */
import { Fault } from '@fieldloop/core';
import * as z from 'zod';

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const name = z.string().min(1).max(96);
const count = z.int().min(0);

/** One version of a rule set, with its text. */
export const ruleRefSchema = z.strictObject({
  ruleSet: name,
  version: z.int().min(0),
  /** Of the rule set, as `parseRuleSet` computes it. */
  digest,
  /** YAML. */
  text: z.string().min(1),
  /** The publication that asks for it. */
  publication: name,
});
export type RuleRef = z.infer<typeof ruleRefSchema>;

/** Nothing in it lets the device run the rules of its own configuration. */
export const desiredRulesSchema = z.strictObject({
  active: ruleRefSchema.optional(),
  /** Evaluated and counted beside the active set; cuts nothing. */
  shadow: ruleRefSchema.optional(),
});
export type DesiredRules = z.infer<typeof desiredRulesSchema>;

export const ruleProblemSchema = z.object({
  line: count,
  column: count,
  code: z.string().max(64),
  message: z.string().max(512),
  remedy: z.string().max(512).optional(),
});
export type RuleProblem = z.infer<typeof ruleProblemSchema>;

/** Counts since `sinceMs`; `bytes` of clips that are only counted are an estimate. */
const counted = {
  /** Unix milliseconds. */
  sinceMs: z.number(),
  evaluations: count,
  faults: count,
  /** Times each rule fired. */
  fired: z.record(z.string(), count),
  clips: count,
  bytes: count,
};

export const ruleCountersSchema = z.object({
  ...counted,
  /** Triggers that became no clip, by `rule reason`. */
  suppressed: z.record(z.string(), count),
});
export type RuleCounters = z.infer<typeof ruleCountersSchema>;

export const shadowReportSchema = z.object({ digest, publication: name, ...counted });
export type ShadowReport = z.infer<typeof shadowReportSchema>;

export const rejectedRulesSchema = z.object({
  digest,
  publication: name,
  /** Whether it was to be the active or the shadow set. */
  role: z.enum(['active', 'shadow']),
  problems: z.array(ruleProblemSchema).max(20),
});
export type RejectedRules = z.infer<typeof rejectedRulesSchema>;

/** `name`, `version` and `digest` are of the set that is active. */
export const rulesReportSchema = z.object({
  digest,
  /** Name of the rule set; `name` says the same for readers of 0.1. */
  set: name.optional(),
  name: name.optional(),
  version: z.int().min(0),
  /** Absent while the device runs the rules of its own configuration. */
  publication: name.optional(),
  rejected: rejectedRulesSchema.optional(),
  /** A set that crashed the agent and was taken back by it. */
  returned: z.object({ digest, publication: name, reason: z.string().max(512) }).optional(),
  shadow: shadowReportSchema.optional(),
  counters: ruleCountersSchema.optional(),
});
export type RulesReport = z.infer<typeof rulesReportSchema>;

/** Undefined when a device of another version wrote something else. */
export function readRulesReport(document: unknown): RulesReport | undefined {
  return rulesReportSchema.safeParse(document).data;
}

/** Fault `invalid` naming the first member that does not fit. */
export function parseDesiredRules(document: unknown): DesiredRules {
  const parsed = desiredRulesSchema.safeParse(document);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Fault('invalid', `the desired rules do not fit: ${issue?.message ?? 'unknown'}`, {
    place: `/${issue?.path.map(String).join('/') ?? ''}`,
    remedy: 'Use the same version of Fieldloop on both ends of the wire.',
  });
}
