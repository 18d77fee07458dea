/** What starts runs by itself, when it did, and why it did not. */
import { Fault } from '@fieldloop/core';
import type { NounDeps } from '../http/deps.ts';
import { instantField, instantText } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { bit, type Db } from '../store/db.ts';
import type { Trigger, Workflow } from '../workflows/kit/workflow.ts';
import { workflows } from '../workflows/list.ts';

const tag = 'runs';

const dispatchSchema = z.object({
  at: instantField,
  subject: z.string(),
  outcome: z.enum(['started', 'skipped']),
  reason: z.string().optional(),
  run: z.string().optional(),
});

const triggerSchema = z
  .object({
    name: z.string(),
    version: z.int(),
    workflow: z.string(),
    on: z.array(z.string()).openapi({ description: 'Kinds of what happens.' }),
    cron: z.string().optional(),
    zone: z.string().optional(),
    nextAt: instantField.optional(),
    enabled: z.boolean(),
    last: z.array(dispatchSchema).openapi({ description: 'The latest evaluations.' }),
  })
  .openapi('Trigger');

type TriggerJson = z.infer<typeof triggerSchema>;

/** Evaluations that are shown of each trigger. */
const shownDispatches = 10;

export const triggerOperations = (deps: NounDeps): readonly Operation[] => [
  list(deps),
  enable(deps, { id: 'enableTrigger', verb: 'enable', summary: 'Let a trigger start runs again' }),
  enable(deps, { id: 'disableTrigger', verb: 'disable', summary: 'Let a trigger start no runs' }),
];

interface Known {
  readonly workflow: Workflow;
  readonly trigger: Trigger;
}

const known = (): readonly Known[] =>
  workflows.flatMap((workflow) => workflow.triggers.map((trigger) => ({ workflow, trigger })));

const list = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getTriggers',
      tag,
      method: 'get',
      path: '/v1/triggers',
      summary: 'What starts runs by itself, with the latest evaluations',
      right: 'runs:read',
    },
    {
      answer: {
        status: 200,
        description: 'All triggers.',
        schema: z.object({ items: z.array(triggerSchema) }).openapi('TriggerList'),
      },
    },
    async () => ({
      items: await Promise.all(known().map(async (one) => await triggerJson(deps.read, one))),
    }),
  );

async function triggerJson(db: Db, { workflow, trigger }: Known): Promise<TriggerJson> {
  const row = await db
    .selectFrom('schedule')
    .selectAll()
    .where('trigger', '=', trigger.name)
    .executeTakeFirst();
  const last = await db
    .selectFrom('dispatch')
    .selectAll()
    .where('trigger', '=', trigger.name)
    .orderBy('at', 'desc')
    .orderBy('key', 'desc')
    .limit(shownDispatches)
    .execute();
  const nextAt = row?.next_slot_at ?? null;
  return {
    name: trigger.name,
    version: trigger.version,
    workflow: workflow.name,
    on: 'on' in trigger ? [...trigger.on] : [],
    ...('cron' in trigger && { cron: trigger.cron, zone: trigger.zone }),
    ...(nextAt !== null && { nextAt: instantText(Number(nextAt)) }),
    enabled: row?.is_enabled !== 0n,
    last: last.map((one) => ({
      at: instantText(Number(one.at)),
      subject: one.subject,
      outcome: one.outcome === 'started' ? 'started' : 'skipped',
      ...(one.reason !== null && { reason: one.reason }),
      ...(one.run_id !== null && { run: one.run_id }),
    })),
  };
}

const enable = (
  deps: NounDeps,
  how: {
    readonly id: string;
    readonly verb: 'enable' | 'disable';
    readonly summary: string;
  },
): Operation =>
  operation(
    {
      id: how.id,
      tag,
      method: 'post',
      path: `/v1/triggers/{id}:${how.verb}`,
      summary: how.summary,
      right: 'runs:write',
    },
    {
      params: z.strictObject({ id: z.string().min(1).max(64) }),
      body: z.strictObject({ reason: z.string().min(1).max(2000) }),
      answer: { status: 200, description: 'The trigger.', schema: triggerSchema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const { id: name } = call.params;
        const found = known().find((one) => one.trigger.name === name);
        if (found === undefined) {
          throw new Fault('not_found', `there is no trigger "${name}"`, {
            remedy: 'List them with `fieldloop runs triggers`.',
          });
        }
        const is_enabled = bit(how.verb === 'enable');
        const updated_at = deps.clock.now();
        await trx
          .insertInto('schedule')
          .values({ trigger: name, is_enabled, updated_at })
          .onConflict((conflict) =>
            conflict.column('trigger').doUpdateSet({ is_enabled, updated_at }),
          )
          .execute();
        const detail = { reason: call.body.reason };
        await call.audit(trx, { action: `trigger.${how.verb}`, subject: name, detail });
        return await triggerJson(trx, found);
      }),
  );
