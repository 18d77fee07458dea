import { Fault, type Json } from '@fieldloop/core';
import { maxRegionItems } from '../care-limits.ts';
import type { NounDeps } from '../http/deps.ts';
import { instantField, instantText } from '../http/fields.ts';
import { listAnswer, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { regionSource } from '../http/q/sources/reviews.ts';
import { demandVersion } from '../http/version.ts';
import { maxReasonLength } from '../limits.ts';
import type { Db } from '../store/db.ts';
import { type Region, regionNamePattern } from './region.ts';
import { regionsOfRows, regionStore, type RegionWish } from './store.ts';

const tag = 'reviews';
const path = z.strictObject({ name: z.string().min(1).max(64) });

const schema = z
  .object({
    id: z.string().openapi({ example: 'rgn_01JC0000000000000000000000' }),
    name: z.string(),
    note: z.string().optional(),
    sites: z.array(z.string()),
    people: z.array(z.string()).openapi({ description: 'Who works in it.' }),
    owners: z.array(z.string()).openapi({ description: 'Who of them decides for the customer.' }),
    createdBy: z.string(),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('Region');

const answer = { status: 200, description: 'The region.', schema } as const;

const names = z.array(z.string().min(1).max(64)).max(maxRegionItems);
const fields = {
  note: z.string().min(1).max(maxReasonLength),
  sites: names.openapi({ description: 'A site lies in one region.' }),
  people: names.openapi({ description: 'Ids of those who work in it.' }),
  owners: names.openapi({
    description: 'Ids of those who decide for the customer: they need reviews:approve.',
  }),
};

export const regionOperations = (deps: NounDeps): readonly Operation[] => [
  list(deps),
  create(deps),
  get(deps),
  update(deps),
  remove(deps),
];

const regionJson = ({ createdAt, updatedAt, sites, people, owners, ...same }: Region) => ({
  ...same,
  sites: [...sites],
  people: [...people],
  owners: [...owners],
  createdAt: instantText(createdAt),
  updatedAt: instantText(updatedAt),
});

async function demandRegion(db: Db, name: string): Promise<Region> {
  const found = await regionStore(db).find(name);
  if (found !== undefined) return found;
  throw new Fault('not_found', `there is no region "${name}"`, {
    remedy: 'List them with `fieldloop reviews regions`.',
  });
}

/** Fault `conflict` when a site lies in another region. */
async function demandFreeSites(trx: Db, { name, sites }: RegionWish): Promise<void> {
  for (const site of sites) {
    const other = await regionStore(trx).ofSite(site);
    if (other === undefined || other === name) continue;
    throw new Fault('conflict', `the site "${site}" lies in the region ${other}`, {
      place: '/body/sites',
      remedy: `Take it out of ${other} first.`,
    });
  }
}

const list = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listRegions',
      tag,
      method: 'get',
      path: '/v1/regions',
      summary: 'Regions, by name',
      right: 'reviews:read',
    },
    {
      query: listQuery(regionSource, {}),
      answer: { status: 200, description: 'One page.', schema: listAnswer('RegionPage', schema) },
    },
    async ({ query }) =>
      await listPage(deps, query, {
        operation: 'listRegions',
        source: regionSource,
        rows: deps.read.selectFrom('region').selectAll('region'),
        schema,
        items: async (rows) => (await regionsOfRows(deps.read, rows)).map(regionJson),
      }),
  );

const create = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'createRegion',
      tag,
      method: 'post',
      path: '/v1/regions',
      summary: 'Say which sites lie in a region and who works there',
      description:
        'A device lies where its site lies, unless its property `region` names another one.',
      right: 'reviews:admin',
      faults: ['conflict'],
    },
    {
      body: z.strictObject({
        name: z.string().regex(regionNamePattern, 'is not a name: use a-z, 0-9 and -'),
        note: fields.note.optional(),
        sites: fields.sites.default([]),
        people: fields.people.default([]),
        owners: fields.owners.default([]),
      }),
      answer: { status: 201, description: 'The region.', schema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const { body } = call;
        if ((await regionStore(trx).find(body.name)) !== undefined) {
          throw new Fault('conflict', `there is a region "${body.name}"`, {
            place: '/body/name',
            remedy: 'Change that one, or choose another name.',
          });
        }
        await demandFreeSites(trx, body);
        const how = { id: deps.ids.ulid('rgn'), at: deps.clock.now() };
        const made = await regionStore(trx).put(body, { ...how, by: call.caller?.id ?? 'system' });
        await call.audit(trx, { action: 'region.create', subject: made.id, after: body });
        return regionJson(made);
      }),
  );

const get = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getRegion',
      tag,
      method: 'get',
      path: '/v1/regions/{name}',
      summary: 'One region',
      right: 'reviews:read',
    },
    { params: path, answer },
    async ({ params }) => regionJson(await demandRegion(deps.read, params.name)),
  );

const update = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'updateRegion',
      tag,
      method: 'patch',
      path: '/v1/regions/{name}',
      summary: 'Change a region',
      right: 'reviews:admin',
      faults: ['conflict'],
    },
    {
      params: path,
      body: z.strictObject({
        note: fields.note.nullable().optional(),
        sites: fields.sites.optional(),
        people: fields.people.optional(),
        owners: fields.owners.optional(),
      }),
      answer,
    },
    async (call) =>
      await call.change(async (trx) => {
        const found = await demandRegion(trx, call.params.name);
        demandVersion(call, found);
        const { note, sites, people, owners } = call.body;
        const wish = {
          name: found.name,
          note: note === undefined ? found.note : (note ?? undefined),
          sites: sites ?? found.sites,
          people: people ?? found.people,
          owners: owners ?? found.owners,
        };
        await demandFreeSites(trx, wish);
        const how = { id: found.id, at: deps.clock.now(), by: call.caller?.id ?? 'system' };
        const after = await regionStore(trx).put(wish, how);
        const said = { ...(call.body as Readonly<Record<string, Json>>) };
        await call.audit(trx, { action: 'region.update', subject: found.id, after: said });
        return regionJson(after);
      }),
  );

const remove = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'deleteRegion',
      tag,
      method: 'delete',
      path: '/v1/regions/{name}',
      summary: 'Remove a region: its sites lie in none',
      right: 'reviews:admin',
    },
    { params: path, answer: { status: 204, description: 'It is gone.' } },
    async (call) =>
      await call.change(async (trx) => {
        const found = await demandRegion(trx, call.params.name);
        demandVersion(call, found);
        await regionStore(trx).drop(found, deps.clock.now());
        await call.audit(trx, { action: 'region.delete', subject: found.id });
        return undefined;
      }),
  );
