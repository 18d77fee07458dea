import type { BlobStore } from '../blob/blob.ts';
import type { NounDeps } from '../http/deps.ts';
import { instantField, instantText } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { type CheckDeps, verifyLineage } from './check.ts';
import { type LineageNode, nodeKinds } from './lineage.ts';
import { lineageOf } from './walk.ts';

type Deps = NounDeps & Pick<CheckDeps, 'replay'> & { readonly bytes: BlobStore };

const usualFan = 5;
const mostFan = 100;

const nodeSchema = z
  .object({
    kind: z.enum(nodeKinds),
    id: z.string(),
    title: z.string(),
    sha256: z.string().optional(),
    at: instantField.optional(),
    more: z.int().openapi({ description: 'Neighbours of it that are not shown.' }),
    check: z
      .enum(['ok', 'mismatch', 'gone', 'unchecked'])
      .openapi({ description: '`gone`: its bytes were erased or evicted; its hash stays.' }),
    why: z.string().optional(),
  })
  .openapi('LineageNode');

const schema = z
  .object({
    start: z.string(),
    nodes: z.array(nodeSchema).openapi({ description: 'From clips to decisions of rollouts.' }),
    edges: z
      .array(z.object({ from: z.string(), to: z.string() }))
      .openapi({ description: 'From what was there first to what came of it.' }),
    whole: z.boolean().openapi({ description: 'False: there is more than one answer holds.' }),
    verified: z
      .object({
        ok: z.boolean(),
        checked: z.int(),
        mismatch: z.object({ id: z.string(), why: z.string() }).optional(),
      })
      .optional()
      .openapi({ description: 'With `verify`; the first mismatch from the clip’s side.' }),
  })
  .openapi('Lineage');

const nodeJson = ({ at, sha256, why, ...node }: LineageNode): z.infer<typeof nodeSchema> => ({
  ...node,
  ...(sha256 === undefined ? {} : { sha256 }),
  ...(at === undefined ? {} : { at: instantText(at) }),
  ...(why === undefined ? {} : { why }),
});

export const lineageOperations = (deps: Deps): readonly Operation[] => [get(deps)];

const get = (deps: Deps): Operation =>
  operation(
    {
      id: 'getLineage',
      tag: 'lineage',
      method: 'get',
      path: '/v1/lineage/{id}',
      summary: 'Where something came from, and what came of it',
      description:
        'From the id of any link: clip, failure, unit, choice, task, label, dataset version, ' +
        'training, model version, evaluation, release, rollout, or a decision of one ' +
        '(`rol_….3`). With `verify` every link that has a hash is read and hashed again.',
      right: 'lineage:read',
      faults: ['limited'],
    },
    {
      params: z.strictObject({ id: z.string().max(80) }),
      query: z.strictObject({
        direction: z.enum(['up', 'down', 'both']).default('both'),
        verify: z.enum(['true', 'false']).default('false'),
        fan: z
          .string()
          .regex(/^\d{1,3}$/, 'is not a number')
          .transform(Number)
          .refine((n) => n >= 1 && n <= mostFan, `is not from 1 to ${mostFan}`)
          .default(usualFan)
          .openapi({
            type: 'integer',
            minimum: 1,
            maximum: mostFan,
            description: 'Neighbours of one link that are followed.',
          }),
      }),
      answer: { status: 200, description: 'The lineage.', schema },
    },
    async ({ params, query }) => {
      const lineage = await lineageOf(deps.read, params.id, query);
      const verified = query.verify === 'true' ? await verifyLineage(deps, lineage) : undefined;
      return {
        start: lineage.start.id,
        nodes: lineage.nodes.map(nodeJson),
        edges: lineage.edges.map((edge) => ({ ...edge })),
        whole: lineage.whole,
        ...(verified === undefined ? {} : { verified: { ...verified } }),
      };
    },
  );
