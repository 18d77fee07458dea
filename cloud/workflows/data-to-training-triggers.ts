/** What starts data-to-training: a drawn window, a version, a training policy that lacks data. */
import type { Json } from '@fieldloop/core';
import type { Db } from '../store/db.ts';
import { policyStore } from '../triage/policy-store.ts';
import { windowStore } from '../triage/window-store.ts';
import type { Trigger } from './kit/workflow.ts';

export const dataTriggers: readonly Trigger[] = [
  {
    name: 'data-on-selection',
    version: 1,
    on: ['triage.selected'],
    async match({ subject }, read) {
      const window = await windowStore(read).get(subject);
      if (window === undefined || isRun(window.createdBy)) return undefined;
      const policy = await trainedBy(read, { model: window.definition.model });
      if (policy === undefined) {
        return { skip: `no training policy is on for ${window.definition.model}` };
      }
      return { input: { window: subject, ...policy }, subject, key: subject };
    },
  },
  {
    name: 'training-on-version',
    version: 1,
    on: ['dataset_version.ready'],
    async match({ subject, body }, read) {
      const { dataset, by } = body as { readonly dataset?: string; readonly by?: string };
      if (dataset === undefined || isRun(by)) return undefined;
      const policy = await trainedBy(read, { dataset });
      if (policy === undefined) return { skip: `no training policy is on for ${dataset}` };
      return { input: { version: subject, ...policy }, subject, key: subject };
    },
  },
  {
    name: 'data-on-due',
    version: 1,
    on: ['training.due'],
    onePerSubject: true,
    async match({ body }, read) {
      const { model = '', dataset = '' } = body as { readonly model?: string; dataset?: string };
      const busy = await openRun(read, model);
      if (busy !== undefined) return { skip: `running already: ${busy}` };
      const policy = await drawingFor(read, model);
      if (policy === undefined) return { skip: `no triage policy is on for ${model}` };
      return { input: { policy, model, dataset }, subject: model };
    },
  },
];

/** A model that is trained on this data set by policy: which one, or undefined. */
async function trainedBy(db: Db, of: { readonly model: string } | { readonly dataset: string }) {
  const rows = db
    .selectFrom('training_policy')
    .select(['model', 'dataset'])
    .where('enabled', '=', 1n)
    .orderBy('created_at')
    .orderBy('id');
  const found =
    'model' in of ? rows.where('model', '=', of.model) : rows.where('dataset', '=', of.dataset);
  return await found.executeTakeFirst();
}

/** Runs name themselves where they act: what a run made does not start another one. */
const isRun = (by: unknown): boolean => typeof by === 'string' && by.startsWith('run_');

/** A run of this workflow that is about the model, however it began: one run a model. */
async function openRun(db: Db, model: string): Promise<string | undefined> {
  const rows = await db
    .selectFrom('run')
    .select(['id', 'input'])
    .where('workflow', '=', 'data-to-training')
    .where('state', '!=', 'ended')
    .orderBy('id')
    .execute();
  return rows.find(({ input }) => {
    const of = JSON.parse(input) as Readonly<Record<string, Json>>;
    return of['model'] === model;
  })?.id;
}

/** The triage policy that draws for the model; the oldest, if several do. */
async function drawingFor(db: Db, model: string): Promise<string | undefined> {
  const enabled = await policyStore(db).enabled();
  return enabled.find(({ definition }) => definition.model === model)?.id;
}
