/**
 * 100,000 open tasks behind the API: how long a person waits for the next one, and for an answer
 * with the next one in the same request; also one who had a hand in half of the line already. Each
 * figure stands against the limit that it must hold; the last against the same wait of anybody, in
 * the same run, so that it tells on a busy machine too.
 */
import { openApiWorld } from '@fieldloop/cloud/sample';
import { type Bench, type Row, row } from './report.ts';

const tasks = 100_000;
const batch = 1000;
const people = 10;
const rounds = 100;
const limitMs = 50;

const ontology = { name: 'bench', classes: ['a', 'b', 'c', 'd'].map((name) => ({ name })) };

type World = Awaited<ReturnType<typeof openApiWorld>>;

export const annotationBench: Bench = async (progress) => {
  await using world = await openApiWorld();
  await fill(world, progress);
  const nexts: number[] = [];
  const answers: number[] = [];
  const freshly: number[] = [];
  const keys = await Promise.all(
    Array.from({ length: people }, async () => await world.makeKey(['tasks:write'])),
  );
  for (const key of keys) {
    const { held, ms } = await timed(world, key, { path: '/v1/tasks:next', body: { count: 1 } });
    nexts.push(ms);
    let id = held;
    for (let n = 0; n < rounds; n += 1) {
      const body = { class: 'a', seconds: 1, count: 1 };
      const done = await timed(world, key, { path: `/v1/tasks/${id}:submit`, body });
      answers.push(done.ms);
      // A page that asks again is given what it holds.
      const again = await timed(world, key, { path: '/v1/tasks:next', body: { count: 1 } });
      nexts.push(again.ms);
      id = again.held;
    }
    for (let n = 0; n < rounds; n += 1) {
      await timed(world, key, { path: `/v1/tasks/${id}:release`, body: {} });
      const fresh = await timed(world, key, { path: '/v1/tasks:next', body: { count: 1 } });
      nexts.push(fresh.ms);
      freshly.push(fresh.ms);
      id = fresh.held;
    }
  }
  progress(`${answers.length} answers`);
  const busy = await world.makeKey(['tasks:write']);
  const worn = await halfDone(world, busy);
  return [
    limit('tasks:next, p95', nexts),
    limit('submit with the next, p95', answers),
    limit('tasks:next of who answered 50,000, p95', worn),
    against('the same, median, against anybody', worn, freshly),
  ];
};

async function fill(world: World, progress: (text: string) => void): Promise<void> {
  const manifest = await world.putClip(1, { bytes: new Uint8Array([1]) });
  const { items } = (await (await world.get('/v1/clips')).json()) as {
    readonly items: readonly { readonly id: string }[];
  };
  const clip = items[0]?.id;
  await world.post('/v1/ontologies', ontology);
  const started = performance.now();
  for (let at = 0; at < tasks; at += batch) {
    const moments = Array.from({ length: batch }, (_, n) => ({
      clip,
      topic: '/odom',
      startNs: String(BigInt(manifest.startNs) + BigInt(at + n)),
    }));
    const asked = { batch: `b${at}`, ontology: 'bench', type: 'classification', moments };
    const response = await world.post('/v1/tasks', { ...asked, priority: at % 97 });
    if (!response.ok) throw new Error(await response.text());
  }
  progress(`${tasks} tasks opened in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

async function timed(
  world: World,
  key: string,
  { path, body }: { readonly path: string; readonly body: object },
): Promise<{ readonly ms: number; readonly held: string }> {
  const started = performance.now();
  const response = await world.post(path, body, { authorization: `Bearer ${key}` });
  const given = (await response.json()) as { readonly items?: readonly { readonly id: string }[] };
  const ms = performance.now() - started;
  if (!response.ok) throw new Error(JSON.stringify(given));
  return { ms, held: given.items?.[0]?.id ?? '' };
}

/** Rows as they stand after 50,000 answers of one person, from the head of the line. */
async function halfDone(world: World, key: string): Promise<readonly number[]> {
  const { held } = await timed(world, key, { path: '/v1/tasks:next', body: { count: 1 } });
  await timed(world, key, { path: `/v1/tasks/${held}:release`, body: {} });
  const who = await world.db
    .selectFrom('annotator')
    .select('id')
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow();
  const done = await world.db
    .selectFrom('task')
    .select('id')
    .where('queue', '=', 1n)
    .orderBy('rank', 'desc')
    .limit(tasks / 2)
    .execute();
  await world.db.transaction().execute(async (trx) => {
    for (let at = 0; at < done.length; at += 200) {
      const ids = done.slice(at, at + 200).map(({ id }) => id);
      const hands = ids.map((task_id) => ({ annotator_id: who.id, task_id, how: 'submitted' }));
      await trx.insertInto('task_hand').values(hands).execute();
      await trx.updateTable('task').set({ queue: 2, people: 1 }).where('id', 'in', ids).execute();
    }
  });
  const times: number[] = [];
  for (let n = 0; n < rounds; n += 1) {
    const given = await timed(world, key, { path: '/v1/tasks:next', body: { count: 1 } });
    times.push(given.ms);
    await timed(world, key, { path: `/v1/tasks/${given.held}:release`, body: {} });
  }
  return times;
}

/** Medians: who has answered much may wait twice as long as others. */
function against(figure: string, times: readonly number[], others: readonly number[]): Row {
  const [value, rival] = [middle(times), middle(others)];
  return row({ figure, unit: 'ms', value, rival, ratio: rival / value, atLeast: 0.5 });
}

const middle = (times: readonly number[]): number =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;

/** The 95th of a hundred, which must stay below the limit: the ratio is limit over value. */
function limit(figure: string, times: readonly number[]): Row {
  const value = times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.95)] ?? Number.NaN;
  return row({ figure, unit: 'ms', value, rival: limitMs, ratio: limitMs / value, atLeast: 1 });
}
