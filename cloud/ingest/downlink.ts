/**
 * The way down to devices that are connected to this node. What goes down is state: what a device
 * should have and what it was asked to do stand in the database, are sent when the device comes,
 * when they change, and again while the device does not say that it has them. Nothing here is lost
 * by a crash, and nothing is harmed by being sent twice.
 */
import { asFault, type Clock, Fault, type Log } from '@fieldloop/core';
import {
  type DownMessage,
  encodeCommand,
  encodeDesired,
  fleetFeature,
  wireLimits,
} from '@fieldloop/proto';
import { wireCommand } from '../command/command.ts';
import { commandStore } from '../command/store.ts';
import { endingKinds } from '../device/device.ts';
import { commandAgainMs } from '../limits.ts';
import type { Db } from '../store/db.ts';
import { type Desired, listDesired } from '../store/desired.ts';
import { deviceIdOf } from '../store/device-ref.ts';
import { openTail, type OutboxItem } from '../store/tail.ts';
import { openLoop } from '../store/work.ts';
import type { Writer } from './calls.ts';

export interface DownlinkDeps {
  readonly read: Db;
  readonly writer: Writer;
  readonly clock: Clock;
  readonly log: Log;
  /** To one device, lost when it is not there. */
  publish(device: string, message: DownMessage, payload: Uint8Array): void;
  /** The device lost its right to speak. */
  close(device: string, why: string): void;
}

export interface Downlink extends AsyncDisposable {
  /** The device's Status came over a connection of this node; `features` are its own. */
  online(device: string, features: bigint): void;
  /** No control connection of the device is here any more. */
  offline(device: string): void;
}

interface Device {
  readonly features: bigint;
  /** Highest generation that went over this connection. */
  generation: number;
  /** Commands that did. */
  readonly sent: Set<string>;
  isStale: boolean;
  isBusy: boolean;
}

export async function openDownlink(deps: DownlinkDeps): Promise<Downlink> {
  const downlink = new RunningDownlink(deps);
  const kinds = ['command.queued', 'desired.changed', ...endingKinds];
  await using opened = new AsyncDisposableStack();
  opened.use(
    await openTail(deps, { from: 'now', kinds }, (rows) =>
      rows.forEach((row) => downlink.hear(row)),
    ),
  );
  opened.use(
    openLoop(deps, { name: 'downlink', everyMs: commandAgainMs }, () => downlink.sendAgain()),
  );
  const parts = opened.move();
  return {
    online: (device, features) => downlink.online(device, features),
    offline: (device) => downlink.offline(device),
    async [Symbol.asyncDispose]() {
      await parts.disposeAsync();
      await downlink.settled();
    },
  };
}

class RunningDownlink {
  readonly #deps: DownlinkDeps;
  readonly #devices = new Map<string, Device>();
  readonly #works = new Set<Promise<void>>();

  constructor(deps: DownlinkDeps) {
    this.#deps = deps;
  }

  online(name: string, features: bigint): void {
    // A takeover begins anew: what went over the other connection may not have come through.
    const fresh = { generation: -1, sent: new Set<string>(), isStale: true, isBusy: false };
    this.#devices.set(name, { features, ...fresh });
    this.#flush(name);
  }

  offline(name: string): void {
    this.#devices.delete(name);
  }

  hear({ kind, body }: OutboxItem): void {
    const { device } = body as { readonly device?: unknown };
    if (typeof device !== 'string') return;
    if (endingKinds.includes(kind)) this.#deps.close(device, kind.slice('device.'.length));
    else if (this.#devices.has(device)) this.#flush(device);
  }

  /** Commands that a connected device got a while ago and said nothing of. */
  async sendAgain(): Promise<void> {
    if (this.#devices.size === 0) return;
    const before = BigInt(this.#deps.clock.now() - commandAgainMs);
    const rows = await this.#deps.read
      .selectFrom('command')
      .innerJoin('device', 'device.id', 'command.device_id')
      .select(['device.name', 'command.id'])
      .where('command.state', 'in', ['queued', 'sent'])
      .where('command.updated_at', '<', before)
      .execute();
    for (const { name, id } of rows) {
      if (this.#devices.get(name)?.sent.delete(id) !== undefined) this.#flush(name);
    }
  }

  async settled(): Promise<void> {
    await Promise.all(this.#works);
  }

  /** One at a time for a device; what changes meanwhile is looked at afterwards. */
  #flush(name: string): void {
    const device = this.#devices.get(name);
    if (device === undefined) return;
    device.isStale = true;
    if (device.isBusy) return;
    device.isBusy = true;
    const work = this.#send(name, device).finally(() => this.#works.delete(work));
    this.#works.add(work);
  }

  async #send(name: string, device: Device): Promise<void> {
    // An agent of 0.1 takes nothing of this; its commands expire.
    while (device.isStale && (device.features & fleetFeature) !== 0n) {
      device.isStale = false;
      try {
        const deviceId = await deviceIdOf(this.#deps.read, name);
        await this.#sendDesired(name, deviceId, device);
        await this.#sendCommands(name, deviceId, device);
      } catch (error) {
        const reason = asFault(error).message;
        this.#deps.log.warn('a device was not told what to do', { device: name, reason, error });
      }
    }
    device.isBusy = false;
  }

  async #sendDesired(name: string, deviceId: string, device: Device): Promise<void> {
    const desired = await listDesired(this.#deps.read, deviceId);
    const generation = Math.max(0, ...desired.map((one) => one.generation));
    if (generation <= device.generation || this.#devices.get(name) !== device) return;
    // The first one of a connection goes even when it says nothing: it names our features.
    const news = desired.filter((one) => one.generation > device.generation);
    for (const payload of desiredMessages(news, generation)) {
      this.#deps.publish(name, 'desired', payload);
    }
    device.generation = generation;
  }

  async #sendCommands(name: string, deviceId: string, device: Device): Promise<void> {
    const at = this.#deps.clock.now();
    const live = await commandStore(this.#deps.read).live(deviceId);
    const ids: string[] = [];
    for (const command of live) {
      const isLate = command.expiresAt <= at && ['queued', 'sent'].includes(command.state);
      if (device.sent.has(command.id) || isLate) continue;
      if (this.#devices.get(name) !== device) return;
      this.#deps.publish(name, 'command', encodeCommand(wireCommand(command)));
      device.sent.add(command.id);
      if (command.state === 'queued') ids.push(command.id);
    }
    if (ids.length > 0) await this.#deps.writer.submit('commandsSent', { ids, at });
  }
}

/** One message when the sections fit into it, else one a section. */
function desiredMessages(desired: readonly Desired[], generation: number): readonly Uint8Array[] {
  const head = { generation: BigInt(generation), features: fleetFeature };
  const sections = desired.map((one) => ({
    name: one.section,
    generation: BigInt(one.generation),
    sha256: one.digest,
    document: one.document,
  }));
  try {
    if (sections.length <= wireLimits.maxDesiredSections) {
      return [encodeDesired({ ...head, sections })];
    }
  } catch (error) {
    if (!(error instanceof Fault) || sections.length < 2) throw error;
  }
  return sections.map((section) => encodeDesired({ ...head, sections: [section] }));
}
