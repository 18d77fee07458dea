import { correctionStates, verdicts } from '../../../correction/correction.ts';
import { column, lookup, type QSource } from '../source.ts';

export const correctionSource: QSource = {
  name: 'corrections',
  table: 'correction',
  sorts: {
    createdAt: { column: 'correction.created_at', type: 'int' },
    updatedAt: { column: 'correction.updated_at', type: 'int' },
  },
  sort: '-createdAt',
  words: ['device', 'words'],
  fields: [
    {
      name: 'device',
      type: 'text',
      says: 'Name of the device.',
      example: 'device = amr-01',
      place: lookup('correction.device_id', 'device.id', 'device.name'),
    },
    {
      name: 'state',
      type: 'text',
      says: 'Where it stands on its way into a data set.',
      example: 'state = verdict',
      values: correctionStates,
      place: column('correction.state'),
    },
    {
      name: 'verdict',
      type: 'text',
      says: 'Whose fault it was.',
      example: 'verdict = model',
      values: verdicts,
      place: column('correction.verdict'),
    },
    {
      name: 'words',
      type: 'text',
      says: 'What the operator said.',
      example: 'words ~ *pallet*',
      place: column('correction.words'),
    },
    {
      name: 'startNs',
      type: 'ns',
      says: 'Log time at which a person took over.',
      example: 'startNs > -1d',
      place: column('correction.start_ns'),
    },
    {
      name: 'createdAt',
      type: 'instant',
      says: 'When it was reported.',
      example: 'createdAt > -7d',
      place: column('correction.created_at'),
    },
  ],
};
