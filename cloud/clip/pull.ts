/** Asks a robot for the bytes of a clip that only it has. */
import { canonicalJson, Fault, type Ids, type Json } from '@fieldloop/core';
import { type CommandState, liveStates } from '../command/command.ts';
import { demandClipsOpen, noteUse } from '../store/access.ts';
import { queueCommand } from '../store/command-queue.ts';
import type { Db } from '../store/db.ts';
import type { By } from './care-store.ts';
import { stateReason } from './care.ts';
import type { Clip } from './clip.ts';

export interface PullWish {
  readonly topics?: readonly string[] | undefined;
  readonly startNs?: string | undefined;
  readonly endNs?: string | undefined;
  readonly expiresInS: number;
}

export interface Pull {
  /** `live`: the same was asked for before and is not over. */
  readonly outcome: 'queued' | 'live';
  readonly command: {
    readonly id: string;
    readonly state: CommandState;
    readonly createdAt: number;
    readonly expiresAt: number;
  };
}

/** Waits for a robot that is offline. Fault `conflict` when there is nothing to ask for. */
export async function pullClip(
  trx: Db,
  clip: Clip,
  wish: PullWish,
  how: By & { readonly ids: Pick<Ids, 'uuid'> },
): Promise<Pull> {
  if (clip.state !== 'on_device') throw nothingToPull(clip);
  const { topics, startNs, endNs, expiresInS } = wish;
  const asked = { kind: 'pull' as const, clips: [clip.id], topics, asker: { id: how.by } };
  const { grant } = await demandClipsOpen(trx, asked, how.at);
  if (grant !== undefined) {
    const use = { at: how.at, actor: how.by, action: 'clip.pull', subject: clip.id };
    await noteUse(trx, { ...use, grant: grant.id, outcome: 'read' });
  }
  const input: Record<string, Json> = {
    clip: clip.id,
    ...(topics === undefined ? {} : { topics: [...topics] }),
    ...(startNs === undefined ? {} : { startNs }),
    ...(endNs === undefined ? {} : { endNs }),
  };
  const { device_id: deviceId } = await trx
    .selectFrom('clip')
    .select('device_id')
    .where('id', '=', clip.id)
    .executeTakeFirstOrThrow();
  const live = await trx
    .selectFrom('command')
    .select(['id', 'state', 'created_at', 'expires_at'])
    .where('device_id', '=', deviceId)
    .where('state', 'in', liveStates)
    .where('kind', '=', 'pull')
    .where('input', '=', canonicalJson(input))
    .limit(1)
    .executeTakeFirst();
  if (live !== undefined) {
    const { id, state } = live;
    const times = { createdAt: Number(live.created_at), expiresAt: Number(live.expires_at) };
    return { outcome: 'live', command: { id, state: state as CommandState, ...times } };
  }
  const { by, at, ids } = how;
  const expiresAt = at + expiresInS * 1000;
  const wanted = { deviceId, kind: 'pull' as const, input, expiresAt, by, ids, at };
  const { id, state } = await queueCommand(trx, wanted);
  return { outcome: 'queued', command: { id, state, createdAt: at, expiresAt } };
}

function nothingToPull(clip: Clip): Fault {
  const remedies: Readonly<Record<Exclude<Clip['state'], 'on_device'>, string>> = {
    stored: 'Download it: its bytes are here.',
    uploading: 'Wait: the robot is sending it now.',
    evicted: 'The robot removed the bytes; only the manifest is left.',
    lost: 'The robot does not have it any more.',
    missing: 'Ask the operator of the cloud to restore the blob store from its backup.',
    erased: 'It was erased on request and stays so.',
  };
  const remedy = clip.state === 'on_device' ? '' : remedies[clip.state];
  return new Fault('conflict', `${clip.id} cannot be pulled: ${stateReason(clip)}`, {
    details: { state: clip.state },
    remedy,
  });
}
