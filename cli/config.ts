/** `fieldloop config`: the clouds that this command line knows. */
import { didYouMean, Fault } from '@fieldloop/core';
import { Command } from './commander.ts';
import { type CliIo, type Column, jsonText, table } from './io.ts';
import {
  homeFile,
  type ProfileFile,
  profileFiles,
  standsBefore,
  writeProfiles,
} from './profile.ts';
import { showOf } from './show.ts';

interface Row {
  readonly name: string;
  readonly url: string;
  readonly current: boolean;
  readonly file: string;
}

export function configCommand(io: CliIo): Command {
  const config = new Command('config').description('The clouds that this command line knows.');
  config
    .command('list')
    .description('Profiles, those of this folder first; keys are not shown.')
    .option('--json', 'as one JSON document')
    .action((options: { readonly json?: boolean }) => {
      const rows = profileFiles(io).flatMap(rowsOf);
      if (options.json === true) io.out(jsonText({ items: rows }));
      else if (rows.length === 0) io.err('no profiles; `fieldloop login` makes one\n');
      else io.out(table(rows, columns, { width: io.columns, show: showOf({}) }));
    });
  config
    .command('use <name>')
    .description('Use this profile from now on.')
    .action((name: string) => {
      const file = homeProfiles(io, name);
      writeProfiles({ ...file, current: name });
      io.err(`commands now speak to ${file.profiles[name]?.url ?? ''}\n`);
      io.err(standsBefore(name, io));
    });
  config
    .command('remove <name>')
    .description('Forget this profile; its key lives on (see logout).')
    .action((name: string) => {
      const file = homeProfiles(io, name);
      const { [name]: _gone, ...profiles } = file.profiles;
      const current = file.current === name ? (Object.keys(profiles)[0] ?? name) : file.current;
      writeProfiles({ ...file, profiles, current });
      io.err(`forgot ${name}\n`);
    });
  return config;
}

const columns: readonly Column<Row>[] = [
  { title: 'PROFILE', of: (row) => row.name },
  { title: 'CURRENT', of: (row) => (row.current ? 'yes' : '') },
  { title: 'CLOUD', of: (row) => row.url, shrinks: true },
  { title: 'FILE', of: (row) => row.file, shrinks: true },
];

/** Of the nearest file the current one is used. */
function rowsOf({ path, profiles, current }: ProfileFile, index: number): readonly Row[] {
  return Object.entries(profiles).map(([name, { url }]) => ({
    name,
    url,
    current: index === 0 && name === current,
    file: path,
  }));
}

function homeProfiles(io: CliIo, name: string): ProfileFile {
  const path = homeFile(io);
  const file = profileFiles(io).find((one) => one.path === path);
  if (file?.profiles[name] !== undefined) return file;
  const known = Object.keys(file?.profiles ?? {});
  throw new Fault('not_found', `there is no profile "${name}".${didYouMean(name, known)}`, {
    place: path,
    remedy: '`fieldloop login --profile NAME` makes one.',
  });
}
