/** What the cloud wants of this robot: Desired and Command, handed to who acts on them. */
import { asFault, type Log } from '@fieldloop/core';
import {
  type Command,
  decodeCommand,
  decodeDesired,
  type Desired,
  downTopic,
  fleetFeature,
} from '@fieldloop/proto';

export interface WishListener {
  /** Durable when it returns: the broker is told then that it came. */
  command(command: Command): void;
  desired(desired: Desired): void;
}

export interface Wishes {
  /** False when the topic is none of these. A Fault `invalid` when its bytes are not. */
  take(topic: string, payload: Uint8Array): boolean;
  /** The cloud of this link said that it knows commands and telemetry. */
  readonly areHeard: boolean;
  /** Another link may lead to a cloud of another version. */
  linkLost(): void;
}

export function openWishes(device: string, listener: WishListener | undefined, log: Log): Wishes {
  let areHeard = false;
  const heed = (what: string, act: () => void): void => {
    try {
      act();
    } catch (error) {
      // The cloud sends it again; a disk that is full for a while must not end the link.
      log.error('what the cloud wants was not taken', { what, error: asFault(error) });
    }
  };
  return {
    take(topic, payload) {
      if (listener === undefined) return false;
      if (topic === downTopic(device, 'desired')) {
        const desired = decodeDesired(payload);
        areHeard = (desired.features & fleetFeature) !== 0n;
        heed('desired', () => listener.desired(desired));
        return true;
      }
      if (topic !== downTopic(device, 'command')) return false;
      const command = decodeCommand(payload);
      heed('command', () => listener.command(command));
      return true;
    },
    get areHeard() {
      return areHeard;
    },
    linkLost() {
      areHeard = false;
    },
  };
}
