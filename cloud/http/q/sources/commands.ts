import { commandKinds } from '@fieldloop/proto';
import { commandStates } from '../../../command/command.ts';
import { column, lookup, type QSource } from '../source.ts';

export const commandSource: QSource = {
  name: 'commands',
  table: 'command',
  sorts: { createdAt: { column: 'command.created_at', type: 'int' } },
  sort: '-createdAt',
  words: ['device', 'kind'],
  fields: [
    {
      name: 'device',
      type: 'text',
      says: 'Name of the device.',
      example: 'device = amr-01',
      place: lookup('command.device_id', 'device.id', 'device.name'),
    },
    {
      name: 'site',
      type: 'text',
      says: 'Site of the device.',
      example: 'site = hall-2',
      place: lookup('command.device_id', 'device.id', 'device.site'),
    },
    {
      name: 'kind',
      type: 'text',
      says: 'What is asked for.',
      example: 'kind = pull',
      values: commandKinds,
      place: column('command.kind'),
    },
    {
      name: 'state',
      type: 'text',
      says: 'How far it is.',
      example: 'state in (failed, expired)',
      values: commandStates,
      place: column('command.state'),
    },
    {
      name: 'by',
      type: 'text',
      says: 'Key, person or part of the cloud that asked.',
      example: 'by: usr_*',
      place: column('command.created_by'),
    },
    {
      name: 'createdAt',
      type: 'instant',
      says: 'When it was asked for.',
      example: 'createdAt: today',
      place: column('command.created_at'),
    },
    {
      name: 'expiresAt',
      type: 'instant',
      says: 'Until when the device may fetch it.',
      example: 'expiresAt < now',
      place: column('command.expires_at'),
    },
    {
      name: 'id',
      type: 'text',
      says: 'Its id.',
      example: 'id = cmd_01JC0000000000000000000000',
      place: column('command.id'),
    },
  ],
};
