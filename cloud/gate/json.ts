/** Gates as the API shows them. */
import { roles } from '../auth/rights.ts';
import { instantField, instantText } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { deadlineActs, type EvidenceItem, type Gate, gateStates, type Vote } from './gate.ts';

const shape = {
  id: z.string().openapi({ example: 'gat_01JC0000000000000000000000' }),
  run: z.string(),
  name: z.string().openapi({ example: 'approval' }),
  kind: z.string(),
  question: z.string(),
  subject: z.object({ id: z.string(), digest: z.string() }),
  evidenceDigest: z
    .string()
    .openapi({ description: 'Of what there is to see; name it with a decision.' }),
  options: z.array(z.string()),
  role: z.enum(roles).optional().openapi({ description: 'This role or a higher one decides.' }),
  scope: z.string().optional(),
  region: z.string().optional(),
  excluded: z.array(z.string()).openapi({ description: 'Callers who do not decide.' }),
  among: z
    .object({ role: z.enum(roles), least: z.int() })
    .optional()
    .openapi({
      description: 'So many of the votes come from this role or a higher one.',
    }),
  quorum: z.int(),
  onDeadline: z.enum(deadlineActs),
  level: z.int().openapi({ description: 'How often it went to a higher role.' }),
  assignee: z.string().optional(),
  delegate: z.string().optional(),
  state: z.enum(gateStates),
  option: z.string().optional(),
  reason: z.string().optional(),
  decidedBy: z.array(z.string()).optional(),
  overdue: z.boolean(),
  openedAt: instantField,
  deadlineAt: instantField,
  closedAt: instantField.optional(),
  version: z.int(),
};

export const gateSchema = z.object(shape).openapi('Gate');
export type GateJson = z.infer<typeof gateSchema>;

export const gateDetailSchema = z
  .object({
    ...shape,
    evidence: z.array(
      z.object({
        name: z.string(),
        digest: z.string(),
        link: z.string().optional(),
        body: z.unknown().optional(),
      }),
    ),
    votes: z.array(
      z.object({
        person: z.string(),
        role: z.enum(roles),
        option: z.string(),
        reason: z.string(),
        void: z.boolean().openapi({ description: 'The evidence is another now than was seen.' }),
        at: instantField,
      }),
    ),
    mayDecide: z.boolean().openapi({ description: 'Whether who asks may.' }),
    whyNot: z.string().optional(),
  })
  .openapi('GateDetail');
export type GateDetailJson = z.infer<typeof gateDetailSchema>;

export const gateJson = (gate: Gate): GateJson => {
  const { runId, excluded, among, decidedBy, isOverdue, openedAt, deadlineAt, closedAt } = gate;
  return {
    id: gate.id,
    run: runId,
    name: gate.name,
    kind: gate.kind,
    question: gate.question,
    subject: { ...gate.subject },
    evidenceDigest: gate.evidenceDigest,
    options: [...gate.options],
    ...(gate.role !== undefined && { role: gate.role }),
    ...(gate.scope !== undefined && { scope: gate.scope }),
    ...(gate.region !== undefined && { region: gate.region }),
    excluded: [...excluded],
    ...(among !== undefined && { among: { ...among } }),
    quorum: gate.quorum,
    onDeadline: gate.onDeadline,
    level: gate.level,
    ...(gate.assignee !== undefined && { assignee: gate.assignee }),
    ...(gate.delegate !== undefined && { delegate: gate.delegate }),
    state: gate.state,
    ...(gate.option !== undefined && { option: gate.option }),
    ...(gate.reason !== undefined && { reason: gate.reason }),
    ...(decidedBy !== undefined && { decidedBy: [...decidedBy] }),
    overdue: isOverdue,
    openedAt: instantText(openedAt),
    deadlineAt: instantText(deadlineAt),
    ...(closedAt !== undefined && { closedAt: instantText(closedAt) }),
    version: gate.version,
  };
};

export const gateDetailJson = (
  gate: Gate,
  beside: {
    readonly evidence: readonly EvidenceItem[];
    readonly votes: readonly Vote[];
    readonly whyNot: string | undefined;
  },
): GateDetailJson => ({
  ...gateJson(gate),
  evidence: beside.evidence.map((item) => ({ ...item })),
  votes: beside.votes.map((vote) => ({
    person: vote.person,
    role: vote.role,
    option: vote.option,
    reason: vote.reason,
    void: vote.isVoid,
    at: instantText(vote.at),
  })),
  mayDecide: gate.state === 'open' && beside.whyNot === undefined,
  ...(beside.whyNot !== undefined && { whyNot: beside.whyNot }),
});
