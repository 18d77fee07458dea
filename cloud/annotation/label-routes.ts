/** What was agreed on, how far people agree, and how far machines are trusted. */
import { Fault, seededRandom } from '@fieldloop/core';
import { leastClassTasks } from '../annotation-limits.ts';
import type { NounDeps } from '../http/deps.ts';
import { instantField, instantText } from '../http/fields.ts';
import { listAnswer, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { labelSource } from '../http/q/sources/labels.ts';
import { agreementOf } from '../store/agreement.ts';
import type { Db } from '../store/db.ts';
import { agreementGates } from './agreement.ts';
import { labelJson, labelSchema } from './json.ts';
import { ontologyStore } from './ontology-store.ts';
import { type Band, bands, taskTypes } from './task.ts';

const tag = 'annotations';
const right = 'annotations:read';

export const labelOperations = (deps: NounDeps): readonly Operation[] => [
  list(deps),
  get(deps),
  agreed(deps),
  trusted(deps),
];

const labelRows = (db: Db) =>
  db
    .selectFrom('label')
    .innerJoin('device', 'device.id', 'label.device_id')
    .selectAll('label')
    .select('device.name as device');

const list = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listLabels',
      tag,
      method: 'get',
      path: '/v1/labels',
      summary: 'Resolved labels, the newest first; what was superseded among them',
      right,
    },
    {
      query: listQuery(labelSource, {}),
      answer: {
        status: 200,
        description: 'One page.',
        schema: listAnswer('LabelPage', labelSchema),
      },
    },
    async ({ query }) =>
      await listPage(deps, query, {
        operation: 'listLabels',
        source: labelSource,
        rows: labelRows(deps.read),
        schema: labelSchema,
        items: (rows) => rows.map(labelJson),
      }),
  );

const get = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getLabel',
      tag,
      method: 'get',
      path: '/v1/labels/{id}',
      summary: 'One resolved label',
      right,
    },
    {
      params: z.strictObject({ id: z.string().min(1).max(64) }),
      answer: { status: 200, description: 'The label.', schema: labelSchema },
    },
    async ({ params: { id } }) => {
      const row = await labelRows(deps.read).where('label.id', '=', id).executeTakeFirst();
      if (row !== undefined) return labelJson(row);
      throw new Fault('not_found', `there is no label "${id}"`, {
        remedy: 'List them with `fieldloop annotations list`.',
      });
    },
  );

const agreementSchema = z
  .object({
    ontology: z.string(),
    type: z.enum(taskTypes),
    tasks: z.int().openapi({ description: 'With at least two blind answers.' }),
    classes: z.array(
      z.object({
        class: z.string().optional().openapi({ description: 'Absent: of all together.' }),
        alpha: z.number().optional().openapi({
          description: 'Krippendorff’s; absent where nothing could be disagreed on.',
        }),
        low: z
          .number()
          .optional()
          .openapi({ description: 'Lower end of its 95 % interval, by drawing tasks again.' }),
        high: z.number().optional(),
        tasks: z.int().openapi({ description: 'With two blind answers; in which it was said.' }),
        units: z.int(),
        values: z.int(),
        gate: z.enum(agreementGates),
      }),
    ),
  })
  .openapi('Agreement');

const agreed = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getAgreement',
      tag,
      method: 'get',
      path: '/v1/agreement',
      summary: 'How far people agree on a kind of task, class by class',
      description:
        'Over the latest 2,000 tasks. All classes together below .667 block a data set, below .8 ' +
        `warn. A class blocks when its whole interval is below .667; of fewer than ${leastClassTasks} tasks ` +
        'nothing is said.',
      right,
      faults: ['not_found'],
    },
    {
      query: z.strictObject({
        ontology: z.string().min(1).max(64).openapi({ description: 'Name, or hash of a version.' }),
        type: z.enum(taskTypes).default('classification'),
        batch: z.string().max(128).optional(),
      }),
      answer: { status: 200, description: 'The agreement.', schema: agreementSchema },
    },
    async ({ query: { ontology, type, batch } }) => {
      const { sha256, name } = await ontologyStore(deps.read).demand(ontology, '/query/ontology');
      const asked = { ontologySha256: sha256, type, batch };
      const found = await agreementOf(deps.read, asked, seededRandom(`agreement ${sha256}`));
      const classes = found.classes.map((one) => ({ ...one }));
      return { ontology: name, type, tasks: found.tasks, classes };
    },
  );

const bandsSchema = z
  .object({
    items: z.array(
      z.object({
        model: z.string().openapi({ description: 'SHA-256 of the model.' }),
        ontologySha256: z.string(),
        class: z.string(),
        n: z.int().openapi({ description: 'Audit labels of what it called so.' }),
        correct: z.int(),
        lower: z.number().openapi({ description: 'Wilson’s lower 95 % bound of its precision.' }),
        band: z.enum(bands),
        at: instantField,
      }),
    ),
  })
  .openapi('LabelBands');

const trusted = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getLabelBands',
      tag,
      method: 'get',
      path: '/v1/labelBands',
      summary: 'How far each model is trusted with each class: accept, assist or blind',
      description: 'By audit labels alone. Of what is accepted, people check one in twenty.',
      right,
    },
    { answer: { status: 200, description: 'The bands.', schema: bandsSchema } },
    async () => {
      const rows = await deps.read
        .selectFrom('label_band')
        .selectAll()
        .orderBy('model_sha256')
        .orderBy('ontology_sha256')
        .orderBy('class')
        .limit(1000)
        .execute();
      return {
        items: rows.map((row) => ({
          model: row.model_sha256,
          ontologySha256: row.ontology_sha256,
          class: row.class,
          n: Number(row.n),
          correct: Number(row.correct),
          lower: row.lower,
          band: row.band as Band,
          at: instantText(Number(row.at)),
        })),
      };
    },
  );
