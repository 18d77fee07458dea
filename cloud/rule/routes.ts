import { listAnswer, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { ruleSetSource } from '../http/q/sources/rule-sets.ts';
import { demandVersion } from '../http/version.ts';
import { maxNoteLength } from '../limits.ts';
import { ruleSetJson, ruleSetNameField, ruleSetRefField, ruleSetSchema } from './json.ts';
import type { RuleDeps } from './deps.ts';
import { importOperation } from './import-routes.ts';
import { publicationOperations } from './publication-routes.ts';
import { ruleSetFromRow, ruleSetStore } from './store.ts';
import { versionOperations } from './version-routes.ts';

export const ruleOperations = (deps: RuleDeps): readonly Operation[] => [
  create(deps),
  list(deps),
  get(deps),
  change(deps),
  remove(deps),
  importOperation(deps),
  ...versionOperations(deps),
  ...publicationOperations(deps),
];

const path = z.strictObject({ id: ruleSetRefField });
const description = z.string().max(maxNoteLength);
const right = 'ruleSets:write';

const create = (deps: RuleDeps): Operation =>
  operation(
    {
      id: 'createRuleSet',
      tag: 'ruleSets',
      method: 'post',
      path: '/v1/ruleSets',
      summary: 'A rule set, whose versions follow',
      right,
      faults: ['conflict'],
    },
    {
      body: z.strictObject({ name: ruleSetNameField, description: description.optional() }),
      answer: { status: 201, description: 'The rule set.', schema: ruleSetSchema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const by = call.caller?.id ?? 'system';
        const id = deps.ids.ulid('rul');
        const entry = { ...call.body, id, by, at: deps.clock.now() };
        const made = await ruleSetStore(trx).create(entry);
        await call.audit(trx, {
          action: 'ruleSet.create',
          subject: id,
          after: { name: made.name },
        });
        return ruleSetJson(made);
      }),
  );

const list = (deps: RuleDeps): Operation =>
  operation(
    {
      id: 'listRuleSets',
      tag: 'ruleSets',
      method: 'get',
      path: '/v1/ruleSets',
      summary: 'Rule sets by name',
      right: 'ruleSets:read',
    },
    {
      query: listQuery(ruleSetSource, {}),
      answer: {
        status: 200,
        description: 'One page.',
        schema: listAnswer('RuleSetPage', ruleSetSchema),
      },
    },
    async ({ query }) =>
      await listPage(deps, query, {
        operation: 'listRuleSets',
        source: ruleSetSource,
        rows: deps.read.selectFrom('rule_set').selectAll(),
        items: (rows) => rows.map((row) => ruleSetJson(ruleSetFromRow(row))),
        schema: ruleSetSchema,
      }),
  );

const get = (deps: RuleDeps): Operation =>
  operation(
    {
      id: 'getRuleSet',
      tag: 'ruleSets',
      method: 'get',
      path: '/v1/ruleSets/{id}',
      summary: 'One rule set',
      right: 'ruleSets:read',
    },
    { params: path, answer: { status: 200, description: 'The rule set.', schema: ruleSetSchema } },
    async ({ params }) => ruleSetJson(await ruleSetStore(deps.read).get(params.id)),
  );

const change = (deps: RuleDeps): Operation =>
  operation(
    {
      id: 'changeRuleSet',
      tag: 'ruleSets',
      method: 'patch',
      path: '/v1/ruleSets/{id}',
      summary: 'Change what a rule set is called or for',
      description: 'Versions keep the name in their text; the next one must carry the new name.',
      right,
    },
    {
      params: path,
      body: z.strictObject({
        name: ruleSetNameField.optional(),
        description: description.nullable().optional(),
      }),
      answer: { status: 200, description: 'The rule set.', schema: ruleSetSchema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const rules = ruleSetStore(trx);
        const entry = await rules.get(call.params.id);
        demandVersion(call, entry);
        const changed = await rules.change(entry, call.body, deps.clock.now());
        const shown = (one: typeof entry) => ({
          name: one.name,
          description: one.description ?? null,
        });
        await call.audit(trx, {
          action: 'ruleSet.change',
          subject: entry.id,
          before: shown(entry),
          after: shown(changed),
        });
        return ruleSetJson(changed);
      }),
  );

const remove = (deps: RuleDeps): Operation =>
  operation(
    {
      id: 'deleteRuleSet',
      tag: 'ruleSets',
      method: 'delete',
      path: '/v1/ruleSets/{id}',
      summary: 'Delete a rule set that was never published',
      right,
    },
    { params: path, answer: { status: 204, description: 'It is gone.' } },
    async (call) =>
      await call.change(async (trx) => {
        const rules = ruleSetStore(trx);
        const entry = await rules.get(call.params.id);
        demandVersion(call, entry);
        await rules.remove(entry, deps.clock.now());
        const { id, name, latest } = entry;
        await call.audit(trx, { action: 'ruleSet.delete', subject: id, before: { name, latest } });
      }),
  );
