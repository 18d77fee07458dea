import { column, type QSource } from '../source.ts';

export const policySource: QSource = {
  name: 'alertPolicies',
  table: 'alert_policy',
  sorts: {
    createdAt: { column: 'alert_policy.created_at', type: 'int' },
  },
  sort: '-createdAt',
  words: ['name'],
  fields: [
    {
      name: 'name',
      type: 'text',
      says: 'Its name.',
      example: 'name:low-*',
      place: column('alert_policy.name'),
    },
    {
      name: 'severity',
      type: 'text',
      says: 'How much its alerts matter.',
      example: 'severity = critical',
      values: ['critical', 'warning', 'info'],
      place: column('alert_policy.severity'),
    },
    {
      name: 'enabled',
      type: 'bool',
      says: 'Whether it is evaluated.',
      example: 'enabled = true',
      place: column('alert_policy.enabled'),
    },
    {
      name: 'faultySince',
      type: 'instant',
      says: 'Since when it cannot be evaluated.',
      example: 'faultySince:*',
      place: column('alert_policy.faulty_since'),
    },
    {
      name: 'createdAt',
      type: 'instant',
      says: 'When it was made.',
      example: 'createdAt > -7d',
      place: column('alert_policy.created_at'),
    },
  ],
};
