/** The verbs of a case's life. A gate of its run that waits for the same word takes it. */
import { Fault, type Json } from '@fieldloop/core';
import type { NounDeps } from '../http/deps.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { maxNoteLength } from '../limits.ts';
import { answerGate, withdrawGate } from '../store/case-gate.ts';
import type { Db } from '../store/db.ts';
import { type Case, closeCodes } from './case.ts';
import { caseJson, caseSchema, causeField } from './json.ts';
import { caseStore } from './store.ts';

const tag = 'cases';
const params = z.strictObject({ id: z.string().min(1).max(64) });
const answer = { status: 200, description: 'The case.', schema: caseSchema } as const;
const right = 'cases:write';

export const caseVerbs = (deps: NounDeps): readonly Operation[] => [
  acknowledge(deps),
  note(deps),
  assign(deps),
  close(deps),
  decommission(deps),
  lift(deps),
];

type Verb = Pick<Parameters<Operation['run']>[0], 'caller' | 'audit'>;

/** One step with its audit, answered as the case is after it. */
async function step(
  trx: Db,
  of: { readonly call: Verb; readonly id: string; readonly at: number },
  wish: {
    readonly action: string;
    readonly detail?: Readonly<Record<string, Json>>;
    work(cases: ReturnType<typeof caseStore>, how: { at: number; by: string }): Promise<unknown>;
  },
) {
  const { call, id, at } = of;
  const cases = caseStore(trx);
  const before = await cases.demand(id);
  await wish.work(cases, { at, by: actorOf(call) });
  const after = await cases.demand(id);
  await call.audit(trx, {
    action: `case.${wish.action}`,
    subject: id,
    before: { state: before.state },
    after: { state: after.state },
    ...(wish.detail === undefined ? {} : { detail: wish.detail }),
  });
  return caseJson(after);
}

/** The person behind the caller, where there is one: cases are people's work. */
const actorOf = ({ caller }: Verb): string => caller?.userId ?? caller?.id ?? 'system';

const deciderOf = ({ caller }: Verb) => ({
  id: caller?.id ?? 'nobody',
  userId: caller?.userId,
  role: caller?.role,
  scopes: caller?.scopes ?? [],
});

const byHand = { kinds: ['acknowledge', 'close_case'], reason: 'the case was closed by hand' };

const acknowledge = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'acknowledgeCase',
      tag,
      method: 'post',
      path: '/v1/cases/{id}:acknowledge',
      summary: 'Take care of a case: nobody else is asked any more',
      description: 'Who was first stays; for anybody else this changes nothing.',
      right,
    },
    { params, body: z.strictObject({}), answer },
    async (call) =>
      await call.change(
        async (trx) =>
          await step(
            trx,
            { call, id: call.params.id, at: deps.clock.now() },
            {
              action: 'acknowledge',
              work: async (cases, how) => {
                const { run } = await cases.acknowledge(call.params.id, how);
                const word = { kind: 'acknowledge', option: 'acknowledge', reason: 'taken' };
                await answerGate(trx, run, { ...word, decider: deciderOf(call), at: how.at });
              },
            },
          ),
      ),
  );

const note = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'noteCase',
      tag,
      method: 'post',
      path: '/v1/cases/{id}:note',
      summary: 'Write down what was seen, tried or changed',
      right,
    },
    { params, body: z.strictObject({ text: z.string().min(1).max(maxNoteLength) }), answer },
    async (call) =>
      await call.change(
        async (trx) =>
          await step(
            trx,
            { call, id: call.params.id, at: deps.clock.now() },
            {
              action: 'note',
              detail: { text: call.body.text },
              work: async (cases, how) => await cases.note(call.params.id, call.body.text, how),
            },
          ),
      ),
  );

const assign = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'assignCase',
      tag,
      method: 'post',
      path: '/v1/cases/{id}:assign',
      summary: 'Give a case to a person',
      right,
      faults: ['not_found'],
    },
    {
      params,
      body: z.strictObject({
        to: z.string().min(1).max(64).nullable().openapi({ description: 'Id; null: nobody.' }),
      }),
      answer,
    },
    async (call) =>
      await call.change(async (trx) => {
        const { to } = call.body;
        if (to !== null) await demandPerson(trx, to);
        return await step(
          trx,
          { call, id: call.params.id, at: deps.clock.now() },
          {
            action: 'assign',
            detail: { to },
            work: async (cases, how) => await cases.assign(call.params.id, to ?? undefined, how),
          },
        );
      }),
  );

async function demandPerson(trx: Db, id: string): Promise<void> {
  const row = await trx
    .selectFrom('person')
    .select('state')
    .where('id', '=', id)
    .executeTakeFirst();
  if (row !== undefined && row.state !== 'deactivated') return;
  throw new Fault('not_found', `there is no active person "${id}"`, {
    place: '/body/to',
    remedy: 'List them with `fieldloop users list`.',
  });
}

const repairs = closeCodes.filter((code) => code !== 'decommissioned');

const close = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'closeCase',
      tag,
      method: 'post',
      path: '/v1/cases/{id}:close',
      summary: 'End a case with what it was',
      description:
        'A repair takes a robot that has reported well for long enough, by digests that it should run; not_a_fault takes none. The robot is no longer held.',
      right,
      faults: ['conflict'],
    },
    {
      params,
      body: z.strictObject({
        code: z.enum(repairs),
        cause: causeField,
        proof: causeField.optional().openapi({ description: 'Such as a link to a report.' }),
      }),
      answer,
    },
    async (call) =>
      await call.change(async (trx) => {
        const { code, cause, proof } = call.body;
        return await step(
          trx,
          { call, id: call.params.id, at: deps.clock.now() },
          {
            action: 'close',
            detail: { code, cause },
            work: async (cases, how) => {
              const { id } = call.params;
              // The newest reports count, not those that the run looked at last.
              if (code !== 'not_a_fault') await cases.look(id, how);
              await cases.close(id, { code, cause, proof }, how);
              await cases.lift(id, how);
            },
          },
        );
      }),
  );

const decommission = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'decommissionCase',
      tag,
      method: 'post',
      path: '/v1/cases/{id}:decommission',
      summary: 'End a case: the robot will not come back',
      description:
        'It stays held. The device itself goes out of service with `POST /v1/devices/{id}:decommission`.',
      right,
      faults: ['conflict'],
    },
    { params, body: z.strictObject({ cause: causeField }), answer },
    async (call) =>
      await call.change(async (trx) => {
        const { cause } = call.body;
        const wish = { code: 'decommissioned', cause } as const;
        return await step(
          trx,
          { call, id: call.params.id, at: deps.clock.now() },
          {
            action: 'decommission',
            detail: { cause },
            work: async (cases, how) => {
              const { run } = await cases.close(call.params.id, wish, how);
              await withdrawGate(trx, run, { ...byHand, at: how.at });
            },
          },
        );
      }),
  );

const lift = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'liftCaseHold',
      tag,
      method: 'post',
      path: '/v1/cases/{id}:lift',
      summary: 'Let a robot back into rollouts and draws before its case ends',
      right,
      faults: ['conflict'],
    },
    { params, body: z.strictObject({ reason: causeField }), answer },
    async (call) =>
      await call.change(async (trx) => {
        const { reason } = call.body;
        return await step(
          trx,
          { call, id: call.params.id, at: deps.clock.now() },
          {
            action: 'lift',
            detail: { reason },
            work: async (cases, how) => {
              const done = await cases.lift(call.params.id, how);
              if (!done) throw notHeldFault(await cases.demand(call.params.id));
            },
          },
        );
      }),
  );

const notHeldFault = ({ id, device }: Case): Fault =>
  new Fault('conflict', `the case ${id} does not hold ${device}`, {
    remedy: 'Look at the other cases of the robot: `fieldloop cases list --device`.',
  });
