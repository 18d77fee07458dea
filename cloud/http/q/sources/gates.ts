import { gateStates } from '../../../gate/gate.ts';
import { column, type QSource } from '../source.ts';

export const gateSource: QSource = {
  name: 'gates',
  table: 'gate',
  sorts: {
    openedAt: { column: 'gate.opened_at', type: 'int' },
    deadlineAt: { column: 'gate.deadline_at', type: 'int' },
  },
  sort: '-openedAt',
  words: ['name', 'question'],
  fields: [
    {
      name: 'state',
      type: 'text',
      says: 'Whether somebody has to decide.',
      example: 'state = open',
      values: gateStates,
      place: column('gate.state'),
    },
    {
      name: 'kind',
      type: 'text',
      says: 'What kind of decision it is.',
      example: 'kind = escalation',
      place: column('gate.kind'),
    },
    {
      name: 'name',
      type: 'text',
      says: 'Its name in the workflow.',
      example: 'name = approval',
      place: column('gate.name'),
    },
    {
      name: 'question',
      type: 'text',
      says: 'What is asked.',
      example: 'question ~ *rollout*',
      place: column('gate.question'),
    },
    {
      name: 'run',
      type: 'text',
      says: 'The run that waits.',
      example: 'run = run_01JC0000000000000000000000',
      place: column('gate.run_id'),
    },
    {
      name: 'role',
      type: 'text',
      says: 'The role that decides.',
      example: 'role = release_manager',
      place: column('gate.role'),
    },
    {
      name: 'assignee',
      type: 'text',
      says: 'The person who is asked first.',
      example: 'assignee = usr_01JC0000000000000000000000',
      place: column('gate.assignee'),
    },
    {
      name: 'openedAt',
      type: 'instant',
      says: 'Since when it waits.',
      example: 'openedAt < -1d',
      place: column('gate.opened_at'),
    },
    {
      name: 'deadlineAt',
      type: 'instant',
      says: 'Until when it is to be decided.',
      example: 'deadlineAt < now',
      place: column('gate.deadline_at'),
    },
  ],
};
