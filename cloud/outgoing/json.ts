/** Deliveries as the API shows them. */
import { instantField, instantText } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import type { Attempt, Delivery, Outcome } from './delivery.ts';

const states = ['waiting', 'delivered', 'failed'] as const;

export const deliverySchema = z
  .object({
    id: z.string().openapi({ example: 'dlv_01JC0000000000000000000000' }),
    target: z.string().openapi({ description: 'Id of the webhook or channel.' }),
    kind: z.string().openapi({ description: 'Of what happened, or `notification`.' }),
    subject: z.string(),
    seq: z.string().optional().openapi({ description: 'Number of the row in the outbox.' }),
    state: z.enum(states),
    attempts: z.int(),
    dueAt: instantField.optional().openapi({ description: 'Of the next try.' }),
    status: z.int().optional().openapi({ description: 'What the receiver answered last.' }),
    error: z.string().optional().openapi({ description: 'What went wrong last, what to do.' }),
    createdAt: instantField,
    updatedAt: instantField,
    endedAt: instantField.optional(),
  })
  .openapi('Delivery');

export type DeliveryJson = z.infer<typeof deliverySchema>;

const attemptSchema = z
  .object({
    n: z.int(),
    at: instantField,
    durationMs: z.int(),
    ok: z.boolean(),
    status: z.int().optional(),
    error: z.string().optional(),
    answer: z.string().optional().openapi({ description: 'The beginning of the answer.' }),
  })
  .openapi('DeliveryAttempt');

export const deliveryWithAttempts = deliverySchema
  .extend({ tries: z.array(attemptSchema), body: z.unknown() })
  .openapi('DeliveryWithTries');

export const outcomeSchema = z
  .object({
    ok: z.boolean(),
    status: z.int().optional(),
    error: z.string().optional(),
    answer: z.string().optional().openapi({ description: 'The beginning of the answer.' }),
    durationMs: z.int(),
  })
  .openapi('SendOutcome');

export function deliveryJson(delivery: Delivery): DeliveryJson {
  const { id, kind, subject, seq, state, attempts, dueAt, status, error } = delivery;
  return {
    id,
    target: delivery.target.id,
    kind,
    subject,
    ...(seq === undefined ? {} : { seq: String(seq) }),
    state,
    attempts,
    ...(state === 'waiting' ? { dueAt: instantText(dueAt) } : {}),
    ...(status === undefined ? {} : { status }),
    ...(error === undefined ? {} : { error }),
    createdAt: instantText(delivery.createdAt),
    updatedAt: instantText(delivery.updatedAt),
    ...(delivery.endedAt === undefined ? {} : { endedAt: instantText(delivery.endedAt) }),
  };
}

export const attemptJson = ({ at, ...same }: Attempt): z.infer<typeof attemptSchema> => ({
  ...same,
  at: instantText(at),
});

/** One try with what it took, as a person who tests a receiver sees it. */
export async function tried(
  clock: { monotonicMs(): number },
  send: () => Promise<Outcome>,
): Promise<z.infer<typeof outcomeSchema>> {
  const started = clock.monotonicMs();
  const { ok, status, error, answer } = await send();
  return {
    ok,
    ...(status === undefined ? {} : { status }),
    ...(error === undefined ? {} : { error }),
    ...(answer === undefined ? {} : { answer }),
    durationMs: Math.round(clock.monotonicMs() - started),
  };
}
