/** Ontologies: what may be said, version by version. */
import { listName, type NounDeps } from '../http/deps.ts';
import { pageFields } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { pageOf } from '../http/page.ts';
import { ontologyBody, ontologyJson, ontologySchema } from './json.ts';
import { ontologyOfRow, ontologyStore } from './ontology-store.ts';

const tag = 'ontologies';

export const ontologyOperations = (deps: NounDeps): readonly Operation[] => [
  list(deps),
  create(deps),
  get(deps),
];

const page = z
  .object({ items: z.array(ontologySchema), nextCursor: z.string().optional() })
  .openapi('OntologyPage');

type OntologyPage = z.infer<typeof page>;

const list = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listOntologies',
      tag,
      method: 'get',
      path: '/v1/ontologies',
      summary: 'Versions of ontologies, the newest first',
      right: 'ontologies:read',
    },
    {
      query: z.strictObject({ name: z.string().max(64).optional(), ...pageFields }),
      answer: { status: 200, description: 'One page.', schema: page },
    },
    async ({ query }) => {
      const list = listName('listOntologies', query);
      const { limit, cursor, name } = query;
      const [at, id] = cursor === undefined ? [] : deps.cursors.decode(list, cursor);
      let rows = deps.read.selectFrom('ontology').selectAll();
      if (name !== undefined) rows = rows.where('name', '=', name);
      if (at !== undefined && id !== undefined) {
        rows = rows.where((of) =>
          of.or([
            of('created_at', '<', BigInt(at)),
            of.and([of('created_at', '=', BigInt(at)), of('sha256', '<', id)]),
          ]),
        );
      }
      const found = await rows
        .orderBy('created_at', 'desc')
        .orderBy('sha256', 'desc')
        .limit(limit + 1)
        .execute();
      return pageOf(found, limit, {
        item: (row) => ontologyJson(ontologyOfRow(row)),
        cursor: (last) => deps.cursors.encode(list, [String(last.created_at), last.sha256]),
      }) as OntologyPage;
    },
  );

const create = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'createOntology',
      tag,
      method: 'post',
      path: '/v1/ontologies',
      summary: 'Save a version of an ontology',
      description:
        'Its id is the hash of what it says: the same words again are the version that is there. ' +
        'Tasks and labels keep the version that they were made with.',
      right: 'ontologies:write',
    },
    {
      body: ontologyBody,
      answer: { status: 201, description: 'The version.', schema: ontologySchema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const by = call.caller?.id ?? 'system';
        const at = deps.clock.now();
        const { ontology, isNew } = await ontologyStore(trx).save(call.body, { by, at });
        if (isNew) {
          const after = { name: ontology.name, version: ontology.n };
          await call.audit(trx, { action: 'ontology.create', subject: ontology.sha256, after });
        }
        return ontologyJson(ontology);
      }),
  );

const get = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getOntology',
      tag,
      method: 'get',
      path: '/v1/ontologies/{id}',
      summary: 'One ontology, by its hash, or by its name in the newest version',
      right: 'ontologies:read',
    },
    {
      params: z.strictObject({ id: z.string().min(1).max(64) }),
      answer: { status: 200, description: 'The ontology.', schema: ontologySchema },
    },
    async ({ params }) => ontologyJson(await ontologyStore(deps.read).demand(params.id)),
  );
