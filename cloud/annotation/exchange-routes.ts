/** Labels to and from other tools: CVAT for images 1.1 and Label Studio's JSON. */
import { Fault } from '@fieldloop/core';
import { maxExportedLabels, maxImportLength, maxPixels } from '../annotation-limits.ts';
import type { NounDeps } from '../http/deps.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import type { LabelValue } from './annotation.ts';
import { writeCvat } from './cvat.ts';
import { applyImport, type ImportPlan, planImport } from './import.ts';
import { exchangeFormats, type ExchangeItem } from './interchange.ts';
import { writeLabelStudio } from './label-studio.ts';
import { ontologyStore } from './ontology-store.ts';
import { type TaskType, taskTypes } from './task.ts';

const tag = 'annotations';
const formatField = z.enum(exchangeFormats);
const droppedSchema = z.array(z.object({ what: z.string(), n: z.int() })).openapi({
  description: 'What the other side has no words for, and how often.',
});
const pixelsField = z
  .string()
  .regex(/^[1-9]\d{0,5}$/, `is not a number of pixels below ${maxPixels}`)
  .transform(Number)
  .openapi({ type: 'integer', description: 'Of the images that boxes were drawn in.' });

export const exchangeOperations = (deps: NounDeps): readonly Operation[] => [
  exported(deps),
  imported(deps),
];

const exportSchema = z
  .object({
    format: formatField,
    labels: z.int(),
    content: z.string(),
    dropped: droppedSchema,
  })
  .openapi('LabelExport');

const exported = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'exportLabels',
      tag,
      method: 'get',
      path: '/v1/labels/export',
      summary: 'The labels of an ontology as a file of another tool',
      description:
        'Texts are left out unless they are asked for. What was superseded is not in it.',
      right: 'annotations:read',
      faults: ['limited', 'not_found'],
    },
    {
      query: z.strictObject({
        format: formatField,
        ontology: z.string().min(1).max(64),
        type: z.enum(taskTypes).optional(),
        batch: z.string().max(128).optional(),
        width: pixelsField.optional(),
        height: pixelsField.optional(),
      }),
      answer: { status: 200, description: 'The file.', schema: exportSchema },
    },
    async ({ query }) => {
      const { format, type, batch, width, height } = query;
      const ontology = await ontologyStore(deps.read).demand(query.ontology, '/query/ontology');
      let rows = deps.read
        .selectFrom('label')
        .innerJoin('task', 'task.id', 'label.task_id')
        .select(['label.task_id', 'label.type', 'label.start_ns', 'label.body'])
        .where('label.superseded_by', 'is', null)
        .where('label.ontology_sha256', '=', ontology.sha256);
      if (type !== undefined) rows = rows.where('label.type', '=', type);
      else rows = rows.where('label.type', '<>', 'text');
      if (batch !== undefined) rows = rows.where('task.batch', '=', batch);
      const found = await rows
        .orderBy('label.task_id')
        .limit(maxExportedLabels + 1)
        .execute();
      if (found.length > maxExportedLabels) {
        throw new Fault('limited', `there are more than ${maxExportedLabels} labels`, {
          place: '/query/batch',
          remedy: 'Ask for one batch after another.',
        });
      }
      const items = found.map(
        (row): ExchangeItem => ({
          task: row.task_id,
          place: '',
          type: row.type as TaskType,
          startNs: row.start_ns,
          value: JSON.parse(row.body) as LabelValue,
        }),
      );
      const hasBoxes = items.some(({ value }) => (value.boxes ?? []).length > 0);
      if (hasBoxes && (width === undefined || height === undefined)) {
        throw new Fault(
          'invalid',
          'boxes are among them, and the size of their images is missing',
          {
            place: '/query/width',
            remedy: 'Give width and height of the original images in pixels.',
          },
        );
      }
      const size = { width: width ?? 1, height: height ?? 1 };
      const written =
        format === 'cvat'
          ? writeCvat(items, { ontology, size })
          : writeLabelStudio(items, { size });
      return {
        format,
        labels: items.length,
        content: written.content,
        dropped: written.dropped.map((one) => ({ ...one })),
      };
    },
  );

const importSchema = z
  .object({
    plan: z.string().openapi({ description: 'Send it back to carry out exactly this.' }),
    isDone: z.boolean(),
    answers: z.int().openapi({ description: 'Answers that are, or would be, new.' }),
    known: z.int().openapi({ description: 'Answers that were there already.' }),
    problems: z.array(z.object({ place: z.string(), message: z.string() })),
    dropped: droppedSchema,
  })
  .openapi('LabelImport');

const importJson = (plan: ImportPlan, isDone: boolean): z.infer<typeof importSchema> => ({
  plan: plan.sha256,
  isDone,
  answers: plan.answers.length,
  known: plan.known,
  problems: plan.problems.map((one) => ({ ...one })),
  dropped: plan.dropped.map((one) => ({ ...one })),
});

const imported = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'importLabels',
      tag,
      method: 'post',
      path: '/v1/labels:import',
      summary: 'Answers of another tool to open tasks; a dry run first',
      description:
        'Images and tasks are found by the `tsk_…` in their names. The answers are those of one more annotator: consensus weighs them like any other.',
      right: 'annotations:write',
      faults: ['conflict'],
    },
    {
      body: z.strictObject({
        format: formatField,
        content: z.string().min(1).max(maxImportLength),
        annotator: z
          .string()
          .regex(/^[\w.-]{1,32}$/, 'is not a name: use up to 32 of A-z, 0-9 and _ . -')
          .default('file')
          .openapi({ description: 'Whose answers they are.' }),
        dryRun: z.boolean().default(true).openapi({ description: 'Say what would be done.' }),
        plan: z
          .string()
          .regex(/^[0-9a-f]{64}$/, 'is not the plan of a dry run')
          .optional(),
      }),
      answer: { status: 200, description: 'What was or would be done.', schema: importSchema },
    },
    async (call) => {
      const { dryRun, plan, ...asked } = call.body;
      if (dryRun) return importJson(await planImport(deps.read, asked), false);
      if (plan === undefined) {
        throw new Fault('invalid', 'an import is tried first', {
          place: '/body/plan',
          remedy: 'Send it with dryRun, look at the answer, and send its plan back.',
        });
      }
      return await call.change(async (trx) => {
        const giving = { ids: deps.ids, at: deps.clock.now() };
        const done = await applyImport(trx, { asked, plan }, giving);
        const after = { format: asked.format, answers: done.answers.length };
        await call.audit(trx, { action: 'label.import', subject: done.sha256, after });
        return importJson(done, true);
      });
    },
  );
