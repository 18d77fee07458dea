/** What lists of rule sets and of publications can be asked about. */
import { publicationModes, publicationStates } from '../../../rule/rule.ts';
import { column, lookup, type QSource } from '../source.ts';

export const ruleSetSource: QSource = {
  name: 'ruleSets',
  table: 'rule_set',
  sorts: {
    name: { column: 'rule_set.name', type: 'text' },
    createdAt: { column: 'rule_set.created_at', type: 'int' },
  },
  sort: 'name',
  words: ['name', 'description'],
  fields: [
    {
      name: 'name',
      type: 'text',
      says: 'Its name.',
      example: 'name = amr-baseline',
      place: column('rule_set.name'),
    },
    {
      name: 'description',
      type: 'text',
      says: 'What it is for.',
      example: 'description ~ *yard*',
      place: column('rule_set.description'),
    },
    {
      name: 'latest',
      type: 'int',
      says: 'Number of its newest version.',
      example: 'latest > 0',
      place: column('rule_set.latest'),
    },
    {
      name: 'createdBy',
      type: 'text',
      says: 'Who made it.',
      example: 'createdBy = system',
      place: column('rule_set.created_by'),
    },
    {
      name: 'createdAt',
      type: 'instant',
      says: 'When it was made.',
      example: 'createdAt > -7d',
      place: column('rule_set.created_at'),
    },
  ],
};

export const publicationSource: QSource = {
  name: 'publications',
  table: 'publication',
  sorts: { createdAt: { column: 'publication.created_at', type: 'int' } },
  sort: '-createdAt',
  words: ['ruleSet'],
  fields: [
    {
      name: 'ruleSet',
      type: 'text',
      says: 'Name of the rule set.',
      example: 'ruleSet = amr-baseline',
      place: lookup('publication.rule_set_id', 'rule_set.id', 'rule_set.name'),
    },
    {
      name: 'state',
      type: 'text',
      says: 'Where it stands.',
      example: 'state in (active, publishing)',
      values: publicationStates,
      place: column('publication.state'),
    },
    {
      name: 'mode',
      type: 'text',
      says: 'Whether robots cut clips by it or only count.',
      example: 'mode = shadow',
      values: publicationModes,
      place: column('publication.mode'),
    },
    {
      name: 'cohort',
      type: 'text',
      says: 'Id of the cohort it is for.',
      example: 'cohort = coh_01JC0000000000000000000000',
      place: column('publication.cohort_id'),
      json: 'cohort.id',
    },
    {
      name: 'digest',
      type: 'text',
      says: 'Digest of what it publishes.',
      example: 'digest:*',
      place: column('publication.digest'),
    },
    {
      name: 'createdBy',
      type: 'text',
      says: 'Who published it.',
      example: 'createdBy = usr_01JC0000000000000000000000',
      place: column('publication.created_by'),
    },
    {
      name: 'createdAt',
      type: 'instant',
      says: 'When it was published.',
      example: 'createdAt > -7d',
      place: column('publication.created_at'),
    },
  ],
};
