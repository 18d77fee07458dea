/** Long work as the API shows it, and the answer to a request that started some. */
import { type LongOperation, operationStates } from '../operation/operation.ts';
import { instantField, instantText } from './fields.ts';
import { z } from './openapi.ts';

export const operationSchema = z
  .object({
    id: z.string().openapi({ example: 'op_01JC0000000000000000000000' }),
    kind: z.string().openapi({ example: 'clips.export' }),
    state: z.enum(operationStates),
    createdBy: z.string(),
    progress: z.object({
      done: z.number(),
      total: z.number().optional(),
      unit: z.string().optional(),
    }),
    input: z.unknown(),
    result: z
      .unknown()
      .optional()
      .openapi({ description: 'Of a done one; its form is the kind’s.' }),
    problem: z
      .object({ code: z.string(), message: z.string(), remedy: z.string().optional() })
      .optional(),
    attempts: z.int(),
    cancelAsked: z.boolean(),
    createdAt: instantField,
    updatedAt: instantField,
    endedAt: instantField.optional(),
    version: z.int(),
  })
  .openapi('Operation');

export type OperationJson = z.infer<typeof operationSchema>;

export function operationJson(of: LongOperation): OperationJson {
  const { createdAt, updatedAt, endedAt, problem, ...same } = of;
  return {
    ...same,
    ...(problem === undefined ? {} : { problem: { ...problem } }),
    createdAt: instantText(createdAt),
    updatedAt: instantText(updatedAt),
    ...(endedAt === undefined ? {} : { endedAt: instantText(endedAt) }),
  };
}

/** Status 202: where to look for what comes of it. */
export function startedResponse(of: LongOperation): Response {
  const headers = { 'cache-control': 'no-store', location: `/v1/operations/${of.id}` };
  return Response.json(operationJson(of), { status: 202, headers });
}
