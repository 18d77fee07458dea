/** `fieldloop releases`: what may go out to robots, and who agreed to it. */
import { createHash } from 'node:crypto';
import { createReadStream, openAsBlob } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Fault, formatSize } from '@fieldloop/core';
import { answer, type Client, post, type Schemas } from './client.ts';
import { Command, Option } from './commander.ts';
import type { CliIo, Column, Show } from './io.ts';
import {
  type ApiOptions,
  apiOptions,
  clientOf,
  given,
  printList,
  printOne,
  type QueryOptions,
  queryOf,
  queryOptions,
} from './list.ts';
import { type ConfirmOptions, getCommand, verbCommand } from './noun.ts';
import { facts, showOf, timeColumn } from './show.ts';

type Release = Schemas['Release'];
type Artifact = Schemas['Artifact'];
type Lint = Schemas['ReleaseLint'];

interface UploadOptions extends ApiOptions {
  readonly kind?: Artifact['kind'];
}

interface ReasonOptions extends ConfirmOptions {
  readonly reason: string;
}

interface VoteOptions extends ReasonOptions {
  readonly digest?: string;
}

interface EvaluateOptions extends ConfirmOptions {
  readonly evaluation?: string[];
  readonly note?: string;
}

export function releasesCommand(io: CliIo): Command {
  const releases = new Command('releases').description(
    'What may go out to robots, and who agreed to it.',
  );
  queryOptions(releases.command('list').description('Releases, the newest first.')).action(
    async (options: QueryOptions) => {
      await printList<Release>(options, io, {
        path: '/v1/releases',
        query: queryOf(options),
        columns,
        none: 'no releases; `fieldloop releases add` adds one',
      });
    },
  );
  getCommand<Release>(releases, io, {
    argument: 'release',
    says: 'One release by id, digest or name@version: manifest, evidence, votes.',
    read: readRelease,
    text: releaseText,
  });
  lint(releases, io);
  add(releases, io);
  upload(releases, io);
  artifacts(releases, io);
  diff(releases, io);
  verbs(releases, io);
  releases.addHelpText('after', examples);
  return releases;
}

const at = (id: string) => ({ params: { path: { id } } });

const readRelease = async (client: Client, id: string): Promise<Release> =>
  await answer(client.GET('/v1/releases/{id}', at(id)));

/** The text of a document. Fault `not_found` with the path. */
export async function documentText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new Fault('not_found', `${path} cannot be read`, {
      place: path,
      remedy: 'Name a file of YAML or JSON.',
      cause: error,
    });
  }
}

function lint(releases: Command, io: CliIo): void {
  apiOptions(
    releases.command('lint <file>').description('Everything that is wrong with a manifest.'),
  ).action(async (file: string, options: ApiOptions) => {
    const body = { text: await documentText(file) };
    const found = await answer(clientOf(options, io).POST('/v1/releases:lint', { body }));
    printOne(found, options, io, () => lintText(file, found));
    const [first] = found.faults;
    if (first === undefined) return;
    throw new Fault('invalid', `${found.faults.length} faults in ${file}`, {
      place: `${file}:${first.line}:${first.column}`,
      remedy: first.remedy,
    });
  });
}

function lintText(file: string, { digest, faults }: Lint): string {
  const lines = faults.map(
    (one) => `${file}:${one.line}:${one.column}  ${one.code}  ${one.message}  ${one.remedy}\n`,
  );
  return faults.length > 0 ? lines.join('') : `clean, sha256:${digest ?? ''}\n`;
}

function add(releases: Command, io: CliIo): void {
  apiOptions(
    releases.command('add <file>').description('Add a release; name and version are for ever.'),
  ).action(async (file: string, options: ApiOptions) => {
    const body = { text: await documentText(file) };
    const made = await post<Release>(clientOf(options, io), '/v1/releases', body);
    printOne(made, options, io, () => releaseText(made, showOf(options)));
  });
}

const kinds = ['onnx', 'document', 'golden', 'calibration', 'rules', 'sim', 'other'];

function upload(releases: Command, io: CliIo): void {
  apiOptions(
    releases.command('upload <file>').description('Bring a file that a manifest may name.'),
  )
    .addOption(new Option('--kind <kind>', 'what it is for').choices(kinds))
    .action(async (file: string, options: UploadOptions) => {
      const hash = createHash('sha256');
      for await (const piece of createReadStream(file)) hash.update(piece as Uint8Array);
      const query = new URLSearchParams({
        sha256: hash.digest('hex'),
        name: basename(file),
        kind: options.kind ?? 'other',
      });
      const response = await clientOf(options, io).send(`/v1/artifacts?${query.toString()}`, {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream' },
        body: await openAsBlob(file),
      });
      const made = (await response.json()) as Artifact;
      printOne(made, options, io, () =>
        facts([
          ['sha256', made.id],
          ['size', `${made.sizeBytes} (${formatSize(made.sizeBytes)})`],
          ['kind', made.kind],
        ]),
      );
    });
}

function artifacts(releases: Command, io: CliIo): void {
  queryOptions(
    releases.command('artifacts').description('Files that manifests may name, the newest first.'),
  ).action(async (options: QueryOptions) => {
    await printList<Artifact>(options, io, {
      path: '/v1/artifacts',
      query: queryOf(options),
      columns: artifactColumns,
      none: 'no artifacts; `fieldloop releases upload` brings one',
    });
  });
  getCommand<Artifact>(releases, io, {
    argument: 'sha256',
    name: 'artifact',
    says: 'One file that manifests may name.',
    read: async (client, id) => await answer(client.GET('/v1/artifacts/{id}', at(id))),
    text: (one, show) =>
      facts([
        ['sha256', one.id],
        ['name', one.name ?? ''],
        ['kind', one.kind],
        ['size', formatSize(one.sizeBytes)],
        ['brought', show.time(one.createdAt)],
      ]),
  });
  apiOptions(
    releases.command('download <sha256> <file>').description('The bytes of an artifact.'),
  ).action(async (id: string, file: string, options: ApiOptions) => {
    const client = clientOf(options, io);
    const response = await client.send(`/v1/artifacts/${encodeURIComponent(id)}/data`);
    await writeFile(file, response.body ?? '', { flag: 'wx' });
    io.err(`${file} is written\n`);
  });
}

function diff(releases: Command, io: CliIo): void {
  apiOptions(
    releases.command('diff <before> <after>').description('What changes from one to another.'),
  ).action(async (before: string, after: string, options: ApiOptions) => {
    const client = clientOf(options, io);
    const [a, b] = [await readRelease(client, before), await readRelease(client, after)];
    const changes = changesOf(a, b);
    printOne({ before: a.digest, after: b.digest, changes }, options, io, () =>
      changes.length === 0 ? 'nothing\n' : changes.map((line) => `${line}\n`).join(''),
    );
  });
}

interface ManifestShape {
  readonly components?: readonly {
    readonly name: string;
    readonly version: string;
    readonly artifact: { readonly sha256: string; readonly size: number };
  }[];
}

function changesOf(a: Release, b: Release): readonly string[] {
  const parts = (of: Release) =>
    new Map(((of.manifest as ManifestShape).components ?? []).map((one) => [one.name, one]));
  const [before, after] = [parts(a), parts(b)];
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names.flatMap((name) => {
    const [was, is] = [before.get(name), after.get(name)];
    if (was === undefined) return [`+ ${name} ${is?.version ?? ''}`];
    if (is === undefined) return [`- ${name} ${was.version}`];
    if (was.artifact.sha256 === is.artifact.sha256 && was.version === is.version) return [];
    const [x, y] = [was.artifact, is.artifact].map(
      ({ sha256, size }) => `${sha256.slice(0, 12)} (${formatSize(size)})`,
    );
    return [`~ ${name} ${was.version} ${x} -> ${is.version} ${y}`];
  });
}

const reasonOption = (command: Command): Command =>
  command.requiredOption('--reason <text>', 'why, for everybody who reads it later');

function verbs(releases: Command, io: CliIo): void {
  verbCommand<Release>(releases, io, {
    usage: 'evaluate <release>',
    says: 'Put beside it what speaks for it: evaluations of its models, the forecast of its rules.',
    options: (command) =>
      command
        .option('--evaluation <id...>', 'the evaluation of each model in it')
        .option('--note <text>', 'what else approvers should know'),
    run: async (client, id, { evaluation, note }: EvaluateOptions) => {
      const body = { evaluations: evaluation ?? [], ...given({ note }) };
      return await answer(client.POST('/v1/releases/{id}:evaluate', { ...at(id), body }));
    },
    text: releaseText,
  });
  for (const choice of ['approve', 'reject'] as const) {
    verbCommand<Release>(releases, io, {
      usage: `${choice} <release>`,
      says:
        choice === 'approve'
          ? 'Agree to it; two persons do, never its author, one a release manager.'
          : 'Say no; one person is enough.',
      options: (command) =>
        reasonOption(command).option('--digest <sha256>', 'only if it is exactly this one'),
      run: async (client, id, { reason, digest }: VoteOptions) => {
        const seen = await readRelease(client, id);
        const body = { digest: digest ?? seen.digest, evidenceDigest: seen.evidenceDigest, reason };
        const sent = { ...at(id), body };
        return await answer(
          choice === 'approve'
            ? client.POST('/v1/releases/{id}:approve', sent)
            : client.POST('/v1/releases/{id}:reject', sent),
        );
      },
      text: releaseText,
    });
  }
  verbCommand<Release>(releases, io, {
    usage: 'release <release>',
    says: 'Let an approved one go out by rollouts.',
    run: async (client, id) =>
      await answer(client.POST('/v1/releases/{id}:release', { ...at(id), body: {} })),
    text: releaseText,
  });
  verbCommand<Release>(releases, io, {
    usage: 'withdraw <release>',
    says: 'Take it back for good: its rollouts halt.',
    confirm: 'Withdraw',
    options: reasonOption,
    run: async (client, id, { reason }: ReasonOptions) =>
      await answer(client.POST('/v1/releases/{id}:withdraw', { ...at(id), body: { reason } })),
    text: releaseText,
  });
}

const columns: readonly Column<Release>[] = [
  timeColumn('ADDED', (one) => one.createdAt),
  { title: 'RELEASE', of: (one) => `${one.name}@${one.releaseVersion}`, shrinks: true },
  { title: 'STATE', of: (one) => one.state },
  { title: 'PARTS', of: (one) => one.components.map(({ kind }) => kind).join(' '), shrinks: true },
  { title: 'DIGEST', of: (one) => one.digest.slice(0, 12) },
  { title: 'ID', of: (one) => one.id },
];

const artifactColumns: readonly Column<Artifact>[] = [
  timeColumn('BROUGHT', (one) => one.createdAt),
  { title: 'NAME', of: (one) => one.name ?? '', shrinks: true },
  { title: 'KIND', of: (one) => one.kind },
  { title: 'SIZE', of: (one) => formatSize(one.sizeBytes), right: true },
  { title: 'SHA256', of: (one) => one.id },
];

function releaseText(one: Release, show: Show): string {
  const votes = one.votes ?? [];
  return facts([
    ['release', `${one.name}@${one.releaseVersion}`],
    ['id', one.id],
    ['digest', one.digest],
    ['state', one.state],
    ...one.components.map(({ name, kind, componentVersion }): [string, string] => [
      'part',
      `${name} ${componentVersion} (${kind})`,
    ]),
    ...Object.keys(one.evidence).map((name): [string, string] => ['evidence', name]),
    ...votes.map(({ person, choice, role, reason }): [string, string] => [
      choice,
      `${person} (${role}): ${reason}`,
    ]),
    ...(one.reason === undefined ? [] : [['reason', one.reason] as [string, string]]),
    ['added', `${show.time(one.createdAt)} by ${one.author}`],
  ]);
}

const examples = `
Examples:
  fieldloop releases upload model.onnx --kind onnx
  fieldloop releases lint firmware-manifests/releases/detector-1.1.0.yaml
  fieldloop releases add firmware-manifests/releases/detector-1.1.0.yaml
  fieldloop releases evaluate detector@1.1.0 --evaluation evl_01J…
  fieldloop releases approve detector@1.1.0 --reason 'better in rain'
  fieldloop releases release detector@1.1.0
`;
