/** What people change about clips: label and note, tags, holds, erasing, pulls. */
import type { Json } from '@fieldloop/core';
import { requireApproval } from '../auth/approval.ts';
import { bulkAnswer, bulkFailure, bulkFields } from '../http/bulk.ts';
import { authorize } from '../http/caller.ts';
import { instantField, instantText, nsField } from '../http/fields.ts';
import { startedResponse } from '../http/long-work.ts';
import { z } from '../http/openapi.ts';
import { type Call, type Operation, operation } from '../http/operation.ts';
import { demandVersion } from '../http/version.ts';
import {
  commandMs,
  maxBulkItems,
  maxClipTags,
  maxCommandMs,
  maxLabelLength,
  maxNoteLength,
  maxReasonLength,
  maxTagLength,
} from '../limits.ts';
import { eraseBlobs } from '../store/erasure.ts';
import { startOperation } from '../store/operations.ts';
import type { BulkInput } from './bulk-work.ts';
import { authorizeWork, type BulkWork, workOn } from './bulk.ts';
import { clipCareStore } from './care-store.ts';
import { demandPresent } from './care.ts';
import { type ClipDeps, clipPath, demandClip } from './deps.ts';
import { clipJson, clipSchema } from './json.ts';
import { pullClip } from './pull.ts';
import { selectedClips } from '../store/clip-selection.ts';
import { viewOf } from './view.ts';

export const clipChangeOperations = (deps: ClipDeps): readonly Operation[] => [
  edit(deps),
  erase(deps),
  pull(deps),
  bulk(deps, tagging),
  bulk(deps, holding),
  bulk(deps, erasing),
  bulk(deps, pulling),
];

const edit = (deps: ClipDeps): Operation =>
  operation(
    {
      id: 'editClip',
      tag: 'clips',
      method: 'patch',
      path: '/v1/clips/{id}',
      summary: 'Label a clip, or write a note to it',
      description: 'null takes a label or a note away. Everything else is the robot’s word.',
      right: 'clips:write',
      faults: ['conflict'],
    },
    {
      params: clipPath,
      body: z.strictObject({
        label: z.string().trim().min(1).max(maxLabelLength).nullable().optional(),
        note: z.string().trim().min(1).max(maxNoteLength).nullable().optional(),
      }),
      answer: { status: 200, description: 'The clip.', schema: clipSchema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const clip = await demandClip(trx, call.params.id);
        demandVersion(call, clip);
        demandPresent(clip);
        const { label, note } = call.body;
        const change = {
          ...(label === undefined ? {} : { label }),
          ...(note === undefined ? {} : { note }),
        };
        await clipCareStore(trx).edit(clip, change, { by: actorOf(call), at: deps.clock.now() });
        const before = { label: clip.label ?? null, note: clip.note ?? null };
        await call.audit(trx, { action: 'clip.edit', subject: clip.id, before, after: change });
        return clipJson(await viewOf(trx, await demandClip(trx, clip.id)));
      }),
  );

const erase = (deps: ClipDeps): Operation =>
  operation(
    {
      id: 'deleteClip',
      tag: 'clips',
      method: 'delete',
      path: '/v1/clips/{id}',
      summary: 'Erase the bytes of a clip',
      description:
        'Its row stays and says `erased`; its pictures and the exports that hold it go as well. ' +
        'One that is held takes an admin and another person’s approval.',
      right: 'clips:write',
      faults: ['conflict'],
    },
    {
      params: clipPath,
      query: z.strictObject({ reason: reasonField.optional() }),
      answer: { status: 204, description: 'It is erased.' },
    },
    async (call) => {
      const wished = await call.change(async (trx) => {
        const clip = await demandClip(trx, call.params.id);
        demandVersion(call, clip);
        demandPresent(clip);
        const reason = call.query.reason ?? 'erased on request';
        if (clip.hold !== undefined) {
          if (call.caller !== undefined) authorize(call.caller, 'clips:admin');
          const detail = { device: clip.device, hold: clip.hold.reason };
          const wanted = { action: 'clip.delete', subject: clip.id, reason, detail };
          await requireApproval(trx, call, wanted, deps);
        }
        const how = { by: actorOf(call), at: deps.clock.now() };
        const objects = await clipCareStore(trx).erase(clip, reason, how);
        const detail = { reason, sha256: clip.sha256 };
        await call.audit(trx, { action: 'clip.delete', subject: clip.id, detail });
        return objects;
      });
      await eraseBlobs(deps, wished);
      return undefined;
    },
  );

const reasonField = z
  .string()
  .trim()
  .min(1)
  .max(maxReasonLength)
  .openapi({ description: 'For the audit.', example: 'a person can be seen' });

const pullFields = {
  topics: z
    .array(z.string().min(1).max(256))
    .min(1)
    .max(64)
    .optional()
    .openapi({ description: 'Exact names; all when absent.' }),
  startNs: nsField.optional().openapi({ description: 'Log time at or after.' }),
  endNs: nsField.optional().openapi({ description: 'Log time before.' }),
  expiresInS: z
    .int()
    .min(60)
    .max(maxCommandMs / 1000)
    .default(commandMs / 1000)
    .openapi({ description: 'The robot is asked until then.' }),
};

const pullSchema = z
  .object({
    clip: z.string(),
    outcome: z
      .enum(['queued', 'live'])
      .openapi({ description: '`live`: the same was asked for before and is not over.' }),
    command: z.object({
      id: z.string(),
      state: z.string(),
      createdAt: instantField,
      expiresAt: instantField,
    }),
  })
  .openapi('ClipPull');

const pull = (deps: ClipDeps): Operation =>
  operation(
    {
      id: 'pullClip',
      tag: 'clips',
      method: 'post',
      path: '/v1/clips/{id}:pull',
      summary: 'Ask the robot for the bytes of a clip that only it has',
      description:
        'The command waits for a robot that is offline. Asked again while it lives, the answer ' +
        'is the same command. With topics or a time the robot sends a clip of the clip.',
      right: 'clips:write',
      faults: ['conflict', 'limited'],
    },
    {
      params: clipPath,
      body: z.strictObject(pullFields),
      answer: { status: 200, description: 'The command.', schema: pullSchema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const clip = await demandClip(trx, call.params.id);
        const how = { by: actorOf(call), at: deps.clock.now(), ids: deps.ids };
        const { outcome, command } = await pullClip(trx, clip, call.body, how);
        if (outcome === 'queued') {
          const detail = { command: command.id, device: clip.device };
          await call.audit(trx, { action: 'clip.pull', subject: clip.id, detail });
        }
        const { createdAt, expiresAt, ...same } = command;
        const times = { createdAt: instantText(createdAt), expiresAt: instantText(expiresAt) };
        return { clip: clip.id, outcome, command: { ...same, ...times } };
      }),
  );

const tagField = z
  .string()
  .regex(/^[^\s\p{Cc}](?:[^\p{Cc}]*[^\s\p{Cc}])?$/u, 'begins or ends with white space')
  .max(maxTagLength);
const tagsField = z.array(tagField).max(maxClipTags).default([]);

interface Bulk<B extends z.ZodRawShape> {
  readonly id: string;
  readonly verb: BulkWork['verb'];
  readonly summary: string;
  readonly description: string;
  readonly fields: B;
  readonly work: (body: z.infer<z.ZodObject<B>>) => BulkWork;
}

const tagging: Bulk<{ add: typeof tagsField; remove: typeof tagsField }> = {
  id: 'tagClips',
  verb: 'tag',
  summary: 'Tag clips, or take tags away',
  description: 'The robot’s own tags stay: to remove one of them is a conflict of that clip.',
  fields: { add: tagsField, remove: tagsField },
  work: ({ add, remove }) => ({ verb: 'tag', add, remove }),
};

const holdFields = { hold: z.boolean(), reason: reasonField.default('held on request') };
const holding: Bulk<typeof holdFields> = {
  id: 'holdClips',
  verb: 'hold',
  summary: 'Hold clips so that nobody deletes them, or lift the hold',
  description: 'To lift one takes an admin.',
  fields: holdFields,
  work: ({ hold, reason }) => ({ verb: 'hold', hold, reason }),
};

const erasingFields = { reason: reasonField.default('erased on request') };
const erasing: Bulk<typeof erasingFields> = {
  id: 'deleteClips',
  verb: 'delete',
  summary: 'Erase the bytes of clips',
  description: 'One that is held is a conflict: delete it by itself, with approval.',
  fields: erasingFields,
  work: ({ reason }) => ({ verb: 'delete', reason }),
};

const pulling: Bulk<typeof pullFields> = {
  id: 'pullClips',
  verb: 'pull',
  summary: 'Ask robots for the bytes of clips that only they have',
  description: 'One that is asked for already is ok and not changed.',
  fields: pullFields,
  work: ({ topics, startNs, endNs, expiresInS }) => ({
    verb: 'pull',
    topics,
    startNs,
    endNs,
    expiresInS,
  }),
};

function bulk<B extends z.ZodRawShape>(deps: ClipDeps, spec: Bulk<B>): Operation {
  const body = z.strictObject({ ...bulkFields, ...spec.fields });
  return operation(
    {
      id: spec.id,
      tag: 'clips',
      method: 'post',
      path: `/v1/clips:${spec.verb}`,
      summary: spec.summary,
      description:
        `${spec.description} A query that matches more than ${maxBulkItems} clips becomes an ` +
        'operation; its dry run tells of the first of them.',
      right: 'clips:write',
      statuses: { 202: 'More than a request waits for: an Operation.' },
    },
    { body, answer: { status: 200, description: 'Each result.', schema: bulkAnswer } },
    async (call) => {
      const given = call.body as z.infer<z.ZodObject<typeof bulkFields & B>>;
      const { ids, q, dryRun } = given as z.infer<z.ZodObject<typeof bulkFields>>;
      const work = spec.work(given as z.infer<z.ZodObject<B>>);
      authorizeWork(work, call.caller);
      const selected = await selectedClips(deps, { ids, q }, maxBulkItems);
      if (selected.hasMore && !dryRun) return await startBulk(deps, call, { q: q ?? '', work });
      return await runBulk(deps, call, { ids: selected.ids, work, dryRun });
    },
  );
}

type AnyCall = Pick<Call<unknown, unknown, unknown>, 'caller' | 'change' | 'audit'>;

async function startBulk(
  deps: ClipDeps,
  call: AnyCall,
  { q, work }: { readonly q: string; readonly work: BulkWork },
): Promise<Response> {
  const by = actorOf(call);
  const at = deps.clock.now();
  const input = JSON.parse(JSON.stringify({ q, now: at, by, work } satisfies BulkInput)) as Json;
  return startedResponse(
    await call.change(async (trx) => {
      const kind = `clips.${work.verb}`;
      const started = await startOperation(trx, { id: deps.ids.ulid('op'), kind, input, by, at });
      await call.audit(trx, { action: `clip.${work.verb}`, subject: started.id, detail: { q } });
      return started;
    }),
  );
}

async function runBulk(
  deps: ClipDeps,
  call: AnyCall,
  of: { readonly ids: readonly string[]; readonly work: BulkWork; readonly dryRun: boolean },
) {
  const { ids, work, dryRun } = of;
  const objects: string[] = [];
  const worked = await workOn(
    {
      write: deps.write,
      ids: deps.ids,
      audit: async (trx, change) => await call.audit(trx, change),
    },
    ids,
    work,
    {
      by: actorOf(call),
      at: deps.clock.now(),
      dryRun,
      wished: (some) => objects.push(...some),
    },
  );
  await eraseBlobs(deps, objects);
  return {
    results: worked.map(({ id, error }) =>
      error === undefined ? { id, ok: true } : bulkFailure(id, error),
    ),
    matched: ids.length,
    changed: worked.filter((one) => one.changed).length,
    dryRun,
  };
}

const actorOf = ({ caller }: Pick<AnyCall, 'caller'>): string => caller?.id ?? 'nobody';
