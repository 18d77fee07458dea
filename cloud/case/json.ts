/** Cases as the API shows them. */
import { instantField, instantText } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { maxNoteLength, maxReasonLength } from '../limits.ts';
import {
  type Case,
  caseSeverities,
  caseSources,
  caseStates,
  type CaseStep,
  closeCodes,
} from './case.ts';

export const sevField = z
  .enum(caseSeverities)
  .openapi({ description: 'sev1: seen within 15 min; sev2: 4 h; sev3: 2 d.' });
export const caseKindField = z
  .string()
  .regex(/^[A-Za-z0-9][\w./:-]{0,95}$/, 'is not a kind: use up to 96 of A-z, 0-9 and _ . / : -')
  .openapi({ example: 'drive.overheats' });
export const summaryField = z.string().min(1).max(maxReasonLength);
export const causeField = z.string().min(1).max(maxNoteLength);
export const codeField = z.enum(closeCodes);
export const digestsField = z.record(
  z.string().max(64),
  z.string().regex(/^[0-9a-f]{64}$/, 'is not a SHA-256 in hex'),
);

export const caseSchema = z
  .object({
    id: z.string().openapi({ example: 'cas_01JC0000000000000000000000' }),
    device: z.string(),
    deviceId: z.string(),
    kind: z.string(),
    severity: sevField,
    state: z.enum(caseStates),
    summary: z.string(),
    source: z.enum(caseSources),
    subject: z.string().optional().openapi({ description: 'What told of it first.' }),
    rollout: z.string().optional(),
    clip: z.string().optional(),
    run: z.string().optional().openapi({ description: 'The workflow run that takes care of it.' }),
    queue: z.string().optional(),
    skill: z.string().optional(),
    region: z.string().optional(),
    tier: z.int().openapi({ description: 'How far it was escalated, from 1.' }),
    assignee: z.string().optional(),
    dueAt: instantField.optional().openapi({ description: 'By when somebody must have seen it.' }),
    acknowledgedBy: z.string().optional(),
    acknowledgedAt: instantField.optional(),
    wanted: z.record(z.string(), z.string()).openapi({
      description: 'Digest by section that the robot must report; else the desired one.',
    }),
    healthySince: instantField.optional(),
    verifiedAt: instantField.optional(),
    code: codeField.optional(),
    cause: z.string().optional(),
    proof: z.string().optional(),
    closedBy: z.string().optional(),
    closedAt: instantField.optional(),
    reportCount: z.int().openapi({ description: 'How often it was told of.' }),
    lastReportAt: instantField,
    held: z.boolean().openapi({
      description: 'It holds the robot out of rollouts and of draws for labelling.',
    }),
    createdBy: z.string(),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('Case');

export type CaseJson = z.infer<typeof caseSchema>;

const times = [
  'dueAt',
  'acknowledgedAt',
  'healthySince',
  'verifiedAt',
  'closedAt',
  'lastReportAt',
  'createdAt',
  'updatedAt',
] as const;

export function caseJson(one: Case): CaseJson {
  const shown = Object.fromEntries(
    times.flatMap((key) => {
      const at = one[key];
      return at === undefined ? [] : [[key, instantText(at)]];
    }),
  );
  return { ...one, wanted: { ...one.wanted }, ...shown } as unknown as CaseJson;
}

export const caseStepSchema = z
  .object({
    n: z.int(),
    at: instantField,
    actor: z.string(),
    action: z.string().openapi({ example: 'acknowledge' }),
    state: z.enum(caseStates),
    text: z.string().optional(),
    detail: z.record(z.string(), z.unknown()),
  })
  .openapi('CaseStep');

export type CaseStepJson = z.infer<typeof caseStepSchema>;

export const caseStepJson = ({ at, detail, ...same }: CaseStep): CaseStepJson => ({
  ...same,
  at: instantText(at),
  detail: { ...detail },
});

export const evidenceSchema = z
  .object({
    items: z.array(
      z.object({
        name: z.string(),
        sha256: z.string().openapi({ description: 'Of the canonical JSON of body.' }),
        body: z.unknown(),
        at: instantField,
      }),
    ),
  })
  .openapi('CaseEvidence');

export const queueSchema = z
  .object({
    id: z.string().openapi({ example: 'cqu_01JC0000000000000000000000' }),
    name: z.string(),
    skill: z.string().optional(),
    kinds: z.array(z.string()),
    regions: z.array(z.string()),
    people: z.array(z.string()),
    createdBy: z.string(),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('CaseQueue');

export type CaseQueueJson = z.infer<typeof queueSchema>;

export const proposalSchema = z
  .object({
    id: z.string().openapi({ example: 'cpr_01JC0000000000000000000000' }),
    kind: z.string(),
    proposal: z.enum(['withdraw', 'correction_loop', 'rule_request']),
    subject: z.string().optional().openapi({ description: 'What is to be withdrawn.' }),
    cases: z.array(z.string()),
    devices: z.int(),
    createdAt: instantField,
  })
  .openapi('CaseProposal');
