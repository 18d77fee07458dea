/** Gates: what waits for a decision, what there is to see, and the decision. */
import { Fault, type Json } from '@fieldloop/core';
import { allows, allScopes, roles } from '../auth/rights.ts';
import { writesAfter } from '../http/change.ts';
import type { NounDeps } from '../http/deps.ts';
import { listAnswer, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Call, type Operation, operation } from '../http/operation.ts';
import { gateSource } from '../http/q/sources/gates.ts';
import type { Db } from '../store/db.ts';
import { type Decider, type Gate, gateStates, isAtLeast, whyNot } from './gate.ts';
import {
  type GateDetailJson,
  gateDetailJson,
  gateDetailSchema,
  gateJson,
  gateSchema,
} from './json.ts';
import { deciderOf, demandAccount } from '../workflows/kit/steer.ts';
import { gateStore, tell } from './store.ts';

const tag = 'gates';
const path = z.strictObject({ id: z.string().min(1).max(64) });
const reasonField = z.string().min(1).max(2000).openapi({ description: 'Why; it is kept.' });
const answer = { status: 200, description: 'The gate.', schema: gateDetailSchema } as const;

export const gateOperations = (deps: NounDeps): readonly Operation[] => [
  list(deps),
  get(deps),
  decide(deps),
  assign(deps, {
    id: 'reassignGate',
    verb: 'reassign',
    summary: 'Ask another person first; who may decide stays the same',
    isDelegate: false,
  }),
  assign(deps, {
    id: 'delegateGate',
    verb: 'delegate',
    summary: 'Hand your decision over to another person; you do not decide then',
    isDelegate: true,
  }),
];

const list = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listGates',
      tag,
      method: 'get',
      path: '/v1/gates',
      summary: 'Gates at which runs wait for people, the newest first',
      right: 'gates:read',
    },
    {
      query: listQuery(gateSource, {
        state: z.enum(gateStates).optional(),
        mine: z
          .enum(['true', 'false'])
          .optional()
          .openapi({ description: 'Open ones at which who asks may still decide.' }),
      }),
      answer: {
        status: 200,
        description: 'One page.',
        schema: listAnswer('GatePage', gateSchema),
      },
    },
    async ({ query, caller }) => {
      const { state, mine } = query;
      const all = deps.read.selectFrom('gate').select('gate.id');
      return await listPage(deps, query, {
        operation: 'listGates',
        source: gateSource,
        rows: mine === 'true' ? waitingFor(deps.read, deciderOf(caller)) : all,
        is: { state },
        items: async (rows) => {
          const store = gateStore(deps.read);
          const gates = await Promise.all(rows.map(async (row) => await store.demand(row.id)));
          return gates.map(gateJson);
        },
        schema: gateSchema,
      });
    },
  );

/** Open gates at which this person may decide and has not. */
function waitingFor(db: Db, { userId, role, scopes }: Decider) {
  const own = role === undefined ? [] : roles.filter((one) => isAtLeast(role, one));
  const held = allScopes.filter((scope) => allows(scopes, scope));
  const person = userId ?? '';
  return db
    .selectFrom('gate')
    .select('gate.id')
    .where('gate.state', '=', 'open')
    .where('gate.excluded', 'not like', `%"${person}"%`)
    .where((eb) =>
      eb.or([eb('gate.delegated_by', 'is', null), eb('gate.delegated_by', '!=', person)]),
    )
    .where((eb) =>
      eb.or([
        eb('gate.delegate', '=', person),
        eb.and([
          eb.or([eb('gate.role', 'is', null), eb('gate.role', 'in', ['', ...own])]),
          eb.or([eb('gate.scope', 'is', null), eb('gate.scope', 'in', ['', ...held])]),
        ]),
      ]),
    )
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('vote')
            .select('vote.gate_id')
            .whereRef('vote.gate_id', '=', 'gate.id')
            .where('vote.person', '=', person)
            .where('vote.is_void', '=', 0n),
        ),
      ),
    );
}

const get = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getGate',
      tag,
      method: 'get',
      path: '/v1/gates/{id}',
      summary: 'One gate: the question, the evidence, the votes',
      right: 'gates:read',
    },
    { params: path, answer },
    async ({ params, caller }) => await detail(deps.read, params.id, deciderOf(caller)),
  );

async function detail(db: Db, id: string, decider: Decider): Promise<GateDetailJson> {
  const store = gateStore(db);
  const gate = await store.demand(id);
  return gateDetailJson(gate, {
    evidence: await store.evidence(id),
    votes: await store.votes(id),
    whyNot: whyNot(gate, decider),
  });
}

const decide = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'decideGate',
      tag,
      method: 'post',
      path: '/v1/gates/{id}:decide',
      summary: 'Decide, or vote where several people have to',
      description:
        'By a person, never by one who is excluded. Who comes second gets a 409 with the name, the choice and the time of who was first.',
      right: 'gates:write',
      faults: ['forbidden', 'conflict'],
    },
    {
      params: path,
      body: z.strictObject({
        option: z.string().min(1).max(64),
        reason: reasonField,
        evidence: z.string().max(64).optional().openapi({
          description: 'evidenceDigest of what you saw; refused when it is another by now.',
        }),
        input: z.unknown().optional().openapi({
          description: 'For retry_changed: what the step is to be tried with.',
        }),
      }),
      answer,
    },
    async (call) => {
      const decider = deciderOf(call.caller);
      return await call.change(async (trx) => {
        const { option, reason, evidence, input } = call.body;
        const at = deps.clock.now();
        const gate = await gateStore(trx).demand(call.params.id);
        const changed = input as Json | undefined;
        try {
          await gateStore(trx).decide(gate, decider, { option, reason, evidence, changed, at });
        } catch (error) {
          throw contested(error, { gate, option, by: decider.userId ?? decider.id, at });
        }
        await tellAudit(trx, call, { verb: 'decide', gate, detail: { option, reason } });
        return await detail(trx, gate.id, decider);
      });
    },
  );

/** Who came too late is refused; the others hear of it. */
function contested(
  error: unknown,
  late: { readonly gate: Gate; readonly option: string; readonly by: string; readonly at: number },
): unknown {
  const { gate, option, by, at } = late;
  if (!(error instanceof Fault) || error.code !== 'conflict' || gate.state === 'open') return error;
  return writesAfter(
    error,
    async (trx) => await tell(trx, gate, 'gate.contested', { at, option, by }),
  );
}

const assign = (
  deps: NounDeps,
  how: {
    readonly id: string;
    readonly verb: 'reassign' | 'delegate';
    readonly summary: string;
    readonly isDelegate: boolean;
  },
): Operation =>
  operation(
    {
      id: how.id,
      tag,
      method: 'post',
      path: `/v1/gates/{id}:${how.verb}`,
      summary: how.summary,
      right: 'gates:write',
      faults: ['forbidden', 'conflict'],
    },
    {
      params: path,
      body: z.strictObject({
        to: z.string().min(1).max(64).openapi({ description: 'Id of an account.' }),
        reason: reasonField,
      }),
      answer,
    },
    async (call) => {
      const decider = deciderOf(call.caller);
      return await call.change(async (trx) => {
        const { to, reason } = call.body;
        const at = deps.clock.now();
        const gate = await gateStore(trx).demand(call.params.id);
        await demandAccount(trx, to);
        if (how.isDelegate) demandOwn(gate, decider, to);
        const by = decider.userId ?? decider.id;
        const { isDelegate } = how;
        await gateStore(trx).assign(gate, { person: to, by, isDelegate }, at);
        await tellAudit(trx, call, { verb: how.verb, gate, detail: { to, reason } });
        return await detail(trx, gate.id, decider);
      });
    },
  );

/** Only who may decide hands it over, and to nobody who is excluded. */
function demandOwn(gate: Gate, decider: Decider, to: string): void {
  const why = gate.excluded.includes(to)
    ? 'who made or asked for this does not decide on it'
    : whyNot(gate, decider);
  if (why === undefined && to !== decider.userId) return;
  throw new Fault('forbidden', why ?? 'nobody hands a decision over to themselves', {
    remedy: 'Name another account, or let one who may decide hand it over.',
  });
}

async function tellAudit(
  trx: Db,
  call: Pick<Call<unknown, unknown, unknown>, 'audit'>,
  of: {
    readonly verb: string;
    readonly gate: Gate;
    readonly detail: Readonly<Record<string, Json>>;
  },
): Promise<void> {
  const detail = { run: of.gate.runId, name: of.gate.name, ...of.detail };
  await call.audit(trx, { action: `gate.${of.verb}`, subject: of.gate.id, detail });
}
