/**
 * Goal: a person goes from a text to the robots and back with what the API says alone.
 * Method: the real application on a real database; each refusal with its place and remedy.
 */
import { silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { type ApiWorld, openApiWorld } from '../http/world.sample.ts';
import type { RuleLintJson } from './json.ts';
import type { PublicationJson } from './publication-json.ts';
import { desiredRules, putCohort, report, sampleForecast, sampleRules } from './rule.sample.ts';
import { forecastStore } from './store.ts';
import { foldReports } from './watch.ts';

const json = async <T>(response: Response | Promise<Response>): Promise<T> =>
  (await (await response).json()) as T;

interface Saved {
  readonly id: string;
  readonly n: number;
  readonly digest: string;
  readonly version: number;
}

interface Problem {
  readonly status: number;
  readonly detail: string;
  readonly remedy?: string;
  readonly errors?: readonly {
    readonly pointer: string;
    readonly message: string;
    readonly line?: number;
    readonly col?: number;
  }[];
}

async function openRules(): Promise<
  ApiWorld & { save(threshold: number): Promise<Saved>; forecast(saved: Saved): Promise<void> }
> {
  const world = await openApiWorld();
  expect((await world.post('/v1/ruleSets', { name: 'speeding' })).status).toBe(201);
  const rows = await world.db.selectFrom('device').select('id').orderBy('name').execute();
  await putCohort(
    world.db,
    'yard',
    rows.map(({ id }) => id),
  );
  return Object.assign(world, {
    save: async (threshold: number) => {
      const response = await world.post('/v1/ruleSets/speeding/versions', {
        yaml: sampleRules(threshold),
        note: `up to ${threshold} m/s`,
      });
      expect(response.status).toBe(201);
      return await json<Saved>(response);
    },
    forecast: async ({ n, digest }: Saved) => {
      const [ruleSetId = ''] = (await world.db.selectFrom('rule_set').select('id').execute()).map(
        ({ id }) => id,
      );
      const about = { id: `fct_${n}`, ruleSetId, n, digest, createdBy: 'key_1' };
      await forecastStore(world.db).keep({
        ...about,
        forecast: sampleForecast(10),
        createdAt: Date.now() - 60_000,
      });
    },
  });
}

test('rule sets are made, found, changed with If-Match and deleted', async () => {
  await using world = await openRules();
  const again = await world.post('/v1/ruleSets', { name: 'speeding' });
  expect(again.status).toBe(409);
  expect(await json<Problem>(again)).toMatchObject({
    remedy: expect.stringContaining('rules save'),
  });
  const read = await world.get('/v1/ruleSets/speeding');
  const tag = read.headers.get('etag') ?? '';
  expect(tag).toMatch(/^"1\./);
  const patch = (etag: string) =>
    world.patch('/v1/ruleSets/speeding', { description: 'For yards.' }, { 'if-match': etag });
  expect((await patch('"7"')).status).toBe(412);
  expect(await json(patch(tag))).toMatchObject({ description: 'For yards.', version: 2 });
  for (const [q, count] of [
    ['name = other', 0],
    ['description ~ *yards*', 1],
  ] as const) {
    const list = `/v1/ruleSets?q=${encodeURIComponent(q)}`;
    expect((await json<{ items: unknown[] }>(world.get(list))).items).toHaveLength(count);
  }
  expect((await world.delete('/v1/ruleSets/speeding', { 'if-match': '*' })).status).toBe(204);
  expect((await world.get('/v1/ruleSets/speeding')).status).toBe(404);
});

test('a text with problems is refused with the line and column of each', async () => {
  await using world = await openRules();
  const save = async (yaml: string) => await world.post('/v1/ruleSets/speeding/versions', { yaml });
  const bad = await save(
    sampleRules(1).replace('v > 1.0', 'vv > 1.0').replace('5s}', '5 parsecs}'),
  );
  expect(bad.status).toBe(400);
  const problem = await json<Problem>(bad);
  expect(problem.errors).toMatchObject([
    { pointer: '/body/yaml', line: 11, col: 9, message: expect.stringContaining('unknown-signal') },
    { pointer: '/body/yaml', line: 12, message: expect.stringContaining('duration') },
  ]);
  const other = await json<Problem>(save(sampleRules(1, 'other')));
  expect(other.detail).toContain('the text names itself "other", and this rule set is "speeding"');
  expect(other.errors?.[0]).toMatchObject({ line: 4, col: 18 });
  const lint = await json<RuleLintJson>(
    world.post('/v1/ruleSets:lint', { yaml: sampleRules(1).replace('v > 1.0', 'vv > 1.0') }),
  );
  expect(lint).toMatchObject({ ok: false, problems: [{ line: 11, column: 9 }] });
  // Random bytes do not pack: a text within 256 KiB may still be too large for the wire.
  const noise = Array.from({ length: 24_000 }, (_, i) =>
    Math.sin(i * i)
      .toString(36)
      .slice(2, 8),
  );
  const large = await save(`${sampleRules(1)}# ${noise.join(' ')}\n`);
  expect(large.status).toBe(413);
  expect(await json<Problem>(large)).toMatchObject({ detail: expect.stringContaining('packed') });
});

test('the same text is the same version; versions differ by meaning and by line', async () => {
  await using world = await openRules();
  const [first, second] = [await world.save(1), await world.save(2)];
  expect(await world.save(1)).toEqual(first);
  const diff = await json(world.get('/v1/ruleSets/speeding/versions/2/diff?against=1'));
  expect(diff).toMatchObject({
    from: 1,
    to: 2,
    changes: [
      {
        part: 'rule',
        name: 'fast',
        fields: [{ path: 'when', before: 'v > 1.0', after: 'v > 2.0' }],
      },
    ],
    lines: expect.arrayContaining(['-  when: v > 1.0', '+  when: v > 2.0']) as unknown,
  });
  const page = await json<{ items: Saved[]; nextCursor?: string }>(
    world.get('/v1/ruleSets/speeding/versions?limit=1'),
  );
  expect(page.items.map(({ n }) => n)).toEqual([2]);
  const rest = await json<{ items: Saved[] }>(
    world.get(`/v1/ruleSets/speeding/versions?limit=1&cursor=${page.nextCursor}`),
  );
  expect(rest.items).toMatchObject([{ id: first.id, n: 1, digest: first.digest }]);
  expect(second.n).toBe(2);
});

test('a publish needs a forecast or force with a reason, and begins as a shadow', async () => {
  await using world = await openRules();
  const saved = await world.save(1);
  const publish = async (body: object, headers = {}) =>
    await world.post(
      '/v1/ruleSets/speeding/versions/1:publish',
      { cohort: 'yard', ...body },
      headers,
    );
  const refused = await publish({});
  expect(refused.status).toBe(409);
  expect((await json<Problem>(refused)).remedy).toContain('fieldloop rules backtest speeding 1');
  expect((await publish({ force: true })).status).toBe(400);
  expect((await publish({ cohort: 'nobody' })).status).toBe(404);
  await world.forecast(saved);
  const key = { 'idempotency-key': 'once' };
  const made = await json<PublicationJson>(publish({}, key));
  expect(made).toMatchObject({
    ruleSet: 'speeding',
    ruleSetVersion: 1,
    cohort: { name: 'yard' },
    mode: 'shadow',
    state: 'publishing',
    limits: { haltFactor: 3, maxFaults: 0 },
    forecast: { id: 'fct_1', fires: { high: 10 } },
    perDevice: [
      { device: 'amr-01', role: 'shadow', state: 'offline' },
      { device: 'amr-02', role: 'shadow', state: 'offline' },
    ],
  });
  // Sent again after a broken connection, it is not published twice.
  expect((await json<PublicationJson>(publish({}, key))).id).toBe(made.id);
  const list = await json<{ items: PublicationJson[] }>(
    world.get('/v1/publications?ruleSet=speeding'),
  );
  expect(list.items.map(({ id }) => id)).toEqual([made.id]);
  const devices = await json<{ items: { id: string }[] }>(
    world.get(`/v1/publications/${made.id}/devices`),
  );
  const [device] = devices.items;
  expect(await desiredRules(world.db, device?.id ?? '')).toEqual({ shadow: saved.digest });
  expect((await world.delete('/v1/ruleSets/speeding', { 'if-match': '*' })).status).toBe(409);
});

test('engineers try, halt and roll back; only release managers make it active', async () => {
  await using world = await openRules();
  await world.forecast(await world.save(1));
  const as = async (role: 'viewer' | 'engineer' | 'release_manager') => {
    const key = await world.keyAs(role);
    return async (path: string, body: object) =>
      await fetch(`${world.url}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
  };
  const publish = '/v1/ruleSets/speeding/versions/1:publish';
  const [viewer, engineer, manager] = [
    await as('viewer'),
    await as('engineer'),
    await as('release_manager'),
  ];
  expect((await viewer(publish, { cohort: 'yard' })).status).toBe(403);
  expect((await engineer(publish, { cohort: 'yard', mode: 'active' })).status).toBe(403);
  const { id } = await json<PublicationJson>(engineer(publish, { cohort: 'yard' }));
  const verb = (name: string) => `/v1/publications/${id}:${name}`;
  expect((await engineer(verb('promote'), {})).status).toBe(403);
  expect((await manager(verb('promote'), { percent: 100 })).status).toBe(200);
  expect((await manager(verb('promote'), { percent: 100 })).status).toBe(409);
  const halted = await json<PublicationJson>(engineer(verb('halt'), { reason: 'too many clips' }));
  expect(halted).toMatchObject({ state: 'halted', reason: 'too many clips' });
  // What was halted goes on by the word of two people only.
  const waits = await manager(verb('promote'), { percent: 100, reason: 'it was the network' });
  expect(waits.status).toBe(409);
  expect((await json<Problem>(waits)).detail).toContain('approval');
  const back = await json<PublicationJson>(engineer(verb('rollback'), { reason: 'enough' }));
  expect(back.state).toBe('rolled_back');
  const audit = await world.db.selectFrom('audit').select('action').orderBy('seq').execute();
  expect(audit.map(({ action }) => action).filter((one) => one.startsWith('publication'))).toEqual([
    'publication.promote',
    'publication.halt',
    'publication.rollback',
  ]);
});

test('a forecast that is blind for a rule needs a limit on bytes', async () => {
  await using world = await openRules();
  const { digest } = await world.save(1);
  const [set] = await world.db.selectFrom('rule_set').select('id').execute();
  const blind = { rule: 'fast', basis: 'blind' as const, fires: 0, cold: 0, hours: 0 };
  await forecastStore(world.db).keep({
    id: 'fct_9',
    ruleSetId: set?.id ?? '',
    n: 1,
    digest,
    createdBy: 'key_1',
    forecast: { ...sampleForecast(0), rules: [blind] },
    createdAt: Date.now(),
  });
  const publish = async (limits: object) =>
    await world.post('/v1/ruleSets/speeding/versions/1:publish', { cohort: 'yard', limits });
  expect((await publish({})).status).toBe(409);
  expect((await publish({ maxMibPerRobotDay: 50 })).status).toBe(201);
});

test('a rejection of a robot is shown with its lines', async () => {
  await using world = await openRules();
  const saved = await world.save(1);
  await world.forecast(saved);
  const { id } = await json<PublicationJson>(
    world.post('/v1/ruleSets/speeding/versions/1:publish', { cohort: 'yard' }),
  );
  const problems = [{ line: 6, column: 14, code: 'unknown-topic', message: 'there is no /odom' }];
  const rejected = { digest: saved.digest, publication: id, role: 'shadow', problems };
  const at = Date.now() + 1_000;
  await report(world.db, 'amr-01', { digest: 'f'.repeat(64), version: 1, rejected }, at);
  await foldReports({ read: world.db, write: world.db, clock: systemClock, log: silentLog });
  const shown = await json<PublicationJson>(world.get(`/v1/publications/${id}`));
  expect(shown.perDevice?.[0]).toMatchObject({ device: 'amr-01', state: 'rejected', problems });
});

test('the library is imported once; a second time nothing is new', async () => {
  await using world = await openApiWorld();
  type Imported = { readonly items: readonly { readonly name: string; readonly isNew: boolean }[] };
  const first = await json<Imported>(world.post('/v1/ruleSets:import', {}));
  expect(first.items.map(({ name }) => name)).toContain('near-miss');
  expect(first.items.every(({ isNew }) => isNew)).toBe(true);
  const again = await json<Imported>(world.post('/v1/ruleSets:import', {}));
  expect(again.items.some(({ isNew }) => isNew)).toBe(false);
  const list = await json<{ items: readonly unknown[] }>(world.get('/v1/ruleSets'));
  expect(list.items).toHaveLength(first.items.length);
});
