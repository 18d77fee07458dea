/** Who stands behind ids: people by their address, keys by their person or name. */
import type { NounDeps } from '../http/deps.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import type { Db } from '../store/db.ts';

const mostIds = 200;

const actorSchema = z
  .object({
    id: z.string().openapi({ example: 'key_01JC0000000000000000000000' }),
    name: z.string().openapi({ example: 'ada@example.com' }),
    person: z.string().optional().openapi({ description: 'The person whose login the key is.' }),
  })
  .openapi('Actor');

type Actor = z.infer<typeof actorSchema>;

export const nameActors = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'nameActors',
      tag: 'users',
      method: 'get',
      path: '/v1/actors',
      summary: 'Who stands behind ids of people and keys',
      description: 'What is not known is left out. A key of a login is shown as its person.',
      right: 'users:read',
    },
    {
      query: z.strictObject({
        ids: z
          .string()
          .max(mostIds * 64)
          .transform((text) => [...new Set(text.split(','))])
          .pipe(z.array(z.string().max(64)).min(1).max(mostIds))
          .openapi({
            type: 'string',
            maxLength: mostIds * 64,
            description: `At most ${mostIds}, with commas between.`,
          }),
      }),
      answer: {
        status: 200,
        description: 'Those that are known.',
        schema: z.object({ items: z.array(actorSchema) }).openapi('Actors'),
      },
    },
    async ({ query }) => ({ items: await actorsOf(deps.read, query.ids) }),
  );

async function actorsOf(db: Db, ids: readonly string[]): Promise<Actor[]> {
  const people = await db
    .selectFrom('person')
    .select(['id', 'email as name'])
    .where('id', 'in', ids)
    .execute();
  const keys = await db
    .selectFrom('api_key')
    .leftJoin('person', 'person.id', 'api_key.person_id')
    .select(['api_key.id', 'api_key.name', 'person.id as person', 'person.email'])
    .where('api_key.id', 'in', ids)
    .execute();
  return [
    ...people,
    ...keys.map(({ id, name, person, email }) =>
      person === null ? { id, name } : { id, name: email ?? name, person },
    ),
  ];
}
