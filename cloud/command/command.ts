/**
 * One thing that a device is asked to do. It waits for a device that is offline, is sent again
 * until the device says that it has it, and ends with the device's word, its time or a cancel.
 */
import { Fault, type Json } from '@fieldloop/core';
import {
  type Command as WireCommand,
  type CommandBody,
  type CommandKind,
  type CommandProblem,
  type CommandReport,
  demandCommandFits,
  parseCommandBody,
} from '@fieldloop/proto';
import { idOfUuid, uuidOfId } from '../entity-id.ts';

export const commandStates = [
  'queued',
  'sent',
  'acknowledged',
  'running',
  'done',
  'failed',
  'expired',
  'cancelled',
] as const;
export type CommandState = (typeof commandStates)[number];

export interface Command {
  readonly id: string;
  readonly deviceId: string;
  readonly kind: CommandKind;
  readonly input: Readonly<Record<string, Json>>;
  readonly state: CommandState;
  /** Key, person or part of the cloud that asked for it. */
  readonly by: string;
  readonly expiresAt: number;
  readonly sentAt?: number;
  readonly acknowledgedAt?: number;
  readonly endedAt?: number;
  readonly result?: Json;
  readonly problem?: CommandProblem;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

/** What a device may still run or is running. */
export const liveStates = ['queued', 'sent', 'acknowledged', 'running'] as const;

/** What is sent to a device that connects: it may not have it, or not have told how it ended. */
export const isLive = (state: CommandState): boolean => liveStates.some((live) => live === state);

const rank: Readonly<Record<CommandState, number>> = {
  queued: 0,
  sent: 1,
  acknowledged: 2,
  running: 3,
  // The device's word stands above what the cloud decided without it.
  expired: 4,
  cancelled: 4,
  done: 5,
  failed: 5,
};

/** States only go forward: words of a device may come twice, late and in any order. */
export function mayBecome(from: CommandState, to: CommandState): boolean {
  if (to === 'expired') return from === 'queued' || from === 'sent';
  if (to === 'cancelled') return isLive(from) && from !== 'running';
  return rank[to] > rank[from];
}

export function isCommandState(text: string): text is CommandState {
  return commandStates.some((state) => state === text);
}

/** The device's clips have UUIDs, ours the same bits as `clp_…`. */
export function wireCommand(command: Pick<Command, 'id' | 'expiresAt' | 'kind' | 'input'>) {
  const { id, expiresAt, kind, input } = command;
  return { id: uuidOfId(id), deadlineMs: expiresAt, ...wireBody(kind, input) } as WireCommand;
}

function wireBody(kind: CommandKind, input: Command['input']): CommandBody {
  if (kind !== 'pull') return parseCommandBody(kind, input);
  const { clip } = input;
  if (typeof clip === 'string' && /^clp_[0-9A-HJKMNP-TV-Z]{26}$/.test(clip)) {
    return parseCommandBody(kind, { ...input, clip: uuidOfId(clip) });
  }
  throw new Fault('invalid', 'the clip to pull is not named by its id', {
    place: '/input/clip',
    remedy: 'Name it by its id, such as clp_01JC0000000000000000000000.',
  });
}

/** Faults `invalid` and `limited` when no device could be sent this. */
export function demandCommand(kind: CommandKind, input: Command['input']): void {
  demandCommandFits(wireBody(kind, input));
}

/** The result of a device in the words of the cloud. */
export function resultOf(report: CommandReport): Json {
  const { clip, ...rest } = (report.result ?? {}) as Readonly<Record<string, Json>>;
  return typeof clip === 'string' ? { ...rest, clip: idOfUuid('clp', clip) } : { ...rest };
}
