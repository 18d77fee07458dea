import { artifactKinds, releaseStates } from '../../../release/release.ts';
import { rolloutStates } from '../../../rollout/rollout.ts';
import { column, lookup, type QSource } from '../source.ts';

export const artifactSource: QSource = {
  name: 'artifacts',
  table: 'artifact',
  id: { column: 'sha256', type: 'text' },
  sorts: { createdAt: { column: 'artifact.created_at', type: 'int' } },
  sort: '-createdAt',
  words: ['name'],
  fields: [
    {
      name: 'name',
      type: 'text',
      says: 'What the file was called where it came from.',
      example: 'name ~ *.onnx',
      place: column('artifact.name'),
    },
    {
      name: 'kind',
      type: 'text',
      says: 'What it is for.',
      example: 'kind = onnx',
      values: artifactKinds,
      place: column('artifact.kind'),
    },
    {
      name: 'sizeBytes',
      type: 'bytes',
      says: 'Its size.',
      example: 'sizeBytes > 1MiB',
      place: column('artifact.size_bytes'),
    },
    {
      name: 'createdBy',
      type: 'text',
      says: 'Who brought it.',
      example: 'createdBy = usr_01JC0000000000000000000000',
      place: column('artifact.created_by'),
    },
    {
      name: 'createdAt',
      type: 'instant',
      says: 'When it came.',
      example: 'createdAt > -7d',
      place: column('artifact.created_at'),
    },
  ],
};

export const releaseSource: QSource = {
  name: 'releases',
  table: 'release',
  sorts: { createdAt: { column: 'release.created_at', type: 'int' } },
  sort: '-createdAt',
  words: ['name'],
  fields: [
    {
      name: 'name',
      type: 'text',
      says: 'Its name; with a version it is one release.',
      example: 'name = warehouse-stack',
      place: column('release.name'),
    },
    {
      name: 'releaseVersion',
      type: 'text',
      says: 'Its version.',
      example: 'releaseVersion ~ 2.*',
      place: column('release.semver'),
    },
    {
      name: 'state',
      type: 'text',
      says: 'Where it stands.',
      example: 'state in (approved, released)',
      values: releaseStates,
      place: column('release.state'),
    },
    {
      name: 'digest',
      type: 'text',
      says: 'Digest of its manifest.',
      example: 'digest:9f2c*',
      place: column('release.digest'),
    },
    {
      name: 'author',
      type: 'text',
      says: 'Who added it.',
      example: 'author = usr_01JC0000000000000000000000',
      place: column('release.author'),
    },
    {
      name: 'createdAt',
      type: 'instant',
      says: 'When it was added.',
      example: 'createdAt > -30d',
      place: column('release.created_at'),
    },
    {
      name: 'updatedAt',
      type: 'instant',
      says: 'When it last moved.',
      example: 'updatedAt > -1d',
      place: column('release.updated_at'),
    },
  ],
};

export const rolloutSource: QSource = {
  name: 'rollouts',
  table: 'rollout',
  sorts: { createdAt: { column: 'rollout.created_at', type: 'int' } },
  sort: '-createdAt',
  words: [],
  fields: [
    {
      name: 'state',
      type: 'text',
      says: 'Where it stands.',
      example: 'state in (running, held)',
      values: rolloutStates,
      place: column('rollout.state'),
    },
    {
      name: 'releaseName',
      type: 'text',
      says: 'Name of its release.',
      example: 'releaseName = warehouse-stack',
      place: lookup('rollout.release_id', 'release.id', 'release.name'),
      json: 'release.name',
    },
    {
      name: 'releaseDigest',
      type: 'text',
      says: 'Digest of its release.',
      example: 'releaseDigest:9f2c*',
      place: column('rollout.release_digest'),
      json: 'release.digest',
    },
    {
      name: 'urgency',
      type: 'text',
      says: 'Whether it is an emergency.',
      example: 'urgency = emergency',
      values: ['normal', 'emergency'],
      place: column('rollout.urgency'),
    },
    {
      name: 'createdBy',
      type: 'text',
      says: 'Who planned it.',
      example: 'createdBy = usr_01JC0000000000000000000000',
      place: column('rollout.created_by'),
    },
    {
      name: 'createdAt',
      type: 'instant',
      says: 'When it was planned.',
      example: 'createdAt > -30d',
      place: column('rollout.created_at'),
    },
    {
      name: 'updatedAt',
      type: 'instant',
      says: 'When it last moved.',
      example: 'updatedAt > -1h',
      place: column('rollout.updated_at'),
    },
  ],
};

export const freezeSource: QSource = {
  name: 'freezes',
  table: 'rollout_freeze',
  sorts: { createdAt: { column: 'rollout_freeze.created_at', type: 'int' } },
  sort: '-createdAt',
  words: ['reason'],
  fields: [
    {
      name: 'reason',
      type: 'text',
      says: 'Why everything was held.',
      example: 'reason ~ *crash*',
      place: column('rollout_freeze.reason'),
    },
    {
      name: 'createdBy',
      type: 'text',
      says: 'Who set it.',
      example: 'createdBy = usr_01JC0000000000000000000000',
      place: column('rollout_freeze.created_by'),
    },
    {
      name: 'createdAt',
      type: 'instant',
      says: 'When it was set.',
      example: 'createdAt > -7d',
      place: column('rollout_freeze.created_at'),
    },
    {
      name: 'liftedAt',
      type: 'instant',
      says: 'When it was lifted; absent while it stands.',
      example: 'not liftedAt:*',
      place: column('rollout_freeze.lifted_at'),
    },
  ],
};
