/** One verb on many entities: each of them has its own result. */
import { asFault, Fault } from '@fieldloop/core';
import { maxBulkItems } from '../limits.ts';
import { z } from './openapi.ts';

export const bulkFields = {
  ids: z.array(z.string().min(1).max(64)).min(1).max(maxBulkItems).optional().openapi({
    description: 'Which ones; or say it with q.',
  }),
  // An empty query finds everything: nobody means that by a slip.
  q: z
    .string()
    .trim()
    .min(1)
    .max(2048)
    .optional()
    .openapi({ description: 'Which ones, as a query; `state:*` is all of them.' }),
  dryRun: z.boolean().default(false).openapi({ description: 'Tell what would change.' }),
};

/** Fault `invalid` unless a request says which ones by ids or by q, and not by both. */
export function demandOneOf(
  { ids, q }: { readonly ids?: readonly string[] | undefined; readonly q?: string | undefined },
  what: string,
): void {
  if ((ids === undefined) !== (q === undefined)) return;
  throw new Fault('invalid', `say which ${what}: by ids or by q, one of them`, {
    place: '/body/ids',
    remedy: 'Give ids, or a query such as "severity = critical".',
  });
}

const problem = z.object({
  code: z.string(),
  message: z.string(),
  remedy: z.string().optional(),
});

export const bulkAnswer = z
  .object({
    results: z.array(z.object({ id: z.string(), ok: z.boolean(), problem: problem.optional() })),
    matched: z.int(),
    changed: z.int(),
    dryRun: z.boolean(),
  })
  .openapi('BulkResult');

export type BulkAnswer = z.infer<typeof bulkAnswer>;
export type BulkResult = BulkAnswer['results'][number];

/** What happened to one of them. */
export function bulkFailure(id: string, error: unknown): BulkResult {
  const { code, message, remedy }: Fault = asFault(error);
  return {
    id,
    ok: false,
    problem: { code, message, ...(remedy === undefined ? {} : { remedy }) },
  };
}
