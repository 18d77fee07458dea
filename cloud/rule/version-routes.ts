/** Operations on the versions of rule sets: save, read, compare, lint, backtest. */
import { ruleSetDiff, textDiff } from '@fieldloop/rules';
import { listName } from '../http/deps.ts';
import { deviceRefField, pageFields } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { pageOf } from '../http/page.ts';
import {
  backtestBytes,
  backtestClips,
  lintDevices,
  maxBacktestBytes,
  maxBacktestClips,
  maxConditions,
  maxQueryLength,
  maxRuleSetNameLength,
  maxRuleTextLength,
} from '../limits.ts';
import { operationSchema, startedResponse } from '../http/long-work.ts';
import { queryTree } from '../http/q/filter.ts';
import { clipSource } from '../http/q/sources/clips.ts';
import { deviceIdOf } from '../store/device-ref.ts';
import { startOperation } from '../store/operations.ts';
import { backtestKind, type BacktestInput } from './backtest.ts';
import {
  diffSchema,
  forecastJson,
  forecastSchema,
  lintSchema,
  noteField,
  problemJson,
  ruleSetRefField,
  ruleVersionHeadJson,
  ruleVersionHeadSchema,
  ruleVersionJson,
  ruleVersionSchema,
} from './json.ts';
import { demandSound, fleetFacts, lintFleet, lintText } from './lint.ts';
import { cohortOf, membersOf } from './members.ts';
import { numberField, type RuleDeps, versionPath } from './deps.ts';
import { noForecast } from './publish-checks.ts';
import { forecastStore, ruleSetStore } from './store.ts';

export const versionOperations = (deps: RuleDeps): readonly Operation[] => [
  save(deps),
  list(deps),
  get(deps),
  diff(deps),
  lint(deps),
  backtest(deps),
  lastForecast(deps),
];

const path = z.strictObject({ id: ruleSetRefField });
const yaml = z.string().min(1).max(maxRuleTextLength);

const save = (deps: RuleDeps): Operation =>
  operation(
    {
      id: 'saveRuleSetVersion',
      tag: 'ruleSets',
      method: 'post',
      path: '/v1/ruleSets/{id}/versions',
      summary: 'Save a version',
      description:
        'The text is checked by the parser of the robots; problems come with line and column. A ' +
        'version never changes. The same text again is the version that it was before.',
      right: 'ruleSets:write',
    },
    {
      params: path,
      body: z.strictObject({ yaml, note: noteField.optional() }),
      answer: { status: 201, description: 'The version.', schema: ruleVersionSchema },
    },
    async (call) => {
      const { yaml: text, note } = call.body;
      const { name } = await ruleSetStore(deps.read).get(call.params.id);
      const { ruleSet, problems } = demandSound(text, name);
      return await call.change(async (trx) => {
        const rules = ruleSetStore(trx);
        const entry = await rules.get(call.params.id);
        const by = call.caller?.id ?? 'system';
        const { digest } = ruleSet;
        const wanted = { digest, text, note, problems, by, at: deps.clock.now() };
        const { version, isNew } = await rules.save(entry, wanted);
        const after = { n: version.n, digest };
        if (isNew) await call.audit(trx, { action: 'ruleSet.save', subject: entry.id, after });
        return ruleVersionJson(version);
      });
    },
  );

const page = z
  .object({ items: z.array(ruleVersionHeadSchema), nextCursor: z.string().optional() })
  .openapi('RuleSetVersionPage');

export type RuleVersionPage = z.infer<typeof page>;

const list = (deps: RuleDeps): Operation =>
  operation(
    {
      id: 'listRuleSetVersions',
      tag: 'ruleSets',
      method: 'get',
      path: '/v1/ruleSets/{id}/versions',
      summary: 'Versions without their texts, the newest first',
      right: 'ruleSets:read',
    },
    {
      params: path,
      query: z.strictObject(pageFields),
      answer: { status: 200, description: 'One page.', schema: page },
    },
    async ({ params, query: { limit, cursor } }) => {
      const rules = ruleSetStore(deps.read);
      const entry = await rules.get(params.id);
      const name = listName('listRuleSetVersions', { id: entry.id });
      const [before] = cursor === undefined ? [] : deps.cursors.decode(name, cursor);
      const rows = await rules.versions(entry, {
        before: before === undefined ? undefined : Number(before),
        limit: limit + 1,
      });
      return pageOf(rows, limit, {
        item: ruleVersionHeadJson,
        cursor: ({ n }) => deps.cursors.encode(name, [String(n)]),
      }) as RuleVersionPage;
    },
  );

const get = (deps: RuleDeps): Operation =>
  operation(
    {
      id: 'getRuleSetVersion',
      tag: 'ruleSets',
      method: 'get',
      path: '/v1/ruleSets/{id}/versions/{n}',
      summary: 'One version with its text',
      right: 'ruleSets:read',
    },
    {
      params: versionPath,
      answer: { status: 200, description: 'The version.', schema: ruleVersionSchema },
    },
    async ({ params: { id, n } }) => {
      const rules = ruleSetStore(deps.read);
      return ruleVersionJson(await rules.version(await rules.get(id), n));
    },
  );

const diff = (deps: RuleDeps): Operation =>
  operation(
    {
      id: 'getRuleSetDiff',
      tag: 'ruleSets',
      method: 'get',
      path: '/v1/ruleSets/{id}/versions/{n}/diff',
      summary: 'What changed from another version to this one',
      description: 'By meaning, where spelling and order are nothing, and by line.',
      right: 'ruleSets:read',
    },
    {
      params: versionPath,
      query: z.strictObject({
        against: numberField.optional().openapi({
          type: 'integer',
          minimum: 1,
          description: 'The other version; the one before it unless said.',
        }),
      }),
      answer: { status: 200, description: 'The differences.', schema: diffSchema },
    },
    async ({ params: { id, n }, query }) => {
      const rules = ruleSetStore(deps.read);
      const entry = await rules.get(id);
      const to = await rules.version(entry, n);
      const from = await rules.version(entry, query.against ?? Math.max(1, n - 1));
      const [before, after] = [lintText(from.text).ruleSet, lintText(to.text).ruleSet];
      const changes = before && after ? ruleSetDiff(before, after) : [];
      return {
        from: from.n,
        to: to.n,
        changes: changes.map((one) => ({ ...one, fields: one.fields.map((of) => ({ ...of })) })),
        lines: textDiff(from.text, to.text),
      };
    },
  );

const lint = (deps: RuleDeps): Operation =>
  operation(
    {
      id: 'lintRuleSet',
      tag: 'ruleSets',
      method: 'post',
      path: '/v1/ruleSets:lint',
      summary: 'Every problem of a text, with its line and column',
      description:
        'With devices or a cohort also topics and fields that their newest stored clips have not.',
      right: 'ruleSets:write',
    },
    {
      body: z.strictObject({
        yaml,
        devices: z.array(deviceRefField).min(1).max(lintDevices).optional(),
        cohort: z.string().min(1).max(maxRuleSetNameLength).optional(),
      }),
      answer: { status: 200, description: 'What was found.', schema: lintSchema },
    },
    async ({ body: { yaml: text, devices, cohort } }) => {
      const { ruleSet, problems } = lintText(text);
      const wanted = await devicesOf(deps, { devices, cohort });
      const facts = wanted.length === 0 ? undefined : await fleetFacts(deps, wanted);
      const more =
        ruleSet === undefined || facts === undefined || facts.clips === 0
          ? []
          : lintFleet(ruleSet, facts);
      const all = [...problems, ...more].toSorted((a, b) => a.line - b.line || a.column - b.column);
      return {
        ok: all.every(({ severity }) => severity !== 'error'),
        ...(ruleSet === undefined ? {} : { name: ruleSet.name, digest: ruleSet.digest }),
        problems: all.map(problemJson),
        ...(facts === undefined
          ? {}
          : {
              against: {
                devices: facts.devices,
                clips: facts.clips,
                topics: new Set(facts.channels.map(({ channel }) => channel.topic)).size,
              },
            }),
      };
    },
  );

async function devicesOf(
  { read, clock }: RuleDeps,
  wanted: {
    readonly devices: readonly string[] | undefined;
    readonly cohort: string | undefined;
  },
): Promise<readonly string[]> {
  const named = await Promise.all((wanted.devices ?? []).map((one) => deviceIdOf(read, one)));
  if (wanted.cohort === undefined) return named;
  const { id } = await cohortOf(read, wanted.cohort);
  const members = (await membersOf(read, id, clock.now())) ?? [];
  return [...new Set([...named, ...members])].slice(0, lintDevices);
}

const backtest = (deps: RuleDeps): Operation =>
  operation(
    {
      id: 'backtestRuleSet',
      tag: 'ruleSets',
      method: 'post',
      path: '/v1/ruleSets/{id}:backtest',
      summary: 'What a version would have done in stored clips',
      description:
        'The engine of the robots over the newest stored clips that the query finds: fires, clips ' +
        'and bytes of a robot and day, with intervals, beside those of the version that is active ' +
        'now. The forecast is kept; a publish needs one.',
      right: 'ruleSets:write',
    },
    {
      params: path,
      body: z.strictObject({
        version: z.int().min(1),
        q: z.string().max(maxQueryLength).optional(),
        sessions: z
          .array(z.string().min(1).max(64))
          .min(1)
          .max(100 * maxConditions)
          .optional(),
        against: z.int().min(1).optional(),
        dutyHours: z.number().min(0.1).max(24).default(24),
        limits: z
          .strictObject({
            clips: z.int().min(1).max(maxBacktestClips).default(backtestClips),
            bytes: z.int().min(1).max(maxBacktestBytes).default(backtestBytes),
          })
          .prefault({}),
      }),
      answer: { status: 202, description: 'The work.', schema: operationSchema },
    },
    async (call) => {
      const { version: n, q, sessions, against, dutyHours, limits } = call.body;
      const rules = ruleSetStore(deps.read);
      const entry = await rules.get(call.params.id);
      await rules.version(entry, n);
      if (against !== undefined) await rules.version(entry, against);
      if (q !== undefined) queryTree(q, clipSource, { now: deps.clock.now(), pointer: '/body/q' });
      const by = call.caller?.id ?? 'system';
      const input: BacktestInput = {
        ruleSetId: entry.id,
        n,
        dutyHours,
        by,
        maxClips: limits.clips,
        maxBytes: limits.bytes,
        ...(q === undefined ? {} : { q }),
        ...(sessions === undefined ? {} : { sessions }),
        ...(against === undefined ? {} : { against }),
      };
      const started = await call.change(async (trx) => {
        const id = deps.ids.ulid('op');
        const at = deps.clock.now();
        const work = { id, kind: backtestKind, input: { ...input } as never, by, at };
        const queued = await startOperation(trx, work);
        const detail = { version: n, operation: id };
        await call.audit(trx, { action: 'ruleSet.backtest', subject: entry.id, detail });
        return queued;
      });
      return startedResponse(started);
    },
  );

const lastForecast = (deps: RuleDeps): Operation =>
  operation(
    {
      id: 'getRuleSetForecast',
      tag: 'ruleSets',
      method: 'get',
      path: '/v1/ruleSets/{id}/versions/{n}/forecast',
      summary: 'The newest forecast of a version',
      description: 'Of its digest: a version that means the same has the same forecast.',
      right: 'ruleSets:read',
    },
    {
      params: versionPath,
      answer: { status: 200, description: 'The forecast.', schema: forecastSchema },
    },
    async ({ params: { id, n } }) => {
      const rules = ruleSetStore(deps.read);
      const entry = await rules.get(id);
      const { digest } = await rules.version(entry, n);
      const kept = await forecastStore(deps.read).newest(digest, 0);
      if (kept === undefined) throw noForecast(entry.name, n, 'not_found');
      return forecastJson(kept, entry.name);
    },
  );
