import { Fault, type Json } from '@fieldloop/core';
import type { NounDeps } from '../http/deps.ts';
import { listName } from '../http/deps.ts';
import { deviceRefField, nsField, pageFields, severityField } from '../http/fields.ts';
import { listAnswer, type Listing, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { pageOf } from '../http/page.ts';
import { failureSource } from '../http/q/sources/failures.ts';
import { demandVersion } from '../http/version.ts';
import { maxNoteLength } from '../limits.ts';
import type { Db } from '../store/db.ts';
import { deviceIdOf } from '../store/device-ref.ts';
import { type Failure, failureLinks, failureStates, overStates } from './failure.ts';
import {
  type FailureJson,
  failureJson,
  failureSchema,
  shouldField,
  signalField,
  stepJson,
  stepSchema,
} from './json.ts';
import { measured, relink, sessionAt } from './link.ts';
import { failureOfRow, failureRows, failureStore } from './store.ts';
import { demandFailure } from './demand.ts';
import { failureVerbs } from './verbs.ts';

export type { FailureJson } from './json.ts';
export type FailurePage = Listing<FailureJson>;

const tag = 'failures';
const path = z.strictObject({ id: z.string().min(1).max(64) });
const answer = { status: 200, description: 'The failure.', schema: failureSchema } as const;

const kindField = z
  .string()
  .regex(/^[A-Za-z0-9][\w./-]{0,63}$/, 'is not a name: use up to 64 of A-z, 0-9 and _ . / -')
  .openapi({ example: 'misgrasp' });
const didField = z.strictObject({ signal: z.string().min(1).max(128), value: signalField });
const noteField = z.string().min(1).max(maxNoteLength);

export const failureOperations = (deps: NounDeps): readonly Operation[] => [
  list(deps),
  create(deps),
  get(deps),
  update(deps),
  history(deps),
  counts(deps),
  ...failureVerbs(deps),
];

const list = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listFailures',
      tag,
      method: 'get',
      path: '/v1/failures',
      summary: 'The failure log, the newest log time first',
      right: 'failures:read',
      faults: ['not_found'],
    },
    {
      query: listQuery(failureSource, {
        device: deviceRefField.optional(),
        state: z.enum(failureStates).optional(),
        severity: severityField.optional(),
      }),
      answer: {
        status: 200,
        description: 'One page.',
        schema: listAnswer('FailurePage', failureSchema),
      },
    },
    async ({ query }) => {
      const { device, state, severity } = query;
      const name = device === undefined ? undefined : await deviceName(deps.read, device);
      return await listPage(deps, query, {
        operation: 'listFailures',
        source: failureSource,
        rows: failureRows(deps.read),
        schema: failureSchema,
        is: { device: name, state, severity },
        items: (rows) => rows.map((row) => failureJson(failureOfRow(row))),
      });
    },
  );

async function deviceName(db: Db, nameOrId: string): Promise<string> {
  const id = await deviceIdOf(db, nameOrId);
  const row = await db.selectFrom('device').select('name').where('id', '=', id).execute();
  return row[0]?.name ?? nameOrId;
}

const create = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'createFailure',
      tag,
      method: 'post',
      path: '/v1/failures',
      summary: 'Log a moment in which a robot did wrong',
      description:
        'What was measured then is kept with it. Its clip is found by device and time, and pulled from the robot when only the robot has it.',
      right: 'failures:write',
      faults: ['not_found', 'conflict'],
    },
    {
      body: z.strictObject({
        device: deviceRefField.optional().openapi({ description: 'Absent: that of the event.' }),
        event: z.string().min(1).max(64).optional().openapi({
          description: 'The event that is a failure; device and times are its own unless given.',
        }),
        kind: kindField.optional().openapi({ description: 'Absent: the name of the event.' }),
        severity: severityField.default('warning'),
        startNs: nsField.optional(),
        endNs: nsField.optional().openapi({ description: 'Absent: an instant.' }),
        did: didField.optional().openapi({ description: 'What the system did.' }),
        shouldHaveDone: shouldField.optional(),
        note: noteField.optional(),
        source: z.enum(['operator', 'intervention']).default('operator'),
      }),
      answer: { status: 201, description: 'The failure.', schema: failureSchema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const { body } = call;
        const at = deps.clock.now();
        const actor = call.caller?.id ?? 'system';
        const moment = await momentOf(trx, body);
        const id = deps.ids.ulid('flr');
        const failures = failureStore(trx);
        const isNew = await failures.create({
          ...moment,
          id,
          severity: body.severity,
          session: moment.session ?? (await sessionAt(trx, moment.deviceId, moment)),
          conditions: await measured(trx, moment.deviceId, moment),
          did: body.did,
          shouldHaveDone: body.shouldHaveDone,
          note: body.note,
          source: body.source,
          event: body.event,
          createdBy: actor,
          at,
        });
        if (!isNew) throw await loggedAlready(trx, body.event ?? '');
        const made = await relink(trx, await failures.demand(id), { ids: deps.ids, at, actor });
        await call.audit(trx, { action: 'failure.create', subject: id, after: body });
        return failureJson(made);
      }),
  );

interface Moment {
  readonly deviceId: string;
  readonly session?: string | undefined;
  readonly kind: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly signals?: Failure['conditions']['signals'];
}

interface Said {
  readonly device?: string | undefined;
  readonly event?: string | undefined;
  readonly kind?: string | undefined;
  readonly startNs?: string | undefined;
  readonly endNs?: string | undefined;
}

async function momentOf(trx: Db, said: Said): Promise<Moment> {
  const event = said.event === undefined ? undefined : await eventFacts(trx, said.event);
  const deviceId =
    said.device === undefined ? event?.device_id : await deviceIdOf(trx, said.device);
  if (deviceId === undefined) throw missing('device', 'Name the device, or an event of it.');
  if (event !== undefined && deviceId !== event.device_id) {
    throw new Fault('invalid', 'the event is one of another device', {
      place: '/body/device',
      remedy: 'Leave the device out, or name the one of the event.',
    });
  }
  const kind = said.kind ?? event?.name;
  if (kind === undefined) throw missing('kind', 'Say what kind of failure it is.');
  const startNs = said.startNs === undefined ? event?.at_ns : BigInt(said.startNs);
  if (startNs === undefined) throw missing('startNs', 'Say when it began.');
  const own = said.startNs === undefined ? event?.end_ns : undefined;
  const endNs = said.endNs === undefined ? (own ?? startNs) : BigInt(said.endNs);
  if (endNs < startNs) {
    throw new Fault('invalid', 'the failure ends before it begins', {
      place: '/body/endNs',
      remedy: 'Give an endNs at or after startNs, or leave it out for an instant.',
    });
  }
  const signals = event && (JSON.parse(event.values_json) as Failure['conditions']['signals']);
  return {
    deviceId,
    session: event?.session_id ?? undefined,
    kind,
    startNs,
    endNs,
    ...(signals === undefined ? {} : { signals }),
  };
}

async function eventFacts(trx: Db, id: string) {
  const row = await trx.selectFrom('event').selectAll().where('id', '=', id).executeTakeFirst();
  if (row !== undefined) return row;
  throw new Fault('not_found', `there is no event "${id}"`, {
    place: '/body/event',
    remedy: 'List the events with `fieldloop events list`.',
  });
}

const missing = (name: string, remedy: string): Fault =>
  new Fault('invalid', `${name} is missing`, { place: `/body/${name}`, remedy });

async function loggedAlready(trx: Db, event: string): Promise<Fault> {
  const known = await failureStore(trx).ofEvent(event);
  return new Fault('conflict', `the event ${event} is in the failure log as ${known?.id}`, {
    place: '/body/event',
    remedy: 'Go on with that one.',
  });
}

const get = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getFailure',
      tag,
      method: 'get',
      path: '/v1/failures/{id}',
      summary: 'One failure',
      right: 'failures:read',
    },
    { params: path, answer },
    async ({ params }) => failureJson(await demandFailure(deps.read, params.id)),
  );

const update = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'updateFailure',
      tag,
      method: 'patch',
      path: '/v1/failures/{id}',
      summary: 'Change what people say of a failure',
      right: 'failures:write',
    },
    {
      params: path,
      body: z.strictObject({
        kind: kindField.optional(),
        severity: severityField.optional(),
        did: didField.nullable().optional(),
        shouldHaveDone: shouldField.nullable().optional(),
        note: noteField.nullable().optional(),
        cluster: z.string().min(1).max(64).nullable().optional(),
      }),
      answer,
    },
    async (call) =>
      await call.change(async (trx) => {
        const found = await demandFailure(trx, call.params.id);
        demandVersion(call, found);
        const detail = { ...(call.body as Readonly<Record<string, Json>>) };
        const actor = call.caller?.id ?? 'system';
        const step = { action: 'update', actor, at: deps.clock.now(), detail };
        const after = await failureStore(trx).step(found, step, call.body);
        await call.audit(trx, {
          action: 'failure.update',
          subject: found.id,
          before: failureJson(found),
          after: call.body,
        });
        return failureJson(after);
      }),
  );

const historyPage = z
  .object({ items: z.array(stepSchema), nextCursor: z.string().optional() })
  .openapi('FailureHistoryPage');

export type FailureHistoryPage = z.infer<typeof historyPage>;

const history = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listFailureHistory',
      tag,
      method: 'get',
      path: '/v1/failures/{id}/history',
      summary: 'Every step of a failure: who, when and why, the oldest first',
      right: 'failures:read',
    },
    {
      params: path,
      query: z.strictObject(pageFields),
      answer: { status: 200, description: 'One page.', schema: historyPage },
    },
    async ({ params, query: { limit, cursor } }) => {
      const { id } = await demandFailure(deps.read, params.id);
      const name = listName('listFailureHistory', { id });
      const [n = '0'] = cursor === undefined ? [] : deps.cursors.decode(name, cursor);
      const page = { after: Number(n), limit: limit + 1 };
      return pageOf(await failureStore(deps.read).history(id, page), limit, {
        item: stepJson,
        cursor: (last) => deps.cursors.encode(name, [String(last.n)]),
      }) as FailureHistoryPage;
    },
  );

const countsSchema = z
  .object({
    total: z.int(),
    states: z.record(z.string(), z.int()),
    links: z.record(z.string(), z.int()).openapi({
      description: 'Where the clips of those are whose work goes on; `unrecoverable` among them.',
    }),
  })
  .openapi('FailureCounts');

export type FailureCountsJson = z.infer<typeof countsSchema>;

const counts = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getFailureCounts',
      tag,
      method: 'get',
      path: '/v1/failureCounts',
      summary: 'How many failures are in each state, and how many clips cannot be had',
      right: 'failures:read',
    },
    { answer: { status: 200, description: 'Counts.', schema: countsSchema } },
    async () => {
      const rows = await failureStore(deps.read).counts();
      const sum = (of: readonly { readonly n: number }[]): number =>
        of.reduce((all, { n }) => all + n, 0);
      const live = rows.filter(({ state }) => !overStates.includes(state));
      return {
        total: sum(rows),
        states: Object.fromEntries(
          failureStates.map((state) => [state, sum(rows.filter((row) => row.state === state))]),
        ),
        links: Object.fromEntries(
          failureLinks.map((link) => [link, sum(live.filter((row) => row.link === link))]),
        ),
      };
    },
  );
