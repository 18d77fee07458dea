import { Fault } from '@fieldloop/core';
import { listName, type NounDeps } from '../http/deps.ts';
import { deviceRefField, pageFields, severityField, timeFields } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { timedPage } from '../http/timed-page.ts';
import { deviceIdOf } from '../store/device-ref.ts';
import { type Clip, clipStates, parseScoreCondition } from './clip.ts';
import { type ClipBytes, download } from './download.ts';
import { clipJson, type ClipPage, clipPageSchema, clipSchema, clipSummaryJson } from './json.ts';
import { clipStore } from './store.ts';

export interface ClipDeps extends NounDeps {
  readonly bytes: ClipBytes;
}

const listQuery = z.strictObject({
  device: deviceRefField.optional(),
  session: z.string().max(64).optional(),
  rule: z
    .string()
    .max(96)
    .optional()
    .openapi({ description: 'A rule that fired inside the clip.', example: 'near-miss' }),
  severity: severityField.optional(),
  class: z.enum(['critical', 'warning', 'info', 'baseline']).optional(),
  state: z.enum(clipStates).optional(),
  tag: z
    .array(z.string().max(32))
    .optional()
    .openapi({ description: 'May repeat; a clip must have all of them.' }),
  score: z
    .array(z.string().max(160))
    .optional()
    .openapi({
      description: 'A condition on a score, such as `classifier.entropy>0.7`. May repeat.',
      example: ['classifier.entropy>0.7'],
    }),
  ...timeFields,
  ...pageFields,
});

const path = z.strictObject({ id: z.string().max(64) });

export const clipOperations = (deps: ClipDeps): readonly Operation[] => [
  list(deps),
  get(deps),
  data(deps),
];

const list = (deps: ClipDeps): Operation =>
  operation(
    {
      id: 'listClips',
      tag: 'clips',
      method: 'get',
      path: '/v1/clips',
      summary: 'Clips, the newest log time first',
      description:
        'Clips whose bytes are still on the robot are listed too. All conditions must hold; times ' +
        'compare with the start of the clip.',
      right: 'clips:read',
      faults: ['not_found'],
    },
    { query: listQuery, answer: { status: 200, description: 'One page.', schema: clipPageSchema } },
    async ({ query }) => {
      const { limit, cursor, device } = query;
      const filter = {
        deviceId: device === undefined ? undefined : await deviceIdOf(deps.read, device),
        sessionId: query.session,
        rule: query.rule,
        severity: query.severity,
        class: query.class,
        state: query.state,
        tags: query.tag,
        scores: query.score?.map((text) => parseScoreCondition(text, '/query/score')),
      };
      const clips = clipStore(deps.read);
      const list = listName('listClips', query);
      const page = await timedPage(
        deps,
        { list, limit, cursor, range: query },
        {
          rows: async (range, at) => await clips.list({ ...filter, ...range }, at),
          position: ({ startNs, id }) => ({ ns: startNs, id }),
          item: clipSummaryJson,
        },
      );
      return page as ClipPage;
    },
  );

const get = (deps: ClipDeps): Operation =>
  operation(
    {
      id: 'getClip',
      tag: 'clips',
      method: 'get',
      path: '/v1/clips/{id}',
      summary: 'One clip, and why it was flagged',
      right: 'clips:read',
    },
    { params: path, answer: { status: 200, description: 'The clip.', schema: clipSchema } },
    async ({ params }) => clipJson(await found(deps, params.id)),
  );

const data = (deps: ClipDeps): Operation =>
  operation(
    {
      id: 'getClipData',
      tag: 'clips',
      method: 'get',
      path: '/v1/clips/{id}/data',
      summary: 'The MCAP file of a clip',
      description:
        'Takes Range, If-Range and If-None-Match, and HEAD. The ETag is the SHA-256 of the file; ' +
        'the same clip never changes.',
      right: 'clips:read',
      faults: ['conflict'],
      statuses: {
        206: 'The part of the file that Range asked for.',
        304: 'The caller has this file already.',
        416: 'The range lies outside the file, or there are several.',
      },
    },
    {
      params: path,
      answer: { status: 200, description: 'The file.', bytes: 'application/octet-stream' },
    },
    async (call) => await download(await found(deps, call.params.id), deps.bytes, call),
  );

async function found(deps: ClipDeps, id: string): Promise<Clip> {
  const clip = await clipStore(deps.read).get(id);
  if (clip !== undefined) return clip;
  throw new Fault('not_found', `there is no clip "${id}"`, {
    remedy: 'List the clips with `fieldloop clips list`.',
  });
}
