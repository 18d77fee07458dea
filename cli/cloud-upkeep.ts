/** `fieldloop cloud check|migrate|backup|restore`: what a person does to a cloud's data. */
import type { BackupProgress, Finding } from '@fieldloop/cloud';
import { Fault, formatSize, silentLog } from '@fieldloop/core';
import { type SettingOptions, settingsOf, withSettings } from './cloud-settings.ts';
import { Command } from './commander.ts';
import { type CliIo, jsonText, table } from './io.ts';
import { showOf } from './show.ts';
import packageJson from './package.json' with { type: 'json' };

interface Options extends SettingOptions {
  readonly json?: boolean;
}

export function addUpkeep(cloud: Command, io: CliIo): void {
  cloud.addCommand(checkCommand(io));
  cloud.addCommand(migrateCommand(io));
  cloud.addCommand(backupCommand(io));
  cloud.addCommand(restoreCommand(io));
}

function checkCommand(io: CliIo): Command {
  return withSettings(new Command('check'))
    .description('Say what keeps this cloud from starting or working, and what to do.')
    .option('--http <host:port>', 'as for run')
    .option('--broker <host:port>', 'as for run')
    .option('--enrol <host:port>', 'as for run')
    .option('--role <role>', 'as for run')
    .option('--json', 'one JSON document')
    .addHelpText('after', '\nExit code 0: nothing is wrong (warnings may be).\n')
    .action(async ({ json, ...said }: Options) => {
      const { checkCloud } = await import('@fieldloop/cloud');
      const findings = await checkCloud(await settingsOf(said, io), await deps());
      if (json === true) io.out(jsonText({ findings }));
      else io.out(findingsText(findings, io.columns));
      const [worst, ...others] = findings.filter((one) => one.state === 'wrong');
      if (worst === undefined) return;
      const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
      throw new Fault(worst.code ?? 'unavailable', `${worst.message}${more}`, {
        place: worst.place,
        remedy: worst.remedy,
      });
    });
}

function findingsText(findings: readonly Finding[], width: number): string {
  const rows = table(
    findings,
    [
      { title: 'PART', of: (one) => one.what },
      { title: 'STATE', of: (one) => one.state },
      { title: 'FOUND', of: (one) => one.message, shrinks: true },
    ],
    { width, show: showOf({}) },
  );
  const remedies = findings
    .filter((one) => one.remedy !== undefined)
    .map(({ place, message, remedy }) => `${place ?? ''}: ${message}.\n  ${remedy}\n`);
  return remedies.length === 0 ? rows : `${rows}\n${remedies.join('')}`;
}

interface MigrateOptions extends Options {
  readonly dryRun?: boolean;
}

function migrateCommand(io: CliIo): Command {
  return withSettings(new Command('migrate'))
    .description('Bring the database to the newest step, as every start does.')
    .option('--dry-run', 'only name the steps that are missing')
    .option('--json', 'one JSON document')
    .action(async ({ json, dryRun = false, ...said }: MigrateOptions) => {
      const { migrateCloud } = await import('@fieldloop/cloud');
      const steps = await migrateCloud(await settingsOf(said, io), await deps(), { dryRun });
      if (json === true) io.out(jsonText({ steps, dryRun }));
      else io.out(steps.map((step) => `${step}\n`).join(''));
      if (steps.length === 0) io.err('at the newest step: nothing to do\n');
      else io.err(`${steps.length} steps ${dryRun ? 'would run' : 'ran'}\n`);
    });
}

interface BackupOptions extends Options {
  readonly to: string;
}

function backupCommand(io: CliIo): Command {
  return withSettings(new Command('backup'))
    .description('Copy rows, objects and certificates of a cloud that may run meanwhile.')
    .requiredOption(
      '--to <folder>',
      'takes this moment; objects that are there are not copied again',
    )
    .option('--json', 'one JSON document')
    .addHelpText('after', backupExamples)
    .action(async ({ json, to, ...said }: BackupOptions) => {
      const { backupCloud } = await import('@fieldloop/cloud');
      const show = progressLine(io);
      const { version } = packageJson;
      const config = await settingsOf(said, io);
      const done = await backupCloud(config, await deps(show.hear), { to, version });
      show.end();
      const { folder, copied, manifest } = done;
      const rows = manifest.tables.reduce((sum, one) => sum + one.rows, 0);
      const { blobs, absent } = manifest;
      if (json === true) io.out(jsonText({ folder, rows, blobs, copied, absent }));
      else io.out(`${folder}\n`);
      io.err(`${rows} rows of ${manifest.tables.length} tables; ${blobs.count} objects `);
      io.err(`(${formatSize(blobs.bytes)}), ${copied} of them new\n`);
      if (absent.length > 0) {
        io.err(`${absent.length} objects are named by rows and are not there: see cloud check\n`);
      }
    });
}

interface RestoreOptions extends Options {
  readonly from: string;
  readonly at?: string;
  readonly force?: boolean;
}

function restoreCommand(io: CliIo): Command {
  return withSettings(new Command('restore'))
    .description('Put a backup back, into either kind of database, after verifying all of it.')
    .requiredOption('--from <folder>', 'what `cloud backup --to` was given')
    .option('--at <moment>', 'the moment, a folder in it (the newest)')
    .option('--force', 'replace a cloud that is there')
    .option('--json', 'one JSON document')
    .addHelpText('after', restoreExamples)
    .action(async ({ json, from, at, force = false, ...said }: RestoreOptions) => {
      const { restoreCloud } = await import('@fieldloop/cloud');
      const show = progressLine(io);
      const options = { from, force, ...(at === undefined ? {} : { at }) };
      const config = await settingsOf(said, io);
      const { madeAt, tables, blobs } = await restoreCloud(config, await deps(show.hear), options);
      show.end();
      const moment = new Date(madeAt).toISOString();
      const rows = tables.reduce((sum, one) => sum + one.rows, 0);
      if (json === true) io.out(jsonText({ moment, rows, blobs }));
      else io.out(`${moment}\n`);
      io.err(`${rows} rows and ${blobs.count} objects of ${moment} are back\n`);
    });
}

async function deps(onProgress?: (progress: BackupProgress) => void) {
  const { systemClock } = await import('@fieldloop/core/system');
  const hear = onProgress === undefined ? {} : { onProgress };
  return { clock: systemClock, log: silentLog, ...hear };
}

const words = {
  rows: 'rows of',
  blobs: 'objects',
  files: 'file',
  verify: 'verifying',
} as const satisfies Record<BackupProgress['step'], string>;

/** One line that is written over itself, on a terminal only. */
function progressLine(io: CliIo) {
  let shown = 0;
  const write = (text: string): void => {
    io.err(`\r${text.padEnd(shown)}`);
    shown = text.length;
  };
  return {
    hear: ({ step, what, done, total }: BackupProgress): void => {
      if (io.isTerminal) write(`${words[step]} ${what} ${done}/${total}`.slice(0, io.columns - 1));
    },
    end: (): void => {
      if (shown === 0) return;
      write('');
      io.err('\r');
    },
  };
}

const backupExamples = `
Examples:
  fieldloop cloud backup --data ./cloud-data --to /backup/fleet
  FIELDLOOP_DATABASE_URL=postgresql://… fieldloop cloud backup --data ./data --to /backup/fleet

It prints the folder of this moment. The folder holds the keys of the authority: keep it as safe
as the data folder.
`;

const restoreExamples = `
Examples:
  fieldloop cloud restore --from /backup/fleet --data ./new
  fieldloop cloud restore --from /backup/fleet --at 2026-11-21T10-00-00-000Z --data ./new

Stop the cloud first. Robots keep what they were not told is stored, and send it again.
`;
