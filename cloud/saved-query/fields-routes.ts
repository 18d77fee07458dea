/** What can be asked: for completion while somebody types. */
import { didYouMean, Fault } from '@fieldloop/core';
import type { NounDeps } from '../http/deps.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { fieldTypes, type QField } from '../http/q/source.ts';
import { sources } from '../http/q/sources/list.ts';
import { maxFieldTexts } from '../limits.ts';
import type { Db } from '../store/db.ts';
import { sql } from '../store/kysely.ts';

const schema = z
  .object({
    source: z.string(),
    sorts: z.array(z.string()).openapi({ description: 'What `sort` takes.' }),
    words: z.array(z.string()).openapi({ description: 'Fields that a bare word searches.' }),
    fields: z.array(
      z.object({
        name: z.string().openapi({ description: '`scores.*` takes any name after the dot.' }),
        type: z.enum(fieldTypes),
        says: z.string(),
        example: z.string(),
        values: z.array(z.string()).optional().openapi({ description: 'All that there are.' }),
        seen: z.array(z.string()).optional().openapi({
          description: 'Values that rows have, in order; not all when there are many.',
        }),
      }),
    ),
  })
  .openapi('QueryFields');

export const getQueryFields = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getQueryFields',
      tag: 'savedQueries',
      method: 'get',
      path: '/v1/queryFields',
      summary: 'The fields that q knows of a source, with examples and values',
      right: 'any',
    },
    {
      query: z.strictObject({
        source: z.string().min(1).max(64).openapi({ example: 'clips' }),
      }),
      answer: { status: 200, description: 'The fields.', schema },
    },
    async ({ query }) => {
      const source = sources.find((one) => one.name === query.source);
      if (source === undefined) throw unknownSource(query.source);
      return {
        source: source.name,
        sorts: Object.keys(source.sorts).flatMap((name) => [name, `-${name}`]),
        words: [...source.words],
        fields: await Promise.all(
          source.fields.map(async (field) => await shown(deps.read, field)),
        ),
      };
    },
  );

async function shown(db: Db, field: QField) {
  const { name, type, says, example, values } = field;
  const texts = values === undefined ? await textsOf(db, field) : undefined;
  return {
    name,
    type,
    says,
    example,
    ...(values === undefined ? {} : { values: [...values] }),
    ...(texts === undefined ? {} : { seen: texts }),
  };
}

/** The different values of a field whose index tells them quickly. */
async function textsOf(db: Db, { place, name }: QField): Promise<string[] | undefined> {
  if (place.texts === undefined || name.endsWith('*')) return undefined;
  const { rows } = await sql<{ text: string }>`select known.text as text
    from (${place.texts('')}) as known limit ${BigInt(maxFieldTexts)}`.execute(db);
  return rows.map(({ text }) => text);
}

function unknownSource(name: string): Fault {
  const names = sources.map((source) => source.name);
  return new Fault('invalid', `nothing is called "${name}".${didYouMean(name, names)}`, {
    place: '/query/source',
    remedy: `Choose from: ${names.join(', ')}.`,
  });
}
