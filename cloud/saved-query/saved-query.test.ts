/**
 * Goal: a query with a name narrows lists as if it were written, and a wrong one is refused.
 * Method: through the API of a real cloud.
 */
import { expect, test } from 'vitest';
import { openApiWorld } from '../http/world.sample.ts';

test('a saved query is used by its name, beside q', async () => {
  await using world = await openApiWorld();
  await world.putClip(1, { tags: ['rain'] });
  await world.putClip(2, { tags: ['rain'], severity: 'critical' });
  await world.putClip(3, { tags: ['dry'], severity: 'critical' });
  const made = await world.post('/v1/savedQueries', {
    source: 'clips',
    name: 'wet',
    q: 'tag:rain',
  });
  expect(made.status).toBe(201);
  const { id } = (await made.json()) as { id: string };
  const count = async (query: string): Promise<number> => {
    const answer = await world.get(`/v1/clips?${query}`);
    return ((await answer.json()) as { items: unknown[] }).items.length;
  };
  expect(await count('saved=wet')).toBe(2);
  expect(await count(`saved=${id}&q=severity:critical`)).toBe(1);
  expect((await world.get('/v1/events?saved=wet')).status).toBe(404);
  const again = { source: 'clips', name: 'wet', q: 'tag:dry' };
  expect((await world.post('/v1/savedQueries', again)).status).toBe(409);
});

test('a wrong query is refused when it is saved, with its place', async () => {
  await using world = await openApiWorld();
  const answer = await world.post('/v1/savedQueries', {
    source: 'clips',
    name: 'wrong',
    q: 'severity = critcal\nand rul:x',
  });
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({
    detail: 'q 1:12: severity is never "critcal". Did you mean "critical"? (and 1 more)',
    errors: [
      { pointer: '/body/q', line: 1, col: 12, offset: 11, length: 7 },
      { pointer: '/body/q', line: 2, col: 5, offset: 23, length: 3 },
    ],
  });
  const nowhere = await world.post('/v1/savedQueries', { source: 'clip', name: 'ab', q: 'x' });
  expect(await nowhere.json()).toMatchObject({ detail: expect.stringContaining('"clips"') });
});

test('completion knows the fields of a source and the values so far', async () => {
  await using world = await openApiWorld();
  await world.putClip(1, { tags: ['rain', 'dock'] });
  const answer = await world.get('/v1/queryFields?source=clips');
  const { fields } = (await answer.json()) as { fields: readonly { name: string }[] };
  const field = (name: string) => fields.find((one) => one.name === name);
  expect(field('tag')).toMatchObject({ type: 'text', seen: ['dock', 'rain'] });
  expect(field('severity')).toMatchObject({ values: ['critical', 'warning', 'info'] });
  expect((await world.get('/v1/queryFields?source=clip')).status).toBe(400);
});
