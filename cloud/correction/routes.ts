import type { NounDeps } from '../http/deps.ts';
import { deviceRefField, instantField, instantText, nsField } from '../http/fields.ts';
import { listAnswer, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { correctionSource } from '../http/q/sources/corrections.ts';
import { maxNoteLength, maxReasonLength } from '../limits.ts';
import { Fault } from '@fieldloop/core';
import { deviceIdOf } from '../store/device-ref.ts';
import { type Correction, correctionSources, correctionStates, verdicts } from './correction.ts';
import { correctionOfRow, correctionRows, correctionStore } from './store.ts';

const tag = 'corrections';
const path = z.strictObject({ id: z.string().min(1).max(64) });

const schema = z
  .object({
    id: z.string().openapi({ example: 'cor_01JC0000000000000000000000' }),
    device: z.string(),
    deviceId: z.string(),
    session: z.string().optional(),
    startNs: nsField,
    endNs: nsField,
    source: z.enum(correctionSources),
    state: z.enum(correctionStates),
    words: z.string().optional().openapi({ description: 'The operator’s own.' }),
    timeline: z.array(z.object({ atNs: nsField, owner: z.enum(['robot', 'person']) })),
    clip: z.string().optional(),
    command: z.string().optional(),
    taskBatch: z.string().optional(),
    phases: z.array(z.object({ name: z.string(), startNs: nsField, endNs: nsField })).optional(),
    verdict: z.enum(verdicts).optional(),
    verdictBy: z.string().optional(),
    verdictReason: z.string().optional(),
    failure: z.string().optional(),
    regression: z.string().optional(),
    case: z.string().optional(),
    datasetVersion: z.string().optional(),
    evaluation: z.string().optional(),
    run: z.string().optional(),
    createdBy: z.string(),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('Correction');

type CorrectionJson = z.infer<typeof schema>;

function correctionJson(one: Correction): CorrectionJson {
  const { timeline, phases, createdAt, updatedAt, startNs, endNs, ...same } = one;
  return {
    ...same,
    startNs: String(startNs),
    endNs: String(endNs),
    timeline: timeline.map(({ atNs, owner }) => ({ atNs: String(atNs), owner })),
    ...(phases === undefined
      ? {}
      : {
          phases: phases.map((phase) => ({
            name: phase.name,
            startNs: String(phase.startNs),
            endNs: String(phase.endNs),
          })),
        }),
    createdAt: instantText(createdAt),
    updatedAt: instantText(updatedAt),
  };
}

export const correctionOperations = (deps: NounDeps): readonly Operation[] => [
  list(deps),
  report(deps),
  get(deps),
  revise(deps),
];

const list = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listCorrections',
      tag,
      method: 'get',
      path: '/v1/corrections',
      summary: 'Interventions and what was learnt from each, the newest first',
      right: 'failures:read',
    },
    {
      query: listQuery(correctionSource, {
        device: z.string().min(1).max(64).optional().openapi({ description: 'Its name.' }),
        state: z.enum(correctionStates).optional(),
      }),
      answer: {
        status: 200,
        description: 'One page.',
        schema: listAnswer('CorrectionPage', schema),
      },
    },
    async ({ query }) =>
      await listPage(deps, query, {
        operation: 'listCorrections',
        source: correctionSource,
        rows: correctionRows(deps.read),
        schema,
        is: { device: query.device, state: query.state },
        items: (rows) => rows.map((row) => correctionJson(correctionOfRow(row))),
      }),
  );

const report = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'reportCorrection',
      tag,
      method: 'post',
      path: '/v1/corrections',
      summary: 'Say that a person took over a robot, and why',
      description:
        'Joins what the robot marked itself at that time. The workflow correction-loop takes it from there.',
      right: 'failures:write',
      faults: ['not_found'],
    },
    {
      body: z.strictObject({
        device: deviceRefField,
        startNs: nsField.openapi({ description: 'Log time at which the person took over.' }),
        endNs: nsField.optional().openapi({ description: 'And gave the command back.' }),
        words: z.string().min(1).max(maxNoteLength).optional(),
      }),
      answer: { status: 201, description: 'The correction, new or joined.', schema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const { body } = call;
        const startNs = BigInt(body.startNs);
        const endNs = body.endNs === undefined ? startNs : BigInt(body.endNs);
        if (endNs < startNs) {
          throw new Fault('invalid', 'it ends before it begins', {
            place: '/body/endNs',
            remedy: 'Give an endNs at or after startNs, or leave it out.',
          });
        }
        const deviceId = await deviceIdOf(trx, body.device);
        const key = `api:${deps.ids.ulid('mrk')}`;
        const of = { key, deviceId, startNs, endNs, source: 'operator' as const };
        const by = call.caller?.userId ?? call.caller?.id ?? 'system';
        const how = { at: deps.clock.now(), by, ids: deps.ids };
        const { id } = await correctionStore(trx).report({ ...of, words: body.words }, how);
        await call.audit(trx, { action: 'correction.report', subject: id, after: body });
        return correctionJson(await correctionStore(trx).demand(id));
      }),
  );

const get = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getCorrection',
      tag,
      method: 'get',
      path: '/v1/corrections/{id}',
      summary: 'One intervention: who had the command, its phases, the verdict',
      right: 'failures:read',
    },
    { params: path, answer: { status: 200, description: 'The correction.', schema } },
    async ({ params }) => correctionJson(await correctionStore(deps.read).demand(params.id)),
  );

const revise = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'reviseCorrection',
      tag,
      method: 'post',
      path: '/v1/corrections/{id}:revise',
      summary: 'The verdict was wrong: say whose fault it was',
      description: 'What was begun for the old verdict is taken back by its run.',
      right: 'failures:write',
      faults: ['conflict'],
    },
    {
      params: path,
      body: z.strictObject({
        verdict: z.enum(verdicts),
        reason: z.string().min(1).max(maxReasonLength),
      }),
      answer: { status: 200, description: 'The correction.', schema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const by = call.caller?.userId ?? call.caller?.id ?? 'system';
        const how = { at: deps.clock.now(), by };
        const after = await correctionStore(trx).revise(call.params.id, call.body, how);
        const detail = { ...call.body };
        await call.audit(trx, { action: 'correction.revise', subject: after.id, detail });
        return correctionJson(after);
      }),
  );
