/** Writes what one robot of a world publishes into an MCAP file, as fast as the machine can. */
import { Fault } from '@fieldloop/core';
import type { Appendable } from '@fieldloop/recording';
import { openStudio } from './camera/render.ts';
import { limits } from './limits.ts';
import { openRecorder } from './mcap-file.ts';
import { isCameraTick, latchedMessages, logTimeAt, observe } from './sensor/observe.ts';
import { eventTruth, frameTruth, type TruthLine } from './truth.ts';
import { ticks } from './world/tick.ts';
import { openWorld } from './world/world.ts';

export interface RecordOptions {
  readonly seed: number | string;
  readonly robots: number;
  /** The robot to record, such as `amr-01`. */
  readonly robot: string;
  readonly seconds: number;
  readonly out: Appendable;
  /** Log time of the first moment; the same instant whenever it is left out. */
  readonly startNs?: bigint;
  readonly onTruth?: (line: TruthLine) => void;
  readonly signal?: AbortSignal;
}

export interface RecordSummary {
  readonly messages: number;
  readonly bytes: number;
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/** 2026-01-01T00:00:00Z: recordings of one seed have the same bytes on any day. */
export const defaultStartNs = 1_767_225_600_000_000_000n;

export async function recordRobot(options: RecordOptions): Promise<RecordSummary> {
  const { out, signal } = options;
  if (!(options.seconds > 0 && options.seconds <= limits.recordSeconds)) {
    throw new Fault('invalid', `a recording of ${options.seconds} s cannot be written`, {
      remedy: `Ask for more than 0 and at most ${limits.recordSeconds} seconds.`,
    });
  }
  const startNs = options.startNs ?? defaultStartNs;
  const world = openWorld(options);
  const robot = world.robots.find(({ name }) => name === options.robot);
  if (robot === undefined) {
    const names = world.robots.map(({ name }) => name).join(', ');
    throw new Fault('not_found', `there is no robot "${options.robot}"`, {
      remedy: `Name one of ${names}, or ask for more robots.`,
    });
  }
  const studio = openStudio();
  const recorder = await openRecorder((bytes) => out.write(bytes), robot.name);
  let messages = 0;
  for (const message of latchedMessages(startNs)) {
    await recorder.add(message);
    messages += 1;
  }
  const last = ticks(options.seconds);
  while (world.tick < last) {
    signal?.throwIfAborted();
    const events = world.step();
    const ns = logTimeAt(startNs, world.tick);
    for (const message of await observe({ world, robot, ns, studio })) {
      await recorder.add(message);
      messages += 1;
    }
    if (options.onTruth === undefined) continue;
    for (const event of events) {
      if (event.robot === robot.name) options.onTruth(eventTruth(event, ns));
    }
    if (isCameraTick(robot, world.tick)) options.onTruth(frameTruth(world, robot, ns));
  }
  const bytes = await recorder.finish();
  await out.sync();
  return { messages, bytes, startNs, endNs: logTimeAt(startNs, world.tick) };
}
