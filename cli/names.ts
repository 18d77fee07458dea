/** Ids of people and keys as the addresses and names behind them, for what people read. */
import { Fault } from '@fieldloop/core';
import { answer, type Client } from './client.ts';

const actorIds = /\b(?:usr|key)_[0-9A-HJKMNP-TV-Z]{26}\b/g;
/** The API takes that many at once. */
const mostIds = 200;

/**
 * The same values with names for ids, except the own `id` of each. Asks the cloud only when there
 * is something to ask; who may not read people sees ids.
 */
export async function withNames<T extends object>(
  client: Client,
  values: readonly T[],
): Promise<readonly T[]> {
  const texts = values.map((value) => JSON.stringify(value));
  const own = values.map((value) => ('id' in value ? value.id : undefined));
  const ids = new Set(
    texts.flatMap((text, n) =>
      [...text.matchAll(actorIds)].flatMap(([id]) => (id === own[n] ? [] : [id])),
    ),
  );
  if (ids.size === 0) return values;
  const names = await namesOf(client, [...ids]);
  return texts.map((text, n) => {
    const named = text.replace(actorIds, (id) =>
      id === own[n] ? id : JSON.stringify(names.get(id) ?? id).slice(1, -1),
    );
    return JSON.parse(named) as T;
  });
}

async function namesOf(
  client: Client,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  try {
    for (let from = 0; from < ids.length; from += mostIds) {
      const query = { ids: ids.slice(from, from + mostIds).join(',') };
      const { items } = await answer(client.GET('/v1/actors', { params: { query } }));
      for (const { id, name } of items) found.set(id, name);
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
  }
  return found;
}
