#!/usr/bin/env node
/**
 * Simulated devices for any cloud, as a program: enrols those that are new by claim tokens, for
 * which it asks the public API with the key in FIELDLOOP_API_KEY; prints a JSON line when all live,
 * and runs until SIGINT or SIGTERM. The same folder again goes on with the same devices.
 */
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { asFault, Fault, faultLine, faultTable, seededRandom } from '@fieldloop/core';
import { openLog, systemClock, systemIds } from '@fieldloop/core/system';
import { Command } from '../commander.ts';
import { claimTokens } from './claim.ts';
import { simulateDevices } from './fleet.ts';

interface Options {
  readonly cloud: string;
  readonly devices: string;
  readonly seed: string;
  readonly speed: string;
  readonly folder: string;
}

function number(text: string, option: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value > 0) return value;
  throw new Fault('invalid', `"${text}" is not a number above 0`, {
    place: option,
    remedy: `Write ${option} with a number, for example ${option} 40.`,
  });
}

async function run(options: Options): Promise<void> {
  const folder = resolve(options.folder);
  await mkdir(folder, { recursive: true });
  await using devices = await simulateDevices({
    count: number(options.devices, '--devices'),
    speed: number(options.speed, '--speed'),
    folder,
    claim: claimTokens(options.cloud, process.env['FIELDLOOP_API_KEY'] ?? ''),
    clock: systemClock,
    ids: systemIds,
    random: seededRandom(options.seed),
    log: openLog({ level: 'warn', fd: 2 }),
  });
  const { names } = devices;
  const told = { devices: names.length, first: names[0], last: names.at(-1), folder };
  process.stdout.write(`${JSON.stringify(told)}\n`);
  await new Promise<void>((stop) => {
    process.once('SIGINT', () => stop());
    process.once('SIGTERM', () => stop());
  });
}

const program = new Command('fieldloop-sim-fleet')
  .description(
    'Simulated devices on the real wire: they take releases of kind sim, and fail as those say. ' +
      'New ones enrol with tokens made by the key in FIELDLOOP_API_KEY.',
  )
  .requiredOption('--cloud <url>', 'HTTP address of the cloud')
  .option('--devices <n>', 'how many', '40')
  .option('--seed <seed>', 'the same seed gives them the same natures', '7')
  .option('--speed <x>', 'hours of their life in an hour', '100')
  .option('--folder <dir>', 'identities, buffers and programs', '.fieldloop/sim-fleet')
  .action(run);

try {
  await program.parseAsync();
} catch (error) {
  const fault = asFault(error);
  process.stderr.write(`${faultLine(fault)}\n`);
  process.exitCode = faultTable[fault.code].exit;
}
