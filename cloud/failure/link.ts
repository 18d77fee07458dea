/** Failures and the clips that show them, found by device and time. */
import { asFault, type Ids } from '@fieldloop/core';
import { failurePullMs } from '../device-limits.ts';
import { queueCommand } from '../store/command-queue.ts';
import type { Db } from '../store/db.ts';
import type { OutboxKind } from '../store/outbox-kinds.ts';
import { propertiesAt } from '../store/properties.ts';
import {
  chooseClip,
  type ClipFacts,
  type Conditions,
  conditionsOf,
  type Failure,
  type FailureLink,
  type LinkChoice,
  linkSlackNs,
  nearestSignals,
  overStates,
  type SignalValue,
  type VerdictFacts,
} from './failure.ts';
import { failureOfRow, failureRows, failureStore } from './store.ts';

export interface LinkDeps {
  readonly ids: Pick<Ids, 'uuid'>;
  readonly at: number;
  readonly actor: string;
}

type Moment = Pick<Failure, 'startNs' | 'endNs'>;

/** Clips of a device that reach to within 5 s of a moment. */
export async function clipsNear(
  db: Db,
  deviceId: string,
  { startNs, endNs }: Moment,
): Promise<readonly (ClipFacts & { readonly session: string })[]> {
  const rows = await db
    .selectFrom('clip')
    .select(['id', 'state', 'start_ns', 'end_ns', 'session_id'])
    .where('device_id', '=', deviceId)
    .where('start_ns', '<=', endNs + linkSlackNs)
    .where('end_ns', '>=', startNs - linkSlackNs)
    .orderBy('start_ns')
    .orderBy('id')
    .limit(200)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    state: row.state,
    startNs: row.start_ns,
    endNs: row.end_ns,
    session: row.session_id,
  }));
}

/** Verdicts in the manifests of these clips. */
async function verdictsIn(db: Db, ids: readonly string[]): Promise<readonly VerdictFacts[]> {
  if (ids.length === 0) return [];
  const rows = await db.selectFrom('clip').select('manifest').where('id', 'in', ids).execute();
  return rows.flatMap(({ manifest }) => {
    const { markers } = JSON.parse(manifest) as {
      readonly markers: readonly {
        readonly atNs: string;
        readonly values: Readonly<Record<string, SignalValue>>;
      }[];
    };
    return markers.map(({ atNs, values }) => ({ atNs: BigInt(atNs), values }));
  });
}

/**
 * What was measured on the robot at the beginning of a failure: what its properties were then, and
 * the signals of its event, or of the nearest verdict.
 */
export async function measured(
  db: Db,
  deviceId: string,
  of: Moment & { readonly signals?: Readonly<Record<string, SignalValue>> | undefined },
): Promise<Conditions> {
  const properties = await propertiesAt(db, deviceId, Number(of.startNs / 1_000_000n));
  const clips = await clipsNear(db, deviceId, of);
  const signals =
    of.signals !== undefined && Object.keys(of.signals).length > 0
      ? of.signals
      : nearestSignals(
          of,
          await verdictsIn(
            db,
            clips.map(({ id }) => id),
          ),
        );
  return conditionsOf(properties, signals);
}

/** The session of a device that was running then. */
export async function sessionAt(
  db: Db,
  deviceId: string,
  { startNs }: Moment,
): Promise<string | undefined> {
  const row = await db
    .selectFrom('session')
    .select('id')
    .where('device_id', '=', deviceId)
    .where('start_ns', '<=', startNs)
    .where('end_ns', '>=', startNs)
    .orderBy('start_ns', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.id;
}

/**
 * Looks for the clip of a failure again, and asks the robot for it when only the robot has it.
 * Nothing is written when nothing is new. Run inside a transaction.
 */
export async function relink(trx: Db, failure: Failure, deps: LinkDeps): Promise<Failure> {
  if (failure.link === 'linked') return failure;
  const deviceId = await deviceIdOfName(trx, failure.device);
  const clips = await clipsNear(trx, deviceId, failure);
  const choice = chooseClip(failure, clips);
  const isSame = choice.link === failure.link && choice.clip === failure.clip;
  const found = clips.find(({ id }) => id === choice.clip);
  if (found === undefined || isSame) return failure;
  if (choice.link !== 'linked' && overStates.includes(failure.state)) return failure;
  return await linkTo(trx, failure, { choice, deviceId, session: found.session, deps });
}

async function linkTo(
  trx: Db,
  failure: Failure,
  to: {
    readonly choice: LinkChoice;
    readonly deviceId: string;
    readonly session: string;
    readonly deps: LinkDeps;
  },
): Promise<Failure> {
  const { choice, deviceId, session, deps } = to;
  const { at, actor } = deps;
  const { clip, link } = choice;
  const asked = choice.pull ? await pull(trx, { deviceId, clip: clip ?? '' }, deps) : undefined;
  // The robot has too much to do already: the next look asks again.
  if (asked?.refused !== undefined) return failure;
  const hasSignals = Object.keys(failure.conditions.signals).length > 0;
  const state = link === 'linked' && failure.state === 'open' ? ('linked' as const) : undefined;
  return await failureStore(trx).step(
    failure,
    {
      action: 'link',
      actor,
      at,
      state,
      told: linkKinds[link],
      detail: { clip: clip ?? null, ...(asked && { command: asked.command }) },
    },
    {
      clip,
      link,
      command: asked?.command ?? null,
      ...(failure.session === undefined ? { session } : {}),
      ...(hasSignals ? {} : { conditions: await measured(trx, deviceId, failure) }),
    },
  );
}

/** What the outbox calls the word of where a clip is. */
const linkKinds: Readonly<Record<FailureLink, OutboxKind>> = {
  searching: 'failure.changed',
  pulling: 'failure.pulling',
  linked: 'failure.linked',
  unrecoverable: 'failure.unrecoverable',
};

/**
 * One command for all failures of a clip. A device that cannot take one more leaves the failure as
 * it is.
 */
async function pull(
  trx: Db,
  of: { readonly deviceId: string; readonly clip: string },
  { ids, at, actor }: LinkDeps,
): Promise<{ readonly command: string; readonly refused?: string }> {
  const known = await trx
    .selectFrom('failure')
    .select('command_id')
    .where('clip_id', '=', of.clip)
    .where('link', '=', 'pulling')
    .where('command_id', 'is not', null)
    .limit(1)
    .executeTakeFirst();
  if (known?.command_id !== null && known !== undefined) return { command: known.command_id };
  try {
    const { id } = await queueCommand(trx, {
      deviceId: of.deviceId,
      kind: 'pull',
      input: { clip: of.clip },
      expiresAt: at + failurePullMs,
      by: actor,
      ids,
      at,
    });
    return { command: id };
  } catch (error) {
    const fault = asFault(error);
    if (fault.code !== 'limited') throw error;
    return { command: '', refused: fault.message };
  }
}

async function deviceIdOfName(db: Db, name: string): Promise<string> {
  const row = await db
    .selectFrom('device')
    .select('id')
    .where('name', '=', name)
    .executeTakeFirstOrThrow();
  return row.id;
}

/** Failures that a clip may show and that no stored one shows yet. */
export async function failuresNear(
  db: Db,
  clip: { readonly deviceId: string } & Moment,
): Promise<readonly Failure[]> {
  const rows = await failureRows(db)
    .where('failure.device_id', '=', clip.deviceId)
    .where('failure.link', '<>', 'linked')
    .where('failure.start_ns', '<=', clip.endNs + linkSlackNs)
    .where('failure.end_ns', '>=', clip.startNs - linkSlackNs)
    .orderBy('failure.start_ns')
    .orderBy('failure.id')
    .limit(200)
    .execute();
  return rows.map(failureOfRow);
}
