/** The verbs of a device's life: for one, and for many with a result each. */
import { Fault, type Json } from '@fieldloop/core';
import { certificateStore } from '../auth/certificates.ts';
import type { Changes } from '../http/change.ts';
import type { NounDeps } from '../http/deps.ts';
import { deviceRefField } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import type { Db } from '../store/db.ts';
import { newNameRemedy, unknownDevice } from '../store/device-ref.ts';
import { afterVerb, type Device, type DeviceState, type DeviceVerb, isOver } from './device.ts';
import { deviceJson, deviceSchema } from './json.ts';
import { approveRevoking } from './revoking.ts';
import { deviceStore } from './store.ts';

export interface VerbDeps extends NounDeps {
  /** The device lost its right to speak: its connections are closed before the answer. */
  onRevoked(name: string, state: DeviceState): void;
}

interface VerbWords {
  readonly summary: string;
  readonly description: string;
  readonly right: 'devices:write' | 'devices:admin';
}

const words: Readonly<Record<DeviceVerb, VerbWords>> = {
  suspend: {
    summary: 'Keep a device from connecting until it is resumed',
    description: 'Its connections are closed; its certificate and its data stay. Twice is once.',
    right: 'devices:write',
  },
  resume: {
    summary: 'Let a suspended device connect again',
    description: 'Twice is once.',
    right: 'devices:write',
  },
  revoke: {
    summary: 'Take a device its right to connect, for good',
    description:
      'Its certificates and connections end. Clips that it sent stay. A robot that comes back enrols under a new name. Twice is once.',
    right: 'devices:admin',
  },
  decommission: {
    summary: 'Take a device out of service, for good',
    description: 'Like revoke, for a robot whose life is over. Its data stays. Twice is once.',
    right: 'devices:admin',
  },
};

const isForGood = (verb: DeviceVerb): boolean => verb === 'revoke' || verb === 'decommission';

const verbs: readonly DeviceVerb[] = ['suspend', 'resume', 'revoke', 'decommission'];
export const reasonField = z.string().min(1).max(240).optional().openapi({
  description: 'Why, for the audit.',
});

export const verbOperations = (deps: VerbDeps): readonly Operation[] =>
  verbs.map((verb) => one(deps, verb));

const one = (deps: VerbDeps, verb: DeviceVerb): Operation =>
  operation(
    {
      id: `${verb}Device`,
      tag: 'devices',
      method: 'post',
      path: `/v1/devices/{id}:${verb}`,
      ...words[verb],
      faults: ['conflict'],
    },
    {
      params: z.strictObject({ id: deviceRefField }),
      body: z.strictObject({ reason: reasonField }),
      answer: { status: 200, description: 'The device.', schema: deviceSchema },
    },
    async (call) => {
      const device = await call.change(async (trx) => {
        const found = await deviceStore(trx).get(call.params.id);
        if (found === undefined) throw unknownDevice(call.params.id);
        const at = deps.clock.now();
        const { reason } = call.body;
        if (isForGood(verb) && !isOver(found.state)) {
          await approveRevoking(trx, call, { ids: [found.id], at, reason }, deps);
        }
        await takeStep(trx, { call, verb, at, reason }, found);
        return (await deviceStore(trx).get(found.id)) ?? found;
      });
      if (verb !== 'resume') deps.onRevoked(device.name, device.state);
      return deviceJson(device);
    },
  );

export interface Step {
  readonly call: Pick<Changes, 'audit'>;
  readonly verb: DeviceVerb;
  readonly at: number;
  readonly reason: string | undefined;
  /** Says whether it would change something, and writes nothing. */
  readonly dryRun?: boolean | undefined;
}

/** False when it holds already. Fault `conflict` when the verb makes no sense in this state. */
export async function takeStep(trx: Db, step: Step, device: Device): Promise<boolean> {
  const { call, verb, at, reason } = step;
  const state = afterVerb(device.state, verb, device.presence.lastSeen !== undefined);
  if (state === undefined) {
    throw new Fault('conflict', `${device.name} is ${device.state}: it cannot ${verb}`, {
      remedy:
        verb === 'resume' && isOver(device.state)
          ? `That is for good. ${newNameRemedy}`
          : 'Look at its state with `fieldloop devices get`.',
    });
  }
  if (state === device.state) return false;
  if (step.dryRun === true) return true;
  await deviceStore(trx).setState(device, { state, verb, at });
  if (isForGood(verb)) {
    await certificateStore(trx).end(device.name, 'revoked', at);
  }
  const detail: Record<string, Json> = reason === undefined ? {} : { reason };
  await call.audit(trx, {
    action: `device.${verb}`,
    subject: device.id,
    before: { state: device.state },
    after: { state },
    detail,
  });
  return true;
}
