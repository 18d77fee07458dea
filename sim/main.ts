#!/usr/bin/env node
/**
 * The simulator as a program. Live: prints one JSON line with the robots' addresses and runs until
 * SIGINT or SIGTERM. With --record: writes one robot's recording and ends.
 */
import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { asFault, Fault, faultLine, faultTable } from '@fieldloop/core';
import { openLog, systemClock } from '@fieldloop/core/system';
import { createFile } from '@fieldloop/recording/file';
import { Command } from './commander.ts';
import { recordRobot } from './record.ts';
import { serveFleet } from './serve.ts';
import type { TruthLine } from './truth.ts';

interface Options {
  readonly robots: string;
  readonly seed: string;
  readonly speed: string;
  readonly wait?: true;
  readonly truth?: string;
  readonly record?: string;
  readonly robot: string;
  readonly seconds: string;
}

function number(text: string, option: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new Fault('invalid', `"${text}" is not a number`, {
    place: option,
    remedy: `Write ${option} with a number, for example ${option} 3.`,
  });
}

/** A file of one JSON document a line, or nothing when it was not asked for. */
function openTruth(path: string | undefined): {
  readonly onTruth?: (line: TruthLine) => void;
  readonly close: () => Promise<void>;
} {
  if (path === undefined) return { close: () => Promise.resolve() };
  const file: WriteStream = createWriteStream(path);
  return {
    onTruth: (line) => {
      file.write(`${JSON.stringify(line)}\n`);
    },
    close: async () => {
      file.end();
      await finished(file);
    },
  };
}

async function record(options: Options, path: string): Promise<void> {
  const truth = openTruth(options.truth);
  await using out = await createFile(path);
  const { onTruth } = truth;
  const summary = await recordRobot({
    seed: options.seed,
    robots: number(options.robots, '--robots'),
    robot: options.robot,
    seconds: number(options.seconds, '--seconds'),
    out,
    ...(onTruth === undefined ? {} : { onTruth }),
  });
  await truth.close();
  const { messages, bytes } = summary;
  process.stdout.write(
    `${JSON.stringify({ file: path, robot: options.robot, messages, bytes })}\n`,
  );
}

async function live(options: Options): Promise<void> {
  const truth = openTruth(options.truth);
  const { onTruth } = truth;
  await using fleet = await serveFleet({
    seed: options.seed,
    robots: number(options.robots, '--robots'),
    speed: number(options.speed, '--speed'),
    clock: systemClock,
    log: openLog({ level: 'warn', fd: 2 }),
    start: options.wait === true ? 'readers' : 'now',
    ...(onTruth === undefined ? {} : { onTruth }),
  });
  process.stdout.write(`${JSON.stringify({ robots: fleet.robots })}\n`);
  const stop = (): void => void fleet.close();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  await fleet.done;
  await truth.close();
}

const program = new Command('fieldloop-sim')
  .description('A seeded warehouse with robots that publish ROS 2 messages as MCAP streams.')
  .option('--robots <n>', 'robots in the world', '3')
  .option('--seed <seed>', 'the same seed is the same world', '7')
  .option('--speed <x>', 'simulated seconds a second', '1')
  .option('--wait', 'stand still until every robot has a reader')
  .option('--truth <file>', 'write ground truth as JSON lines')
  .option('--record <file>', 'write a recording of one robot and end')
  .option('--robot <name>', 'the robot to record', 'amr-01')
  .option('--seconds <n>', 'length of the recording', '60')
  .action((options: Options) =>
    options.record === undefined ? live(options) : record(options, options.record),
  );

try {
  await program.parseAsync();
} catch (error) {
  const fault = asFault(error);
  process.stderr.write(`${faultLine(fault)}\n`);
  process.exitCode = faultTable[fault.code].exit;
}
