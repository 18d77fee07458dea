/** The settings of a cloud as the subcommands of `fieldloop cloud` take them. */
import { readFile } from 'node:fs/promises';
import type { CloudConfig, CloudSettings } from '@fieldloop/cloud';
import { Fault } from '@fieldloop/core';
import type { Command } from './commander.ts';
import type { CliIo } from './io.ts';

export interface SettingOptions extends CloudSettings {
  readonly config?: string;
}

/** The flags that say which cloud is meant. */
export function withSettings(command: Command): Command {
  return command
    .option('--data <folder>', 'where database, clips and certificates are kept')
    .option('--config <file>', 'a YAML file with these settings; flags stand above it')
    .option('--database <url>', 'PostgreSQL, better said by FIELDLOOP_DATABASE_URL (SQLite)');
}

/** Faults as `readCloudConfig`, and `not_found` for a file that cannot be read. */
export async function settingsOf(options: SettingOptions, io: CliIo): Promise<CloudConfig> {
  const { readCloudConfig } = await import('@fieldloop/cloud');
  const { config, ...flags } = options;
  const file = config === undefined ? undefined : await readConfig(config);
  return readCloudConfig(flags, file, io.env);
}

async function readConfig(name: string): Promise<{ readonly name: string; readonly text: string }> {
  try {
    return { name, text: await readFile(name, 'utf8') };
  } catch (error) {
    throw new Fault('not_found', 'the settings cannot be read', {
      place: name,
      remedy: 'Check the path of --config.',
      cause: error,
    });
  }
}
