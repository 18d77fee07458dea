/** The list of clips: its plain filters in the words of the query language. */
import { listAnswer, type Listing, listPage, listQuery, queryFields } from '../http/list.ts';
import type { NounDeps } from '../http/deps.ts';
import { deviceRefField, severityField, timeFields, timeRange } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { fieldOf } from '../http/q/check.ts';
import type { Narrowing } from '../http/q/filter.ts';
import { clipSource } from '../http/q/sources/clips.ts';
import type { Tree } from '../http/q/tree.ts';
import { deviceIdOf } from '../store/device-ref.ts';
import { sql } from '../store/kysely.ts';
import { taggedClips } from './care-store.ts';
import { type ClipFilter, clipStates, parseScoreCondition, type ScoreCondition } from './clip.ts';
import { type ClipSummaryJson, clipSummaryJson, clipSummarySchema } from './json.ts';
import { clipOfRow, clipRows } from './store.ts';

export type ClipPage = Listing<ClipSummaryJson>;

/** The plain filters of clips, for the list and what counts over it. */
const plainFields = {
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
};

const query = listQuery(clipSource, plainFields);

export const clipFilterFields = { ...plainFields, ...queryFields(clipSource) };

export const listClips = (deps: NounDeps): Operation =>
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
      withinCohorts: true,
      faults: ['not_found'],
    },
    {
      query,
      answer: {
        status: 200,
        description: 'One page.',
        schema: listAnswer('ClipPage', clipSummarySchema),
      },
    },
    async ({ query: asked, caller }) => {
      const filter = await plainFilter(deps, asked);
      return await listPage(deps, asked, {
        operation: 'listClips',
        source: clipSource,
        rows: clipRows(deps.read),
        schema: clipSummarySchema,
        caller,
        narrow: (now) => clipNarrowing({ ...filter, ...timeRange(asked, now) }),
        items: async (rows) =>
          (await taggedClips(deps.read, rows.map(clipOfRow))).map(clipSummaryJson),
      });
    },
  );

/** The plain filters of a request. Faults: `not_found` for a device, `invalid` for a score. */
export async function plainFilter(
  deps: NounDeps,
  asked: Omit<z.infer<z.ZodObject<typeof plainFields>>, keyof typeof timeFields>,
): Promise<ClipFilter> {
  const { device, session, tag, score, ...same } = asked;
  return {
    deviceId: device === undefined ? undefined : await deviceIdOf(deps.read, device),
    sessionId: session,
    rule: same.rule,
    severity: same.severity,
    class: same.class,
    state: same.state,
    tags: tag,
    scores: score?.map((text) => parseScoreCondition(text, '/query/score')),
  };
}

/** A filter as conditions on the source of clips. */
export function clipNarrowing(filter: ClipFilter): Omit<Narrowing, 'now'> {
  const { deviceId, startNs, endNs } = filter;
  return {
    is: {
      session: filter.sessionId,
      rule: filter.rule,
      severity: filter.severity,
      class: filter.class,
      state: filter.state,
      tag: filter.tags,
    },
    trees: [
      ...(deviceId === undefined ? [] : [deviceTree(deviceId)]),
      ...(filter.scores ?? []).map(scoreTree),
    ],
    where: [
      startNs === undefined ? undefined : sql<boolean>`clip.start_ns >= ${startNs}`,
      endNs === undefined ? undefined : sql<boolean>`clip.start_ns < ${endNs}`,
    ],
  };
}

const fieldNamed = (...parts: readonly string[]) => {
  const found = fieldOf(clipSource, parts);
  if (found === undefined) throw new TypeError(`clips have no field ${parts.join('.')}`);
  return found;
};

const scoreTree = ({ score, op, value }: ScoreCondition): Tree => ({
  kind: 'leaf',
  ...fieldNamed('scores', score),
  test: { kind: 'real', op, value },
});

/** The device is known already; its id stands for its name. */
const deviceTree = (id: string): Tree => ({
  kind: 'leaf',
  ...fieldNamed('device'),
  test: { kind: 'text', op: '=', value: id },
  ids: [id],
});
