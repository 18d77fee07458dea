/**
 * One simulated device on the real wire: an identity of its own, the agent's buffer, uplink and
 * downloads, and in place of sensors and models a program that says how often it fails. It follows
 * the desired section `models`, and tells what it runs, its trips and its failures. Commands are
 * left alone.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type AgentBuffer,
  type ArtifactShelf,
  type Downloads,
  enroll,
  loadIdentity,
  openArtifacts,
  openBuffer,
  openDownloads,
  openUplink,
  type Uplink,
} from '@fieldloop/agent';
import { asFault, type Clock, type Ids, type Log, type Random, uuidText } from '@fieldloop/core';
import { type Desired, parseDesiredModels, type WireEvent, type WireValue } from '@fieldloop/proto';
import { limits } from '../limits.ts';
import { begin, type Life, live } from './life.ts';
import { type Program, readProgram } from './program.ts';
import { asMade, failuresPerHour, rejected, type Software } from './software.ts';
import { softwareReport, tried, wish } from './software.ts';

export interface DeviceOptions {
  readonly name: string;
  /** Identity, buffer and programs stand below; a second start goes on from there. */
  readonly home: string;
  /** Asked for once, when it has no identity. */
  readonly claim: () => Promise<string>;
  /** The address of this machine that it speaks from. */
  readonly localAddress?: string | undefined;
  /** Hours of its life in an hour of the clock. */
  readonly speed: number;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  readonly log: Log;
}

export interface DeviceStatus {
  readonly name: string;
  readonly connected: boolean;
  /** By component: hash of the program that runs. */
  readonly running: Readonly<Record<string, string>>;
  readonly trips: number;
  readonly failures: number;
  readonly bytesFetched: number;
}

export interface SimulatedDevice extends AsyncDisposable {
  readonly name: string;
  status(): DeviceStatus;
}

/** Resolves when it is enrolled and lives; it connects, and connects again, by itself. */
export async function openDevice(options: DeviceOptions): Promise<SimulatedDevice> {
  const { name, home, clock, log, localAddress } = options;
  const dir = join(home, 'identity');
  const identity =
    (await loadIdentity(dir, { clock })) ??
    (await enroll({ dir, token: await options.claim(), name, clock, log, localAddress }));
  await using opened = new AsyncDisposableStack();
  const quotaBytes = limits.deviceBufferBytes;
  const buffer = opened.use(
    await openBuffer({ ...options, dir: join(home, 'buffer'), quotaBytes, headroomBytes: 0 }),
  );
  const shelf = await openArtifacts({ dir: join(home, 'programs'), headroomBytes: 0 });
  const device = new Device(options, buffer, shelf);
  const uplink = openUplink({
    ...options,
    buffer,
    identity,
    brokerUrl: identity.broker,
    agent: 'fieldloop-sim',
    clockState: () => ({ synced: true, source: 'sim' }),
    reconnect: { mostMs: limits.deviceReconnectMs },
    downloads: device.downloads,
    wishes: {
      desired: (desired) => device.take(desired),
      command: ({ kind }) => log.debug('a simulated device takes no commands', { name, kind }),
    },
  });
  opened.use(uplink);
  const living = device.live(uplink);
  const parts = opened.move();
  return {
    name,
    status: () => device.status(uplink),
    async [Symbol.asyncDispose]() {
      await device.stop();
      await living;
      await parts.disposeAsync();
    },
  };
}

class Device {
  readonly downloads: Downloads;
  readonly #options: DeviceOptions;
  readonly #buffer: AgentBuffer;
  readonly #shelf: ArtifactShelf;
  readonly #sessionId: string;
  readonly #stopping = new AbortController();
  #software: Software = asMade;
  #life: Life;
  /** One change of software after the other; never rejects. */
  #line: Promise<void> = Promise.resolve();

  constructor(options: DeviceOptions, buffer: AgentBuffer, shelf: ArtifactShelf) {
    this.#options = options;
    this.#buffer = buffer;
    this.#shelf = shelf;
    this.#sessionId = uuidText(options.ids.uuid());
    this.#life = begin(options.random);
    this.downloads = openDownloads({
      ...options,
      shelf,
      bytesPerSecond: limits.deviceBytesPerSecond,
      onStored: () => this.#do(() => this.#advance()),
      onFault: ({ sha256 }, why) => options.log.warn('no program came', { sha256, ...why }),
    });
    this.#report();
  }

  status(uplink: Uplink): DeviceStatus {
    const { programs } = this.#software;
    const running = Object.entries(programs).map(([id, { sha256 }]) => [id, sha256] as const);
    return {
      name: this.#options.name,
      connected: uplink.status().connected,
      running: Object.fromEntries(running),
      trips: this.#life.trips,
      failures: this.#life.failures,
      bytesFetched: this.downloads.bytesReceived,
    };
  }

  take(desired: Desired): void {
    const section = desired.sections.find(({ name }) => name === 'models');
    if (section === undefined) return;
    const wanted = parseDesiredModels(section.document);
    this.#do(async () => {
      this.#become(wish(this.#software, wanted));
      await this.#advance();
    });
  }

  /** Trips and failures as they come, numbers now and then; until it is stopped. */
  async live(uplink: Uplink): Promise<void> {
    const { clock, random, speed } = this.#options;
    const { signal } = this.#stopping;
    let lastMs = clock.monotonicMs();
    let toldMs = Number.NEGATIVE_INFINITY;
    while (!signal.aborted) {
      await clock.sleep(limits.deviceTickMs, signal).catch(() => undefined);
      const nowMs = clock.monotonicMs();
      const hours = ((nowMs - lastMs) / 3_600_000) * speed;
      lastMs = nowMs;
      const before = this.#life;
      this.#life = live(
        before,
        { hours, failuresPerHour: failuresPerHour(this.#software) },
        random,
      );
      for (let n = before.trips; n < this.#life.trips; n += 1) this.#tell('trip', 'info');
      for (let n = before.failures; n < this.#life.failures; n += 1) {
        this.#tell('trip_failed', 'warning');
      }
      if (nowMs - toldMs >= limits.deviceTelemetryMs && this.#measure(uplink)) toldMs = nowMs;
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#line;
    await this.downloads.close();
  }

  #measure(uplink: Uplink): boolean {
    const { hours, trips, failures } = this.#life;
    return uplink.measure([
      { name: 'sim.hours', unit: 'h', value: Math.max(0, hours) },
      { name: 'sim.trips', unit: '1', value: trips },
      { name: 'sim.failures', unit: '1', value: failures },
    ]);
  }

  #tell(name: string, severity: WireEvent['severity']): void {
    const { clock, ids } = this.#options;
    const programs = Object.entries(this.#software.programs);
    const values = programs.map(([id, { version }]): WireValue => {
      return { name: id, unit: '', value: version };
    });
    this.#buffer.addEvent({
      id: uuidText(ids.uuid()),
      name,
      severity,
      atNs: BigInt(Math.round(clock.now())) * 1_000_000n,
      synced: true,
      sessionId: this.#sessionId,
      values,
      text: '',
      tags: [],
    });
  }

  #do(work: () => Promise<void>): void {
    this.#line = this.#line.then(async () => {
      if (this.#stopping.signal.aborted) return;
      try {
        await work();
      } catch (error) {
        // The cloud says again what it wants with each connection.
        this.#options.log.error('a program was not exchanged', { error: asFault(error) });
      }
    });
  }

  #become(next: Software): void {
    if (next === this.#software) return;
    this.#software = next;
    this.#report();
  }

  #report(): void {
    this.#buffer.report('models', { ...softwareReport(this.#software) });
  }

  /** As far as it can be had: fetches, reads, exchanges. */
  async #advance(): Promise<void> {
    const { of, wanted } = this.#software;
    const files = wanted?.files ?? {};
    const missing = Object.values(files).filter(({ sha256 }) => !this.#shelf.has(sha256));
    this.downloads.want(missing);
    if (wanted === undefined || missing.length > 0) return;
    const programs: Record<string, Program> = {};
    for (const [component, { sha256 }] of Object.entries(files)) {
      const program = await this.#read(sha256);
      if (program === undefined) {
        this.#become(rejected(this.#software, `${component} is no program`));
        return;
      }
      programs[component] = program;
    }
    this.#become(tried(this.#software, programs, this.#options.clock.now()));
    // What ran before stays at hand for the way back.
    const kept = [...Object.values(files), ...Object.values(of.files)];
    await this.#shelf.keepOnly(new Set(kept.map(({ sha256 }) => sha256)));
  }

  async #read(sha256: string): Promise<Program | undefined> {
    try {
      return readProgram(await readFile(this.#shelf.pathOf(sha256)));
    } catch (error) {
      const fault = asFault(error);
      if (fault.code === 'corrupt') return undefined;
      throw error;
    }
  }
}
