/**
 * Many simulated devices in one process. Each has an address of this machine's loopback network to
 * itself, as robots have in the field, so that what a cloud allows an address holds for each.
 */
import { join } from 'node:path';
import { asFault, type Clock, Fault, type Ids, type Log, type Random } from '@fieldloop/core';
import { limits } from '../limits.ts';
import { type DeviceStatus, openDevice, type SimulatedDevice } from './device.ts';

export interface DevicesOptions {
  readonly count: number;
  /** One folder a device below it. */
  readonly folder: string;
  /** A claim token for a device of this name, at this site. */
  readonly claim: (name: string, site: string) => Promise<string>;
  /** Hours of a device's life in an hour of the clock. */
  readonly speed: number;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  readonly log: Log;
}

export interface SimulatedDevices extends AsyncDisposable {
  readonly names: readonly string[];
  status(): readonly DeviceStatus[];
}

export const deviceName = (n: number): string => `sim-${String(n + 1).padStart(3, '0')}`;

/** Sites take turns, so that each has devices enough to be a stratum of its own. */
const sites = ['north', 'east', 'south'] as const;

const siteOf = (n: number): string => sites[n % sites.length] ?? sites[0];

/** 127.77.0.0/16 is this machine, whatever its network. */
const addressOf = (n: number): string => `127.77.${Math.floor(n / 200)}.${(n % 200) + 1}`;

/** Resolves when all are enrolled and live; one that cannot be makes it fail and ends the rest. */
export async function simulateDevices(options: DevicesOptions): Promise<SimulatedDevices> {
  const { count } = options;
  if (!Number.isInteger(count) || count < 1 || count > limits.mostDevices) {
    throw new Fault('invalid', `${count} devices cannot be simulated`, {
      remedy: `Ask for 1 to ${limits.mostDevices}.`,
    });
  }
  const devices: SimulatedDevice[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(devices.map(async (one) => await one[Symbol.asyncDispose]()));
  };
  const waiting = Array.from({ length: count }, (_, n) => n);
  const start = async (): Promise<void> => {
    try {
      for (let n = waiting.shift(); n !== undefined; n = waiting.shift()) {
        devices.push(await openNumber(n, options));
      }
    } catch (error) {
      waiting.length = 0;
      throw error;
    }
  };
  const starts = await Promise.allSettled(Array.from({ length: limits.deviceStarts }, start));
  const failed = starts.find((one) => one.status === 'rejected');
  if (failed !== undefined) {
    await close();
    throw asFault(failed.reason);
  }
  devices.sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    names: devices.map(({ name }) => name),
    status: () => devices.map((one) => one.status()),
    [Symbol.asyncDispose]: close,
  };
}

async function openNumber(n: number, options: DevicesOptions): Promise<SimulatedDevice> {
  const { folder, claim, random, log } = options;
  const name = deviceName(n);
  return await openDevice({
    ...options,
    name,
    home: join(folder, name),
    claim: async () => await claim(name, siteOf(n)),
    localAddress: addressOf(n),
    random: random.fork(name),
    log: log.child(name),
  });
}
