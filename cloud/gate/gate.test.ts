/**
 * Goal: over the API a person decides at a gate what they may, on the evidence they saw, once; who
 * comes late is told who was first, and a key without a person decides nothing.
 * Method: real HTTP to a real SQLite file; keys of people with their roles, a gate in its row.
 */
import { expect, test } from 'vitest';
import type { Role } from '../auth/rights.ts';
import type { Problem } from '../http/problem.ts';
import { type ApiWorld, openApiWorld } from '../http/world.sample.ts';
import { startRun } from '../store/run-queue.ts';
import { personKey } from '../user/person.sample.ts';
import type { GateDetailJson, GateJson } from './json.ts';
import { gateStore, type NewGate } from './store.ts';

type Auth = Readonly<Record<string, string>>;

/** Headers that speak for a new person. */
const person = async (world: ApiWorld, name: string, role: Role): Promise<Auth> => ({
  authorization: `Bearer ${await personKey(world.db, name, role)}`,
});

async function opened(world: ApiWorld, over: Partial<NewGate> = {}): Promise<string> {
  const at = Date.now();
  await world.db.transaction().execute(async (trx) => {
    const run = { id: 'run_1', workflow: 'w', workflowVersion: 1, subject: 's', input: {} };
    await startRun(trx, { ...run, actor: 'usr_zoe', at });
    await gateStore(trx).open({
      id: 'gat_1',
      runId: 'run_1',
      name: 'approval',
      kind: 'approval',
      question: 'Go?',
      subject: { id: 'rel_1', digest: 'd1' },
      evidence: [{ name: 'numbers', digest: 'e1', body: { right: 0.9 } }],
      options: ['approve', 'reject'],
      role: 'engineer',
      excluded: ['usr_zoe'],
      quorum: 1,
      onDeadline: 'reject',
      escalateTo: [],
      withinMs: 3_600_000,
      at,
      ...over,
    });
  });
  return '/v1/gates/gat_1';
}

const json = async <T>(response: Promise<Response>): Promise<T> => {
  const settled = await response;
  if (!settled.ok) throw new Error(`${settled.status} ${await settled.text()}`);
  return (await settled.json()) as T;
};
const problem = async (response: Promise<Response>): Promise<Problem> =>
  (await (await response).json()) as Problem;
const reason = 'the numbers hold';

test('a person decides once, on what they saw; the second is told who was first', async () => {
  await using world = await openApiWorld();
  const gate = await opened(world);
  const ann = await person(world, 'ann', 'engineer');
  const bob = await person(world, 'bob', 'admin');
  const shown = await json<GateDetailJson>(world.get(gate, ann));
  expect(shown).toMatchObject({ mayDecide: true, evidence: [{ name: 'numbers' }], votes: [] });
  const stale = { option: 'approve', reason, evidence: 'x' };
  expect((await world.post(`${gate}:decide`, stale, ann)).status).toBe(409);
  const maybe = { option: 'perhaps', reason };
  expect((await world.post(`${gate}:decide`, maybe, ann)).status).toBe(400);
  const seen = { option: 'approve', reason, evidence: shown.evidenceDigest };
  expect(await json<GateJson>(world.post(`${gate}:decide`, seen, ann))).toMatchObject({
    state: 'decided',
    option: 'approve',
    decidedBy: ['usr_ann'],
  });
  const late = await problem(world.post(`${gate}:decide`, { option: 'reject', reason }, bob));
  expect(late.status).toBe(409);
  expect(late.detail).toContain('approve, by usr_ann');
  const told = await world.db
    .selectFrom('outbox')
    .select('kind')
    .where('subject', '=', 'gat_1')
    .orderBy('seq')
    .execute();
  expect(told.map(({ kind }) => kind)).toContain('gate.contested');
  const wake = await world.db.selectFrom('wake').select('n').executeTakeFirstOrThrow();
  expect(wake.n).toBeGreaterThan(1n);
});

test('an author, a lower role and a key without a person decide nothing', async () => {
  await using world = await openApiWorld();
  const gate = await opened(world, { role: 'release_manager' });
  const zoe = await person(world, 'zoe', 'admin');
  const ann = await person(world, 'ann', 'engineer');
  const decision = { option: 'approve', reason };
  const said = async (headers: Auth): Promise<Problem> =>
    await problem(world.post(`${gate}:decide`, decision, headers));
  expect(await said(zoe)).toMatchObject({ status: 403, detail: expect.stringContaining('made') });
  expect(await said(ann)).toMatchObject({
    status: 403,
    detail: expect.stringContaining('release_manager'),
  });
  expect(await said({})).toMatchObject({ status: 403, detail: expect.stringContaining('person') });
  expect(await json<GateDetailJson>(world.get(gate, zoe))).toMatchObject({ mayDecide: false });
});

test('gates that wait for me; handed over, one waits for somebody else', async () => {
  await using world = await openApiWorld();
  const gate = await opened(world, { quorum: 2 });
  const ann = await person(world, 'ann', 'engineer');
  const eva = await person(world, 'eva', 'viewer');
  const mine = async (of: Auth): Promise<number> =>
    (await json<{ items: unknown[] }>(world.get('/v1/gates?mine=true', of))).items.length;
  expect([await mine(ann), await mine(eva)]).toEqual([1, 0]);
  await json(world.post(`${gate}:delegate`, { to: 'usr_eva', reason }, ann));
  expect([await mine(ann), await mine(eva)]).toEqual([0, 1]);
  const nobody = world.post(`${gate}:reassign`, { to: 'usr_none', reason }, ann);
  expect((await nobody).status).toBe(404);
});

test('of two people who decide at once one wins; both stand on record, the run is woken once', async () => {
  await using world = await openApiWorld();
  const gate = await opened(world);
  const people = await Promise.all(
    ['ann', 'bob', 'cyd'].map(async (name) => await person(world, name, 'engineer')),
  );
  const said = await Promise.all(
    people.map(
      async (who, n) =>
        await world.post(`${gate}:decide`, { option: n === 0 ? 'approve' : 'reject', reason }, who),
    ),
  );
  expect(said.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409, 409]);
  const told = await world.db
    .selectFrom('outbox')
    .select('kind')
    .where('subject', '=', 'gat_1')
    .execute();
  const count = (kind: string): number => told.filter((one) => one.kind === kind).length;
  expect([count('gate.decided'), count('gate.contested')]).toEqual([1, 2]);
});

test('the same decision sent three times is one vote; one behind the deadline is none', async () => {
  await using world = await openApiWorld();
  const gate = await opened(world, { quorum: 2 });
  const ann = await person(world, 'ann', 'engineer');
  const decision = { option: 'approve', reason };
  const headers = { ...ann, 'idempotency-key': 'a-1' };
  for (let n = 0; n < 3; n += 1) {
    expect((await world.post(`${gate}:decide`, decision, headers)).status).toBe(200);
  }
  expect((await world.post(`${gate}:decide`, decision, ann)).status).toBe(200);
  const votes = await world.db.selectFrom('vote').selectAll().execute();
  expect(votes).toHaveLength(1);
  await world.db.updateTable('gate').set({ deadline_at: 1 }).execute();
  const bob = await person(world, 'bob', 'engineer');
  const late = await problem(world.post(`${gate}:decide`, decision, bob));
  expect(late).toMatchObject({ status: 409, detail: expect.stringContaining('expired') });
});
