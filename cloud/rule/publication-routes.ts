/** Operations on publications: from a version to the robots of a cohort, and back. */
import { requireApproval } from '../auth/approval.ts';
import { listName } from '../http/deps.ts';
import { pageFields } from '../http/fields.ts';
import { listAnswer, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { pageOf } from '../http/page.ts';
import { publicationSource } from '../http/q/sources/rule-sets.ts';
import { maxReasonLength, maxRuleSetNameLength, publicationDevices } from '../limits.ts';
import type { Db } from '../store/db.ts';
import { ruleSetRefField } from './json.ts';
import { halt, promote, publish, rollBack } from './life.ts';
import { cohortOf, cohortNames, membersOf } from './members.ts';
import {
  limitsField,
  publicationDeviceJson,
  publicationDeviceSchema,
  type PublicationJson,
  publicationJson,
  publicationSchema,
} from './publication-json.ts';
import { type Publication, publicationFromRow, publicationStore } from './publication-store.ts';
import { demandForecast, demandPublisher } from './publish-checks.ts';
import { type RuleDeps, versionPath } from './deps.ts';
import { publicationModes } from './rule.ts';
import { forecastStore, ruleSetStore } from './store.ts';

export const publicationOperations = (deps: RuleDeps): readonly Operation[] => [
  start(deps),
  list(deps),
  get(deps),
  devices(deps),
  promoted(deps),
  halted(deps),
  rolledBack(deps),
];

const path = z.strictObject({ id: z.string().min(1).max(64) });
const reason = z.string().min(1).max(maxReasonLength);
const percent = z.int().min(1).max(100).default(100);
const answer = { status: 200, description: 'The publication.', schema: publicationSchema } as const;

/** A cohort that is gone is called by its id. */
async function namedCohort(
  db: Db,
  id: string,
): Promise<{ readonly id: string; readonly name: string }> {
  return { id, name: (await cohortNames(db, [id])).get(id) ?? id };
}

/** With its forecast, the name of its cohort and the first of its devices. */
async function shown(db: Db, publication: Publication): Promise<PublicationJson> {
  const { id, cohort, forecastId } = publication;
  const names = await cohortNames(db, [cohort]);
  return publicationJson(publication, {
    cohortName: names.get(cohort),
    forecast: forecastId === undefined ? undefined : await forecastStore(db).get(forecastId),
    devices: await publicationStore(db).devices(id, { limit: publicationDevices }),
  });
}

const start = (deps: RuleDeps): Operation =>
  operation(
    {
      id: 'publishRuleSetVersion',
      tag: 'ruleSets',
      method: 'post',
      path: '/v1/ruleSets/{id}/versions/{n}:publish',
      summary: 'Bring a version to the robots of a cohort',
      description:
        'As a shadow first unless asked otherwise: it counts beside the active rules and cuts ' +
        'nothing. It takes a forecast that is not older than 7 days, or force with a reason. ' +
        'Mode active takes the right ruleSets:approve.',
      right: 'ruleSets:write',
      faults: ['conflict', 'forbidden'],
    },
    {
      params: versionPath,
      body: z.strictObject({
        cohort: z.string().min(1).max(maxRuleSetNameLength),
        mode: z.enum(publicationModes).default('shadow'),
        limits: limitsField,
        percent: percent.openapi({ description: 'Share of the cohort that mode active reaches.' }),
        force: z.boolean().default(false),
        reason: reason.optional(),
      }),
      answer: { ...answer, status: 201 },
    },
    async (call) =>
      await call.change(async (trx) => {
        const rules = ruleSetStore(trx);
        const entry = await rules.get(call.params.id);
        const { n, digest } = await rules.version(entry, call.params.n);
        const { mode, limits, force, reason: why, percent: share } = call.body;
        const cohort = await cohortOf(trx, call.body.cohort);
        demandPublisher(call.caller, { mode, cohort });
        const at = deps.clock.now();
        const wish = { ruleSet: entry.name, n, digest, limits, force, reason: why, now: at };
        const { forecastId, forced } = await demandForecast(trx, wish);
        const id = deps.ids.ulid('pub');
        const by = call.caller?.id ?? 'system';
        const about = { id, ruleSetId: entry.id, n, digest, cohort: cohort.id, mode, limits };
        const made = await publish(
          trx,
          { ...about, percent: share, forecastId, forced, by, at },
          (await membersOf(trx, cohort.id, at)) ?? [],
        );
        await call.audit(trx, {
          action: 'ruleSet.publish',
          subject: id,
          after: { ruleSet: entry.name, n, digest, cohort: cohort.name, mode, percent: share },
          ...(forced === undefined ? {} : { detail: { forced } }),
        });
        return await shown(trx, made);
      }),
  );

const list = (deps: RuleDeps): Operation =>
  operation(
    {
      id: 'listPublications',
      tag: 'ruleSets',
      method: 'get',
      path: '/v1/publications',
      summary: 'Publications, the newest first',
      right: 'ruleSets:read',
    },
    {
      query: listQuery(publicationSource, { ruleSet: ruleSetRefField.optional() }),
      answer: {
        status: 200,
        description: 'One page.',
        schema: listAnswer('PublicationPage', publicationSchema),
      },
    },
    async ({ query }) => {
      const { read } = deps;
      const set =
        query.ruleSet === undefined ? undefined : await ruleSetStore(read).get(query.ruleSet);
      return await listPage(deps, query, {
        operation: 'listPublications',
        source: publicationSource,
        rows: read
          .selectFrom('publication')
          .innerJoin('rule_set', 'rule_set.id', 'publication.rule_set_id')
          .selectAll('publication')
          .select('rule_set.name as rule_set'),
        is: { ruleSet: set?.name },
        items: async (rows) => {
          const found = rows.map(publicationFromRow);
          const names = await cohortNames(
            read,
            found.map(({ cohort }) => cohort),
          );
          const forecasts = await forecastStore(read).byId(
            found.flatMap(({ forecastId = '' }) => forecastId),
          );
          return found.map((one) =>
            publicationJson(one, {
              cohortName: names.get(one.cohort),
              forecast: forecasts.get(one.forecastId ?? ''),
            }),
          );
        },
        schema: publicationSchema,
      });
    },
  );

const get = (deps: RuleDeps): Operation =>
  operation(
    {
      id: 'getPublication',
      tag: 'ruleSets',
      method: 'get',
      path: '/v1/publications/{id}',
      summary: 'One publication: forecast, actual counts, and what its devices run',
      right: 'ruleSets:read',
    },
    { params: path, answer },
    async ({ params }) => await shown(deps.read, await publicationStore(deps.read).get(params.id)),
  );

const devicePage = z
  .object({ items: z.array(publicationDeviceSchema), nextCursor: z.string().optional() })
  .openapi('PublicationDevicePage');

export type PublicationDevicePage = z.infer<typeof devicePage>;

const devices = (deps: RuleDeps): Operation =>
  operation(
    {
      id: 'listPublicationDevices',
      tag: 'ruleSets',
      method: 'get',
      path: '/v1/publications/{id}/devices',
      summary: 'What each device of a publication runs, counts and rejected',
      right: 'ruleSets:read',
    },
    {
      params: path,
      query: z.strictObject(pageFields),
      answer: { status: 200, description: 'One page.', schema: devicePage },
    },
    async ({ params, query: { limit, cursor } }) => {
      const publications = publicationStore(deps.read);
      const { id } = await publications.get(params.id);
      const name = listName('listPublicationDevices', { id });
      const [after] = cursor === undefined ? [] : deps.cursors.decode(name, cursor);
      return pageOf(await publications.devices(id, { after, limit: limit + 1 }), limit, {
        item: publicationDeviceJson,
        cursor: ({ deviceId }) => deps.cursors.encode(name, [deviceId]),
      }) as PublicationDevicePage;
    },
  );

const promoted = (deps: RuleDeps): Operation =>
  operation(
    {
      id: 'promotePublication',
      tag: 'ruleSets',
      method: 'post',
      path: '/v1/publications/{id}:promote',
      summary: 'From shadow to active, for a share of the cohort or all of it',
      description:
        'The share is chosen by a hash and grows with the next promote. What was published ' +
        'without a forecast takes one now, or force with a reason. A publication that was halted ' +
        'takes the approval of another person.',
      right: 'ruleSets:approve',
      faults: ['conflict', 'forbidden'],
    },
    {
      params: path,
      body: z.strictObject({
        percent,
        force: z.boolean().default(false),
        reason: reason.optional(),
      }),
      answer,
    },
    async (call) =>
      await call.change(async (trx) => {
        const at = deps.clock.now();
        const publication = await publicationStore(trx).get(call.params.id);
        const { id, cohort, ruleSet, n, state, percent: before } = publication;
        const { percent: share, force, reason: why } = call.body;
        demandPublisher(call.caller, { mode: 'active', cohort: await namedCohort(trx, cohort) });
        if (state === 'halted') {
          const detail = { ruleSet, version: n, percent: share };
          const wanted = { action: 'publication.promote', subject: id, reason: why, detail };
          await requireApproval(trx, call, wanted, deps);
        }
        const { digest, limits, forecastId } = publication;
        const wish = { ruleSet, n, digest, limits, force, reason: why, now: at };
        const told = forecastId === undefined ? await demandForecast(trx, wish) : {};
        const changed = await promote(trx, publication, { at, percent: share, ...told });
        await call.audit(trx, {
          action: 'publication.promote',
          subject: id,
          before: { state, mode: publication.mode, percent: before },
          after: { state: changed.state, mode: changed.mode, percent: changed.percent },
          ...(why === undefined ? {} : { detail: { reason: why } }),
        });
        return await shown(trx, changed);
      }),
  );

/** A step that any engineer may take, for it only takes rules away. */
const retreat = (
  deps: RuleDeps,
  of: {
    readonly id: string;
    readonly verb: 'halt' | 'rollback';
    readonly summary: string;
    readonly description: string;
    readonly step: typeof halt;
  },
): Operation =>
  operation(
    {
      id: of.id,
      tag: 'ruleSets',
      method: 'post',
      path: `/v1/publications/{id}:${of.verb}`,
      summary: of.summary,
      description: of.description,
      right: 'ruleSets:write',
      faults: ['conflict'],
    },
    { params: path, body: z.strictObject({ reason }), answer },
    async (call) =>
      await call.change(async (trx) => {
        const publication = await publicationStore(trx).get(call.params.id);
        const { state, cohort } = publication;
        demandPublisher(call.caller, { mode: 'shadow', cohort: await namedCohort(trx, cohort) });
        const by = { at: deps.clock.now(), reason: call.body.reason };
        const changed = await of.step(trx, publication, by);
        await call.audit(trx, {
          action: `publication.${of.verb}`,
          subject: publication.id,
          before: { state },
          after: { state: changed.state },
          detail: { reason: call.body.reason },
        });
        return await shown(trx, changed);
      }),
  );

const halted = (deps: RuleDeps): Operation =>
  retreat(deps, {
    id: 'haltPublication',
    verb: 'halt',
    summary: 'Take a version away from its devices, which go back to the one before',
    description: 'It can be promoted again, which takes the approval of another person.',
    step: halt,
  });

const rolledBack = (deps: RuleDeps): Operation =>
  retreat(deps, {
    id: 'rollBackPublication',
    verb: 'rollback',
    summary: 'End a publication for good; its devices go back to the version before',
    description: 'A device that no other publication has runs the rules of its configuration.',
    step: rollBack,
  });
