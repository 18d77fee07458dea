/** Lists of triage: units, the ledger, windows, policies and values. */
import { grains, lanes, populations, windowStates } from '../../../triage/triage.ts';
import { column, lookup, type QField, type QSource, rows } from '../source.ts';

const id = (table: string, example: string): QField => ({
  name: 'id',
  type: 'text',
  says: 'Its id.',
  example: `id = ${example}`,
  place: column(`${table}.id`),
});

const createdAt = (table: string, says: string): QField => ({
  name: 'createdAt',
  type: 'instant',
  says,
  example: 'createdAt > -1d',
  place: column(`${table}.created_at`),
});

const lane = (table: string): QField => ({
  name: 'lane',
  type: 'text',
  says: 'The lane that chose it.',
  example: 'lane = audit',
  values: lanes,
  place: column(`${table}.lane`),
});

const scores = rows({
  table: 'triage_score',
  owner: 'unit_id',
  id: 'triage_unit.id',
  key: { column: 'scorer', before: '' },
  num: 'value',
});

export const triageItemSource: QSource = {
  name: 'triageItems',
  table: 'triage_unit',
  sorts: { createdAt: { column: 'triage_unit.created_at', type: 'int' } },
  sort: '-createdAt',
  words: ['predicted', 'topic'],
  fields: [
    {
      name: 'predicted',
      type: 'text',
      says: 'The class that the model gave it.',
      example: 'predicted = person',
      place: column('triage_unit.predicted'),
    },
    {
      name: 'model',
      type: 'text',
      says: 'Id of the model on the robot.',
      example: 'model = classifier',
      place: column('triage_unit.model_id'),
    },
    {
      name: 'modelSha256',
      type: 'text',
      says: 'SHA-256 of the model that scored it.',
      example: 'modelSha256 ~ 9f8e*',
      place: column('triage_unit.model_sha256'),
    },
    {
      name: 'device',
      type: 'text',
      says: 'Name of the device.',
      example: 'device = amr-01',
      place: lookup('triage_unit.device_id', 'device.id', 'device.name'),
    },
    {
      name: 'session',
      type: 'text',
      says: 'Id of the session.',
      example: 'session:*',
      place: column('triage_unit.session_id'),
    },
    {
      name: 'site',
      type: 'text',
      says: 'Site of the device then.',
      example: 'site = hall-2',
      place: column('triage_unit.site'),
    },
    {
      name: 'clip',
      type: 'text',
      says: 'Id of the clip that it is in.',
      example: 'clip = clp_01JC0000000000000000000000',
      place: column('triage_unit.clip_id'),
    },
    {
      name: 'topic',
      type: 'text',
      says: 'Topic of the frame.',
      example: 'topic = /camera/compressed',
      place: column('triage_unit.topic'),
    },
    {
      name: 'grain',
      type: 'text',
      says: 'Whether it is a whole clip or one frame.',
      example: 'grain = frame',
      values: grains,
      place: column('triage_unit.grain'),
    },
    {
      name: 'population',
      type: 'text',
      says: 'fleet: kept by a baseline rule; inbox: by any other.',
      example: 'population = fleet',
      values: populations,
      place: column('triage_unit.population'),
    },
    {
      name: 'suppressedBy',
      type: 'text',
      says: 'The unit that it is a near-duplicate of.',
      example: 'suppressedBy:*',
      place: column('triage_unit.suppressed_by'),
    },
    {
      name: 'scores.*',
      type: 'real',
      says: 'What a scorer gave it.',
      example: 'scores.entropy > 0.8',
      place: scores,
    },
    {
      name: 'startNs',
      type: 'ns',
      says: 'Log time at which it begins.',
      example: 'startNs > -1d',
      place: column('triage_unit.start_ns'),
    },
    createdAt('triage_unit', 'When its scores were read.'),
    id('triage_unit', 'unt_01JC0000000000000000000000'),
  ],
};

export const triageLedgerSource: QSource = {
  name: 'triageLedger',
  table: 'triage_choice',
  sorts: { createdAt: { column: 'triage_choice.created_at', type: 'int' } },
  sort: '-createdAt',
  words: ['reason'],
  fields: [
    lane('triage_choice'),
    {
      name: 'scorer',
      type: 'text',
      says: 'What chose it within the lane.',
      example: 'scorer = entropy',
      place: column('triage_choice.scorer'),
    },
    {
      name: 'unit',
      type: 'text',
      says: 'Id of the unit.',
      example: 'unit = unt_01JC0000000000000000000000',
      place: column('triage_choice.unit_id'),
    },
    {
      name: 'clip',
      type: 'text',
      says: 'Id of the clip.',
      example: 'clip = clp_01JC0000000000000000000000',
      place: column('triage_choice.clip_id'),
    },
    {
      name: 'window',
      type: 'text',
      says: 'Id of the window that chose it.',
      example: 'window = twi_01JC0000000000000000000000',
      place: column('triage_choice.window_id'),
    },
    {
      name: 'failure',
      type: 'text',
      says: 'The failure that it shows.',
      example: 'failure:*',
      place: column('triage_choice.failure_id'),
    },
    {
      name: 'propensity',
      type: 'real',
      says: 'Probability with which it was chosen.',
      example: 'propensity < 1',
      place: column('triage_choice.propensity'),
    },
    {
      name: 'reason',
      type: 'text',
      says: 'Why, in words.',
      example: 'reason ~ *failure*',
      place: column('triage_choice.reason'),
    },
    createdAt('triage_choice', 'When it was chosen.'),
    id('triage_choice', 'chc_01JC0000000000000000000000'),
  ],
};

export const triageWindowSource: QSource = {
  name: 'triageWindows',
  table: 'triage_window',
  sorts: { createdAt: { column: 'triage_window.created_at', type: 'int' } },
  sort: '-createdAt',
  words: ['policy', 'reason'],
  fields: [
    {
      name: 'policy',
      type: 'text',
      says: 'Name of the policy.',
      example: 'policy = classifier-frames',
      place: column('triage_window.policy'),
    },
    {
      name: 'state',
      type: 'text',
      says: 'frozen: waits for its draw; drawn; void: taken back.',
      example: 'state = drawn',
      values: windowStates,
      place: column('triage_window.state'),
    },
    {
      name: 'units',
      type: 'int',
      says: 'Units that it chooses from.',
      example: 'units > 1000',
      place: column('triage_window.units'),
    },
    {
      name: 'reason',
      type: 'text',
      says: 'Why it was frozen.',
      example: 'reason ~ *window*',
      place: column('triage_window.reason'),
    },
    createdAt('triage_window', 'When it was frozen.'),
    id('triage_window', 'twi_01JC0000000000000000000000'),
  ],
};

export const triagePolicySource: QSource = {
  name: 'triagePolicies',
  table: 'triage_policy',
  sorts: { createdAt: { column: 'triage_policy.created_at', type: 'int' } },
  sort: 'createdAt',
  words: ['name'],
  fields: [
    {
      name: 'name',
      type: 'text',
      says: 'Its name.',
      example: 'name = classifier-frames',
      place: column('triage_policy.name'),
    },
    {
      name: 'enabled',
      type: 'bool',
      says: 'Whether windows are frozen for it.',
      example: 'enabled = true',
      place: column('triage_policy.enabled'),
    },
    createdAt('triage_policy', 'When it was made.'),
    id('triage_policy', 'tpo_01JC0000000000000000000000'),
  ],
};

export const triageValueSource: QSource = {
  name: 'triageValues',
  table: 'triage_value',
  sorts: { createdAt: { column: 'triage_value.created_at', type: 'int' } },
  sort: '-createdAt',
  words: ['scorer'],
  fields: [
    {
      name: 'kind',
      type: 'text',
      says: 'capture: failures found a label; retrain: what the labels teach.',
      example: 'kind = retrain',
      values: ['capture', 'retrain'],
      place: column('triage_value.kind'),
    },
    lane('triage_value'),
    {
      name: 'scorer',
      type: 'text',
      says: 'The scorer of the lane.',
      example: 'scorer = badge',
      place: column('triage_value.scorer'),
    },
    {
      name: 'model',
      type: 'text',
      says: 'Id of the model.',
      example: 'model = classifier',
      place: column('triage_value.model_id'),
    },
    {
      name: 'modelSha256',
      type: 'text',
      says: 'SHA-256 of the model.',
      example: 'modelSha256 ~ 9f8e*',
      place: column('triage_value.model_sha256'),
    },
    {
      name: 'value',
      type: 'real',
      says: 'The figure.',
      example: 'value > 1.5',
      place: column('triage_value.value'),
    },
    createdAt('triage_value', 'When it was measured.'),
    id('triage_value', 'tva_01JC0000000000000000000000'),
  ],
};
