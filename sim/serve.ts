/**
 * A fleet on the air: one TCP server a robot, each sending its messages as one MCAP stream. The
 * world runs on by the clock whoever reads: a slow reader loses messages, never the world time.
 */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { type Clock, Fault, type Log } from '@fieldloop/core';
import type { Studio } from './camera/canvas.ts';
import { openStudio } from './camera/render.ts';
import { limits } from './limits.ts';
import { streamHead, streamMessage, streamTail } from './mcap-file.ts';
import {
  isCameraTick,
  latchedMessages,
  logTimeAt,
  observe,
  type SensorMessage,
} from './sensor/observe.ts';
import { eventTruth, frameTruth, type TruthLine } from './truth.ts';
import type { Robot } from './world/robot.ts';
import { ticksPerSecond } from './world/tick.ts';
import { openWorld, type World } from './world/world.ts';

export interface FleetOptions {
  readonly seed: number | string;
  readonly robots: number;
  /** Simulated seconds a second; 1 when left out. */
  readonly speed?: number;
  readonly clock: Clock;
  readonly log: Log;
  /** `readers`: the world stands still until every robot has had a reader. */
  readonly start?: 'now' | 'readers';
  readonly onTruth?: (line: TruthLine) => void;
  /** What a reader may owe its socket; the room's limit when left out. */
  readonly backlogBytes?: number;
}

export interface RobotStats {
  readonly name: string;
  readonly readers: number;
  /** Messages and bytes handed to sockets, all readers together. */
  readonly messages: number;
  readonly bytes: number;
  /** Messages that slow readers did not get. */
  readonly dropped: number;
}

export interface FleetStats {
  readonly simulatedSeconds: number;
  readonly robots: readonly RobotStats[];
}

export interface Fleet extends AsyncDisposable {
  readonly robots: readonly { readonly name: string; readonly url: string }[];
  stats(): FleetStats;
  /** Rejects when the world fails; resolves after `close`. */
  readonly done: Promise<void>;
  /** Ends every stream in order and frees the ports. */
  close(): Promise<void>;
}

/** One robot's server and its readers. */
interface Outlet {
  readonly robot: Robot;
  readonly server: Server;
  readonly readers: Set<Socket>;
  readonly backlogBytes: number;
  hadReader: boolean;
  messages: number;
  bytes: number;
  dropped: number;
}

const sliceMs = 20;

export async function serveFleet(options: FleetOptions): Promise<Fleet> {
  const speed = options.speed ?? 1;
  if (!(speed > 0 && speed <= limits.fastest)) {
    throw new Fault('invalid', `a world cannot run at speed ${speed}`, {
      remedy: `Ask for a speed above 0 and at most ${limits.fastest}.`,
    });
  }
  const world = openWorld(options);
  const studio = openStudio();
  const stopping = new AbortController();
  const air: Air = {
    ...options,
    speed,
    world,
    studio,
    outlets: [],
    startNs: wallNs(options),
    hasBegun: false,
  };
  for (const robot of world.robots) air.outlets.push(await openOutlet(robot, air));
  const done = run(air, stopping.signal);
  // The caller may look at `done` late or never; the failure is logged where it happens.
  done.catch(() => undefined);
  const close = async (): Promise<void> => {
    stopping.abort();
    await done.catch(() => undefined);
    await Promise.all(air.outlets.map((outlet) => closeOutlet(outlet, options.clock)));
  };
  return {
    robots: air.outlets.map(({ robot, server }) => ({ name: robot.name, url: urlOf(server) })),
    stats: () => ({
      simulatedSeconds: world.tick / ticksPerSecond,
      robots: air.outlets.map(({ robot, readers, messages, bytes, dropped }) => ({
        name: robot.name,
        readers: readers.size,
        messages,
        bytes,
        dropped,
      })),
    }),
    done,
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface Air extends FleetOptions {
  readonly speed: number;
  readonly world: World;
  readonly studio: Studio;
  readonly outlets: Outlet[];
  /** Log time of the world's begin: the wall clock of that moment. */
  startNs: bigint;
  hasBegun: boolean;
}

function wallNs(options: FleetOptions): bigint {
  return BigInt(Math.round(options.clock.now())) * 1_000_000n;
}

async function openOutlet(robot: Robot, air: Air): Promise<Outlet> {
  const outlet: Outlet = {
    robot,
    server: createServer(),
    readers: new Set(),
    backlogBytes: air.backlogBytes ?? limits.socketBacklogBytes,
    hadReader: false,
    messages: 0,
    bytes: 0,
    dropped: 0,
  };
  outlet.server.on('connection', (socket) => admit(outlet, socket, air));
  outlet.server.listen(0, '127.0.0.1');
  await once(outlet.server, 'listening');
  return outlet;
}

function admit(outlet: Outlet, socket: Socket, air: Air): void {
  const fields = { robot: outlet.robot.name };
  socket.on('error', () => air.log.debug('reader lost', fields));
  if (outlet.readers.size >= limits.readersPerRobot) {
    air.log.warn('reader turned away: too many', fields);
    socket.destroy();
    return;
  }
  socket.on('close', () => outlet.readers.delete(socket));
  // Nothing is expected from a reader; what it sends is thrown away.
  socket.resume();
  socket.setNoDelay(true);
  socket.write(streamHead(outlet.robot.name));
  outlet.readers.add(socket);
  outlet.hadReader = true;
  if (air.hasBegun) sendLatched(air, outlet, socket);
  air.log.info('reader connected', fields);
}

/** A world that stands still has no time yet: its readers get these when it begins. */
function sendLatched(air: Air, outlet: Outlet, socket: Socket): void {
  const nowNs = logTimeAt(air.startNs, air.world.tick);
  for (const message of latchedMessages(nowNs)) send(outlet, socket, streamMessage(message));
}

/** Whole messages or nothing: what a socket owes stays below its bound. */
function send(outlet: Outlet, socket: Socket, record: Uint8Array): void {
  if (socket.writableLength + record.length > outlet.backlogBytes) {
    outlet.dropped += 1;
    return;
  }
  socket.write(record);
  outlet.messages += 1;
  outlet.bytes += record.length;
}

/** Moves the world by the clock until it is stopped. */
async function run(air: Air, signal: AbortSignal): Promise<void> {
  try {
    const { clock, world } = air;
    const mayBegin = (): boolean =>
      air.start !== 'readers' || air.outlets.every((outlet) => outlet.hadReader);
    while (!mayBegin()) if (await isStopped(clock, signal)) return;
    air.startNs = wallNs(air);
    air.hasBegun = true;
    for (const outlet of air.outlets) {
      for (const socket of outlet.readers) sendLatched(air, outlet, socket);
    }
    const beganMs = clock.monotonicMs();
    let late = 0;
    while (!signal.aborted) {
      const elapsed = ((clock.monotonicMs() - beganMs) / 1000) * air.speed;
      const due = Math.floor(elapsed * ticksPerSecond) - late;
      const goal = Math.min(due, world.tick + Math.ceil(limits.catchUpTicks * air.speed));
      late += due - goal;
      await advance(air, goal, signal);
      if (await isStopped(clock, signal)) return;
    }
  } catch (error) {
    air.log.error('the simulated world failed', { error });
    throw error;
  }
}

/** Sleeps one slice; true when the fleet was stopped meanwhile. */
async function isStopped(clock: Clock, signal: AbortSignal): Promise<boolean> {
  await clock.sleep(sliceMs, signal).catch(() => undefined);
  return signal.aborted;
}

async function advance(air: Air, goal: number, signal: AbortSignal): Promise<void> {
  const { world } = air;
  for (const { readers } of air.outlets) for (const socket of readers) socket.cork();
  while (world.tick < goal && !signal.aborted) {
    const events = world.step();
    const ns = logTimeAt(air.startNs, world.tick);
    const all = await Promise.all(air.outlets.map((outlet) => observed(air, outlet, ns)));
    all.forEach((messages, i) => {
      const outlet = air.outlets[i];
      if (outlet !== undefined) broadcast(outlet, messages);
    });
    if (air.onTruth === undefined) continue;
    for (const event of events) air.onTruth(eventTruth(event, ns));
    for (const robot of world.robots) {
      if (isCameraTick(robot, world.tick)) air.onTruth(frameTruth(world, robot, ns));
    }
  }
  for (const { readers } of air.outlets) for (const socket of readers) socket.uncork();
}

/** Nobody reads, nothing is drawn: messages depend on the world alone, not on earlier ones. */
async function observed(air: Air, outlet: Outlet, ns: bigint): Promise<SensorMessage[]> {
  if (outlet.readers.size === 0) return [];
  return observe({ world: air.world, robot: outlet.robot, ns, studio: air.studio });
}

function broadcast(outlet: Outlet, messages: readonly SensorMessage[]): void {
  for (const message of messages) {
    const record = streamMessage(message);
    for (const socket of outlet.readers) send(outlet, socket, record);
  }
}

async function closeOutlet(outlet: Outlet, clock: Clock): Promise<void> {
  const closed = once(outlet.server, 'close');
  outlet.server.close();
  for (const socket of outlet.readers) {
    // A reader that is behind would hold the end up: it gets none.
    if (socket.writableLength === 0) socket.end(streamTail(), () => socket.destroy());
    else socket.destroy();
  }
  const giveUp = new AbortController();
  const grace = clock.sleep(limits.closeGraceMs, giveUp.signal).catch(() => undefined);
  await Promise.race([closed, grace]);
  giveUp.abort();
  for (const socket of outlet.readers) socket.destroy();
  await closed;
}

function urlOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Fault('internal', 'the server has no port');
  }
  return `tcp://127.0.0.1:${address.port}`;
}
