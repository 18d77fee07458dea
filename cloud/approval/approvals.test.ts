/**
 * Goal: what takes two people happens only after another person said yes, once, and in time.
 * Method: an operation that needs approval behind the real application, and the ways around it.
 */
import { systemIds } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { requireApproval, subjectOf } from '../auth/approval.ts';
import { openPeopleWorld, type PeopleWorld } from '../auth/people.sample.ts';
import { auditStore } from '../audit/store.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { approvalMs } from '../limits.ts';
import type { ApprovalJson } from './routes.ts';

/** Counts what was done; the work itself is another noun's. */
function dangerous(clock: () => PeopleWorld['clock'] | undefined): {
  done: string[];
  operation: Operation;
} {
  const done: string[] = [];
  const danger = operation(
    {
      id: 'danger',
      tag: 'test',
      method: 'post',
      path: '/v1/dangers/{id}:do',
      summary: 'Needs two people',
      right: 'devices:admin',
    },
    {
      params: z.strictObject({ id: z.string() }),
      body: z.strictObject({ reason: z.string().optional() }),
      answer: { status: 200, description: 'Done.', schema: z.object({ done: z.int() }) },
    },
    async (call) =>
      await call.change(async (trx) => {
        const own = clock();
        if (own === undefined) throw new TypeError('the world is not open');
        await requireApproval(
          trx,
          call,
          { action: 'danger.do', subject: call.params.id, reason: call.body.reason },
          { clock: own, ids: systemIds },
        );
        done.push(call.params.id);
        return { done: done.length };
      }),
  );
  return { done, operation: danger };
}

async function openDanger() {
  const holder: { clock?: PeopleWorld['clock'] } = {};
  const { done, operation: more } = dangerous(() => holder.clock);
  const world = await openPeopleWorld({ more: [more] });
  holder.clock = world.clock;
  const ada = await world.person('ada', 'admin');
  const bob = await world.person('bob', 'release_manager');
  return Object.assign(world, {
    done,
    ada: await world.keyOf(ada),
    bob: await world.keyOf(bob),
    adaUser: ada,
    async act(key: string, id = 'x', reason = 'a recall') {
      return await world.send('POST', `/v1/dangers/${id}:do`, { key, body: { reason } });
    },
    async decide(key: string, id: string, verb: string) {
      return await world.send('POST', `/v1/approvals/${id}:${verb}`, {
        key,
        body: { note: 'seen' },
      });
    },
  });
}

const asked = async (response: Response): Promise<string> => {
  expect(response.status).toBe(409);
  const body = (await response.json()) as { type: string; approval?: string; remedy?: string };
  expect(body.type).toBe('https://fieldloop.dev/faults/approval');
  expect(body.remedy).toContain(body.approval);
  return body.approval ?? '';
};

test('it is asked for, approved by another person, and done once', async () => {
  await using world = await openDanger();
  const id = await asked(await world.act(world.ada));
  expect(await asked(await world.act(world.ada))).toBe(id);
  expect(world.done).toEqual([]);
  const open = (await (
    await world.send('GET', `/v1/approvals/${id}`, { key: world.bob })
  ).json()) as ApprovalJson;
  expect(open).toMatchObject({
    action: 'danger.do',
    subject: 'x',
    reason: 'a recall',
    state: 'open',
    askedPerson: world.adaUser.id,
  });
  expect((await world.decide(world.bob, id, 'approve')).status).toBe(200);
  expect((await world.act(world.ada)).status).toBe(200);
  expect(world.done).toEqual(['x']);
  expect(await asked(await world.act(world.ada))).not.toBe(id);
  const actions = (await auditStore(world.db).list(0, 99)).map((entry) => entry.action);
  expect(actions.filter((one) => one.startsWith('approval'))).toEqual([
    'approval.ask',
    'approval.approve',
    'approval.use',
    'approval.ask',
  ]);
});

test('nobody approves what they asked for, by whichever key', async () => {
  await using world = await openDanger();
  const id = await asked(await world.act(world.ada));
  const second = await world.keyOf(world.adaUser);
  const browser = world.browser();
  await browser.login('ada@example.com');
  const machine = (await (
    await world.send('POST', '/v1/apiKeys', { key: world.ada, body: { name: 'm', role: 'admin' } })
  ).json()) as { key: string };
  for (const key of [world.ada, second, machine.key, world.key]) {
    expect((await world.decide(key, id, 'approve')).status).toBe(403);
  }
  const headers = { 'x-csrf-token': browser.csrfToken };
  const own = await browser.send('POST', `/v1/approvals/${id}:approve`, { body: {}, headers });
  expect(own.status).toBe(403);
  // What a machine of hers asks for is hers as well.
  const other = await asked(await world.act(machine.key, 'y'));
  expect((await world.decide(world.ada, other, 'approve')).status).toBe(403);
  expect((await world.decide(world.bob, other, 'approve')).status).toBe(200);
});

test('who asks cannot take another account over and approve there', async () => {
  await using world = await openDanger();
  const id = await asked(await world.act(world.ada));
  const reset = '/v1/users/bob@example.com:resetPassword';
  const { link } = (await (await world.send('POST', reset, { key: world.ada })).json()) as {
    link: { token: string };
  };
  const password = 'a sentence that ada knows';
  const body = { token: link.token, password };
  expect((await world.send('POST', '/v1/links:redeem', { body })).status).toBe(200);
  const bob = world.browser();
  expect((await bob.login('bob@example.com', password)).status).toBe(200);
  const approve = async (of: string) =>
    await bob.send('POST', `/v1/approvals/${of}:approve`, {
      body: {},
      headers: { 'x-csrf-token': bob.csrfToken },
    });
  expect((await approve(id)).status).toBe(403);
  world.clock.advance(approvalMs + 1);
  await bob.login('bob@example.com', password);
  expect((await approve(await asked(await world.act(world.ada)))).status).toBe(200);
});

test('who may not approve does not, and an approval serves only who asked for only that', async () => {
  await using world = await openDanger();
  const id = await asked(await world.act(world.ada));
  const eve = await world.keyOf(await world.person('eve', 'engineer'));
  expect((await world.decide(eve, id, 'approve')).status).toBe(403);
  expect((await world.decide(world.bob, id, 'approve')).status).toBe(200);
  await asked(await world.act(world.ada, 'y'));
  const cyd = await world.keyOf(await world.person('cyd', 'admin'));
  await asked(await world.act(cyd));
  expect(world.done).toEqual([]);
  expect((await world.act(world.ada)).status).toBe(200);
});

test('a rejected, withdrawn or late request opens nothing', async () => {
  await using world = await openDanger();
  const first = await asked(await world.act(world.ada));
  expect((await world.decide(world.bob, first, 'reject')).status).toBe(200);
  expect((await world.decide(world.bob, first, 'approve')).status).toBe(409);
  const second = await asked(await world.act(world.ada));
  expect(second).not.toBe(first);
  expect((await world.decide(world.bob, second, 'approve')).status).toBe(200);
  const withdraw = async (key: string) =>
    (await world.send('POST', `/v1/approvals/${second}:withdraw`, { key })).status;
  expect([await withdraw(world.bob), await withdraw(world.ada)]).toEqual([403, 200]);
  const third = await asked(await world.act(world.ada));
  world.clock.advance(approvalMs);
  expect((await world.decide(world.bob, third, 'approve')).status).toBe(409);
  const fourth = await asked(await world.act(world.ada));
  await world.decide(world.bob, fourth, 'approve');
  world.clock.advance(approvalMs);
  await asked(await world.act(world.ada));
  expect(world.done).toEqual([]);
});

test('two at once with one approval: one of them does it', async () => {
  await using world = await openDanger();
  const id = await asked(await world.act(world.ada));
  await world.decide(world.bob, id, 'approve');
  const answers = await Promise.all([
    world.act(world.ada),
    world.act(world.ada),
    world.act(world.ada),
  ]);
  expect(answers.map((one) => String(one.status)).toSorted()).toEqual(['200', '409', '409']);
  expect(world.done).toEqual(['x']);
  const list = (await (await world.send('GET', '/v1/approvals', { key: world.bob })).json()) as {
    items: ApprovalJson[];
  };
  expect(list.items.map((one) => one.state).toSorted()).toEqual(['open', 'used']);
});

test('an approval for some devices does not hold for one more', () => {
  expect(subjectOf(['b', 'a', 'a'])).toBe(subjectOf(['a', 'b']));
  expect(subjectOf(['a', 'b', 'c'])).not.toBe(subjectOf(['a', 'b']));
});
