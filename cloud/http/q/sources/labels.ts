import { labelMethods } from '../../../annotation/annotation.ts';
import { taskTypes } from '../../../annotation/task.ts';
import { column, lookup, type QSource } from '../source.ts';

export const labelSource: QSource = {
  name: 'labels',
  table: 'label',
  sorts: { createdAt: { column: 'label.created_at', type: 'int' } },
  sort: '-createdAt',
  words: ['class'],
  fields: [
    {
      name: 'class',
      type: 'text',
      says: 'The class of a classification.',
      example: 'class = left',
      place: column('label.class'),
    },
    {
      name: 'type',
      type: 'text',
      says: 'What was asked for.',
      example: 'type = boxes',
      values: taskTypes,
      place: column('label.type'),
    },
    {
      name: 'method',
      type: 'text',
      says: 'How it was agreed on.',
      example: 'method = adjudicated',
      values: labelMethods,
      place: column('label.method'),
    },
    {
      name: 'device',
      type: 'text',
      says: 'Name of the device.',
      example: 'device = amr-01',
      place: lookup('label.device_id', 'device.id', 'device.name'),
    },
    {
      name: 'clip',
      type: 'text',
      says: 'Id of the clip.',
      example: 'clip = clp_01JC0000000000000000000000',
      place: column('label.clip_id'),
    },
    {
      name: 'task',
      type: 'text',
      says: 'Id of the task.',
      example: 'task = tsk_01JC0000000000000000000000',
      place: column('label.task_id'),
    },
    {
      name: 'unit',
      type: 'text',
      says: 'Id of the unit.',
      example: 'unit:*',
      place: column('label.unit_id'),
    },
    {
      name: 'posterior',
      type: 'real',
      says: 'How sure the consensus is.',
      example: 'posterior < 0.97',
      place: column('label.posterior'),
    },
    {
      name: 'annotators',
      type: 'int',
      says: 'People who were asked.',
      example: 'annotators > 2',
      place: column('label.annotators'),
    },
    {
      name: 'supersededBy',
      type: 'text',
      says: 'The label that came in its place.',
      example: 'not supersededBy:*',
      place: column('label.superseded_by'),
    },
    {
      name: 'createdAt',
      type: 'instant',
      says: 'When it was agreed on.',
      example: 'createdAt > -7d',
      place: column('label.created_at'),
    },
    {
      name: 'id',
      type: 'text',
      says: 'Its id.',
      example: 'id = lbl_01JC0000000000000000000000',
      place: column('label.id'),
    },
  ],
};
