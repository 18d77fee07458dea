import { runStates, waitingKinds } from '../../../run/run.ts';
import { column, type QSource } from '../source.ts';

export const runSource: QSource = {
  name: 'runs',
  table: 'run',
  sorts: {
    createdAt: { column: 'run.created_at', type: 'int' },
    updatedAt: { column: 'run.updated_at', type: 'int' },
  },
  sort: '-createdAt',
  words: ['workflow', 'subject', 'trouble'],
  fields: [
    {
      name: 'workflow',
      type: 'text',
      says: 'Which pattern it follows.',
      example: 'workflow = staged-rollout',
      place: column('run.workflow'),
    },
    {
      name: 'state',
      type: 'text',
      says: 'Where it stands; parked and stuck ones need a person.',
      example: 'state in (parked, stuck)',
      values: runStates,
      place: column('run.state'),
    },
    {
      name: 'subject',
      type: 'text',
      says: 'What it is about.',
      example: 'subject = rol_01JC0000000000000000000000',
      place: column('run.subject'),
    },
    {
      name: 'parent',
      type: 'text',
      says: 'The run that it works for.',
      example: 'parent = run_01JC0000000000000000000000',
      place: column('run.parent_id'),
    },
    {
      name: 'trigger',
      type: 'text',
      says: 'What started it, when no person did.',
      example: 'trigger ~ train-*',
      place: column('run.trigger'),
    },
    {
      name: 'actor',
      type: 'text',
      says: 'Who started it.',
      example: 'actor = usr_01JC0000000000000000000000',
      place: column('run.actor'),
    },
    {
      name: 'waiting',
      type: 'text',
      says: 'What kind of thing it waits for.',
      example: 'waiting = gate',
      values: waitingKinds,
      json: (item) => (item['waitingFor'] as { readonly kind?: string } | undefined)?.kind,
      place: column('run.waiting_kind'),
    },
    {
      name: 'trouble',
      type: 'text',
      says: 'Why it does not go on.',
      example: 'trouble ~ *timeout*',
      place: column('run.trouble'),
    },
    {
      name: 'createdAt',
      type: 'instant',
      says: 'When it began.',
      example: 'createdAt > -7d',
      place: column('run.created_at'),
    },
    {
      name: 'updatedAt',
      type: 'instant',
      says: 'When it last moved.',
      example: 'updatedAt < -1d',
      place: column('run.updated_at'),
    },
  ],
};
