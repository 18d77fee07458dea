/** `fieldloop cloud`: the service itself, in this process. */
import { rename, writeFile } from 'node:fs/promises';
import { Fault } from '@fieldloop/core';
import { type SettingOptions, settingsOf, withSettings } from './cloud-settings.ts';
import { addUpkeep } from './cloud-upkeep.ts';
import { Command } from './commander.ts';
import type { CliIo } from './io.ts';

interface RunOptions extends SettingOptions {
  readonly readyFile?: string;
}

export function cloudCommand(io: CliIo): Command {
  const cloud = new Command('cloud').description('The service itself, in this process.');
  const runs = cloud
    .command('run')
    .description('Run API, broker, enrolment and storage until Ctrl-C.');
  withSettings(runs)
    .option('--http <host:port>', 'the API (127.0.0.1:7400)')
    .option('--broker <host:port>', 'MQTT over mutual TLS for robots (127.0.0.1:8883)')
    .option('--enrol <host:port>', 'HTTPS where robots enrol (127.0.0.1:7443)')
    .option('--public-host <name>', 'how robots elsewhere call this machine')
    .option('--role <role>', 'all, api, ingest or worker; the last three need PostgreSQL')
    .option('--node <name>', 'name of this process, the same after a restart (host and role)')
    .option('--log-level <level>', 'error, warn, info or debug', undefined)
    .option('--ready-file <file>', 'write the ready line to this file too')
    .addHelpText('after', runExamples)
    .action(async (options: RunOptions) => {
      await run(options, io);
    });
  addUpkeep(cloud, io);
  return cloud;
}

async function run(options: RunOptions, io: CliIo): Promise<void> {
  // Loaded here: help and flags need no database and no broker.
  const [{ startCloud }, system] = await Promise.all([
    import('@fieldloop/cloud'),
    import('@fieldloop/core/system'),
  ]);
  const { readyFile, ...said } = options;
  const config = await settingsOf(said, io);
  const cloud = await startCloud(config, {
    clock: system.systemClock,
    ids: system.systemIds,
    randomBytes: system.systemRandomBytes,
    log: system.openLog({ level: config.logLevel, fd: 2 }),
  });
  const ready = { ready: true, http: cloud.http, broker: cloud.broker, enrol: cloud.enrol };
  const line = `${JSON.stringify(ready)}\n`;
  try {
    if (cloud.admin !== undefined) {
      io.err(`first start: an API key with every right, kept in ${cloud.admin.file}\n`);
      io.err(`  ${cloud.admin.key}\n`);
    }
    if (cloud.firstAdmin !== undefined) {
      io.err('nobody has an account yet: make the first admin here, once, within 24 hours\n');
      io.err(`  ${cloud.firstAdmin.url}\n`);
    }
    const stop = io.stopRequested?.();
    const robots = cloud.broker === undefined ? '' : `, broker ${cloud.broker}`;
    const enrolment = cloud.enrol === undefined ? '' : `, enrolment ${cloud.enrol}`;
    io.err(`${config.role === 'all' ? 'API' : config.role} ${cloud.http}${robots}${enrolment}\n`);
    io.err(`data in ${config.dataDir}; Ctrl-C stops\n`);
    if (readyFile !== undefined) await writeWhole(readyFile, line);
    io.out(line);
    await stop;
    io.err('stopping: finishing what runs\n');
  } finally {
    await cloud.close();
  }
  io.err('stopped\n');
}

/** Whoever waits for the file sees the whole line or nothing. */
async function writeWhole(path: string, text: string): Promise<void> {
  try {
    await writeFile(`${path}.part`, text);
    await rename(`${path}.part`, path);
  } catch (error) {
    throw new Fault('unavailable', 'the ready file cannot be written', {
      place: path,
      remedy: 'Check that its folder exists and is yours to write.',
      cause: error,
    });
  }
}

const runExamples = `
Examples:
  fieldloop cloud run --data ./cloud-data
  fieldloop cloud run --data ./data --http 127.0.0.1:0 --broker 127.0.0.1:0 --enrol 127.0.0.1:0
  fieldloop cloud run --data ./data --broker :8883 --enrol :7443 --public-host fleet.example

It prints one JSON line {"ready":true,"http":…,"broker":…,"enrol":…} on stdout when it takes work.
FIELDLOOP_DATABASE_URL=postgres://… keeps rows in PostgreSQL instead of the data folder; processes
with --role api, ingest and worker then share that database and the data folder.
OTEL_EXPORTER_OTLP_ENDPOINT=http://… sends traces there.
The first start makes an API key with every right, shows it once and keeps it in <data>/admin.key.
`;
