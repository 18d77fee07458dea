import { Fault } from '@fieldloop/core';
import type { NounDeps } from '../http/deps.ts';
import { instantField, instantText } from '../http/fields.ts';
import { listAnswer, type Listing, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { cohortSource } from '../http/q/sources/cohorts.ts';
import { demandVersion } from '../http/version.ts';
import { maxCohortList } from '../device-limits.ts';
import { maxNoteLength, maxQueryLength } from '../limits.ts';
import {
  cohortCondition,
  cohortDevices,
  cohortUsers,
  countDevices,
  deviceCondition,
  devicesWhere,
  unknownCohort,
} from '../store/cohort-ref.ts';
import type { Db } from '../store/db.ts';
import { unknownDevice } from '../store/device-ref.ts';
import { sql } from '../store/kysely.ts';
import {
  checkChoice,
  type Cohort,
  type CohortChoice,
  cohortNamePattern,
  compared,
} from './cohort.ts';
import { cohortStore, fromRow, type NewCohort } from './store.ts';

const user = z.object({
  kind: z.enum(['publication', 'api_key']),
  id: z.string(),
  name: z.string(),
});

const schema = z
  .object({
    id: z.string().openapi({ example: 'coh_01JC0000000000000000000000' }),
    name: z.string(),
    note: z.string().optional(),
    q: z.string().optional().openapi({ description: 'Absent where a list says who is in.' }),
    frozenAt: instantField
      .optional()
      .openapi({ description: 'When the list was made of what a query found.' }),
    size: z.int().openapi({ description: 'How many devices are in now.' }),
    usedBy: z.array(user).openapi({ description: 'What acts on its devices.' }),
    createdBy: z.string(),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('Cohort');

export type CohortJson = z.infer<typeof schema>;
export type CohortPage = Listing<CohortJson>;

const nameField = z
  .string()
  .regex(cohortNamePattern, 'is not a name: use 2 to 63 of a-z, 0-9 and -, a letter or digit first')
  .openapi({ example: 'warehouse-berlin' });
const whoFields = {
  q: z.string().min(1).max(maxQueryLength).optional().openapi({
    description: 'Whoever this query over devices finds, at any time.',
    example: 'site = hall-2 and properties.hw = orin',
  }),
  devices: z.array(z.string().min(1).max(64)).max(maxCohortList).optional().openapi({
    description: 'Names or ids.',
  }),
};
const freezeField = z.boolean().default(false).openapi({
  description: 'Write down whom the query finds now as the list.',
});
const path = z.strictObject({
  id: z.string().min(1).max(64).openapi({ description: 'Name or id of a cohort.' }),
});
const tag = 'cohorts';

export const cohortOperations = (deps: NounDeps): readonly Operation[] => [
  list(deps),
  create(deps),
  get(deps),
  update(deps),
  remove(deps),
  preview(deps),
  previewChange(deps),
];

const list = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listCohorts',
      tag,
      method: 'get',
      path: '/v1/cohorts',
      summary: 'Cohorts with how many devices are in now',
      right: 'cohorts:read',
    },
    {
      query: listQuery(cohortSource, {}),
      answer: { status: 200, description: 'One page.', schema: listAnswer('CohortPage', schema) },
    },
    async ({ query }) =>
      await listPage(deps, query, {
        operation: 'listCohorts',
        source: cohortSource,
        rows: deps.read.selectFrom('cohort').selectAll('cohort'),
        schema,
        items: async (rows) => {
          const items: CohortJson[] = [];
          for (const row of rows) items.push(await shown(deps.read, fromRow(row), deps));
          return items;
        },
      }),
  );

const create = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'createCohort',
      tag,
      method: 'post',
      path: '/v1/cohorts',
      summary: 'Name a selection of devices: by query, or by list',
      right: 'cohorts:write',
      faults: ['conflict', 'not_found'],
    },
    {
      body: z.strictObject({
        name: nameField,
        note: z.string().min(1).max(maxNoteLength).optional(),
        ...whoFields,
        freeze: freezeField,
      }),
      answer: { status: 201, description: 'The cohort.', schema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const { name, note, freeze, ...choice } = call.body;
        checkChoice(choice, freeze);
        const at = deps.clock.now();
        const id = deps.ids.ulid('coh');
        const who = await whoOf(trx, choice, { freeze, at });
        const createdBy = call.caller?.id ?? 'system';
        const made = await cohortStore(trx).create({ id, name, note, createdBy, at, ...who });
        if (made === undefined) throw nameTaken(name);
        await call.audit(trx, { action: 'cohort.create', subject: id, after: call.body });
        return await shown(trx, made, deps);
      }),
  );

const get = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getCohort',
      tag,
      method: 'get',
      path: '/v1/cohorts/{id}',
      summary: 'One cohort',
      right: 'cohorts:read',
    },
    { params: path, answer: { status: 200, description: 'The cohort.', schema } },
    async ({ params }) => await shown(deps.read, await demandCohort(deps.read, params.id), deps),
  );

const update = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'updateCohort',
      tag,
      method: 'patch',
      path: '/v1/cohorts/{id}',
      summary: 'Change the name of a cohort, its note, or who is in',
      description:
        'Publications on it follow within seconds: `:preview` tells who joins and leaves.',
      right: 'cohorts:write',
      faults: ['conflict'],
    },
    {
      params: path,
      body: z.strictObject({
        name: nameField.optional(),
        note: z.string().min(1).max(maxNoteLength).nullable().optional(),
        ...whoFields,
        freeze: freezeField.openapi({ description: 'Also of the query that it has already.' }),
      }),
      answer: { status: 200, description: 'The cohort.', schema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const found = await demandCohort(trx, call.params.id);
        demandVersion(call, found);
        const { name, note, freeze, ...given } = call.body;
        const at = deps.clock.now();
        const isNew = given.q !== undefined || given.devices !== undefined;
        const choice = isNew ? given : { q: found.q };
        if (isNew || freeze) checkChoice(choice, freeze);
        const who = isNew || freeze ? await whoOf(trx, choice, { freeze, at }) : undefined;
        const before = await cohortDevices(trx, found, { now: at });
        if (!(await cohortStore(trx).change(found, { name, note, who }, at))) {
          throw nameTaken(name ?? '');
        }
        const after = await demandCohort(trx, found.id);
        const { joins, leaves } = compared(before, await cohortDevices(trx, after, { now: at }));
        await call.audit(trx, {
          action: 'cohort.update',
          subject: found.id,
          before: { name: found.name, note: found.note, q: found.q, size: before.length },
          after: call.body,
          detail: { joins: joins.length, leaves: leaves.length },
        });
        return await shown(trx, after, deps);
      }),
  );

const remove = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'deleteCohort',
      tag,
      method: 'delete',
      path: '/v1/cohorts/{id}',
      summary: 'Forget a cohort that nothing uses',
      right: 'cohorts:write',
      faults: ['conflict'],
    },
    { params: path, answer: { status: 204, description: 'It is gone.' } },
    async (call) => {
      await call.change(async (trx) => {
        const found = await demandCohort(trx, call.params.id);
        demandVersion(call, found);
        const users = await cohortUsers(trx, found);
        if (users.length > 0) {
          const names = users.slice(0, 5).map(({ kind, id, name }) => `${kind} ${name} (${id})`);
          throw new Fault('conflict', `the cohort ${found.name} is used by ${names.join(', ')}`, {
            remedy: 'Roll the publications back and change the keys first.',
          });
        }
        await cohortStore(trx).remove(found, deps.clock.now());
        await call.audit(trx, {
          action: 'cohort.delete',
          subject: found.id,
          before: { name: found.name, note: found.note, q: found.q },
        });
      });
    },
  );

const sample = z.array(z.object({ id: z.string(), name: z.string() }));
const previewSchema = z
  .object({
    now: z.object({ count: z.int(), sample }).openapi({ description: 'Who is in.' }),
    after: z
      .object({ count: z.int(), sample })
      .optional()
      .openapi({ description: 'Who would be in after the change.' }),
    joins: z.object({ count: z.int(), sample }).optional(),
    leaves: z.object({ count: z.int(), sample }).optional(),
    usedBy: z.array(user),
  })
  .openapi('CohortPreview');

export type CohortPreviewJson = z.infer<typeof previewSchema>;

const preview = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'previewNewCohort',
      tag,
      method: 'post',
      path: '/v1/cohorts:preview',
      summary: 'Who would be in a cohort that is not made yet',
      right: 'cohorts:read',
    },
    {
      body: z.strictObject(whoFields),
      answer: { status: 200, description: 'Who is in.', schema: previewSchema },
    },
    async ({ body }) => {
      checkChoice(body, false);
      const members = await membersOf(deps.read, body, deps.clock.now());
      return { now: some(members), usedBy: [] };
    },
  );

const previewChange = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'previewCohort',
      tag,
      method: 'post',
      path: '/v1/cohorts/{id}:preview',
      summary: 'Who is in a cohort now, and who would join and leave with a change',
      right: 'cohorts:read',
    },
    {
      params: path,
      body: z.strictObject(whoFields),
      answer: { status: 200, description: 'Who is in.', schema: previewSchema },
    },
    async ({ params, body }) => {
      const now = deps.clock.now();
      const found = await demandCohort(deps.read, params.id);
      const members = await cohortDevices(deps.read, found, { now });
      const usedBy = [...(await cohortUsers(deps.read, found))];
      if (body.q === undefined && body.devices === undefined) {
        return { now: some(members), usedBy };
      }
      checkChoice(body, false);
      const after = await membersOf(deps.read, body, now);
      const { joins, leaves } = compared(members, after);
      return {
        now: some(members),
        after: some(after),
        joins: some(joins),
        leaves: some(leaves),
        usedBy,
      };
    },
  );

type Members = readonly { readonly id: string; readonly name: string }[];

const sampleSize = 20;
const some = (members: Members) => ({
  count: members.length,
  sample: members.slice(0, sampleSize).map(({ id, name }) => ({ id, name })),
});

/** Whom a choice finds now. Faults: `invalid` for a query, `not_found` for a device. */
async function membersOf(db: Db, choice: CohortChoice, now: number): Promise<Members> {
  if (choice.q !== undefined)
    return await devicesWhere(db, deviceCondition(choice.q, now, '/body/q'));
  const wanted = [...new Set(choice.devices)];
  if (wanted.length === 0) return [];
  const found = await devicesWhere(
    db,
    sql<boolean>`(device.id in (${sql.join(wanted)}) or device.name in (${sql.join(wanted)}))`,
  );
  const known = new Set(found.flatMap(({ id, name }) => [id, name]));
  const strange = wanted.find((one) => !known.has(one));
  if (strange !== undefined) throw unknownDevice(strange);
  return found;
}

/** The rows that a choice becomes. */
async function whoOf(
  trx: Db,
  choice: CohortChoice,
  how: { readonly freeze: boolean; readonly at: number },
): Promise<Pick<NewCohort, 'q' | 'frozenAt' | 'members'>> {
  const members = await membersOf(trx, choice, how.at);
  const ids = members.map(({ id }) => id);
  if (choice.q === undefined) return { members: ids };
  return how.freeze ? { frozenAt: how.at, members: ids } : { q: choice.q, members: [] };
}

async function demandCohort(db: Db, idOrName: string): Promise<Cohort> {
  const found = await cohortStore(db).get(idOrName);
  if (found === undefined) throw unknownCohort(idOrName);
  return found;
}

function nameTaken(name: string): Fault {
  return new Fault('conflict', `there is a cohort "${name}" already`, {
    place: '/body/name',
    remedy: 'Choose another name, or change that cohort.',
  });
}

async function shown(db: Db, cohort: Cohort, deps: Pick<NounDeps, 'clock'>): Promise<CohortJson> {
  const { frozenAt, createdAt, updatedAt, ...same } = cohort;
  return {
    ...same,
    ...(frozenAt === undefined ? {} : { frozenAt: instantText(frozenAt) }),
    size: await countDevices(db, cohortCondition(cohort, deps.clock.now())),
    usedBy: [...(await cohortUsers(db, cohort))],
    createdAt: instantText(createdAt),
    updatedAt: instantText(updatedAt),
  };
}
