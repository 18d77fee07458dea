/** `fieldloop models`: what robots run to see, its versions and aliases. */
import { createHash } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '@fieldloop/core';
import { answer, type Client, type Schemas } from './client.ts';
import { Command } from './commander.ts';
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
import { getCommand, patchEntity } from './noun.ts';
import { waitFor } from './operations.ts';
import { type Compared, comparedText, demandSame } from './reproduce.ts';
import { facts, showOf, timeColumn } from './show.ts';
import { parseYaml } from './yaml.ts';

type Model = Schemas['Model'];
type Version = Schemas['ModelVersion'];

export function modelsCommand(io: CliIo): Command {
  const models = new Command('models').description('Models, their versions and aliases.');
  queryOptions(models.command('list').description('Models, the newest first.')).action(
    async (options: QueryOptions) => {
      await printList<Model>(options, io, {
        path: '/v1/models',
        query: queryOf(options),
        columns: modelColumns,
        none: 'no models; `fieldloop models import FOLDER` brings one',
      });
    },
  );
  getCommand<Model>(models, io, {
    argument: 'model',
    says: 'One model, by name or id.',
    read: async (client, id) =>
      await answer(client.GET('/v1/models/{id}', { params: { path: { id } } })),
    text: modelText,
  });
  declare(models, io);
  bring(models, io);
  versions(models, io);
  alias(models, io);
  verify(models, io);
  return models;
}

function declare(models: Command, io: CliIo): void {
  const command = models
    .command('declare <file>')
    .description('A model that is not trained yet: what it takes and gives, in YAML.');
  apiOptions(command)
    .option('--note <text>', 'what it is for')
    .addHelpText('after', declareExample)
    .action(async (file: string, options: ApiOptions & { readonly note?: string }) => {
      const declaration = documentOf(await readFile(file, 'utf8'), file);
      const name = String(declaration['id']);
      const client = clientOf(options, io);
      const body = { declaration, ...given({ note: options.note }) };
      const isThere = await exists(client, name);
      const path = `/v1/models/${encodeURIComponent(name)}`;
      const made = isThere
        ? await patchEntity<Model>(client, path, body)
        : await post<Model>(client, '/v1/models', { name, ...body });
      printOne(made, options, io, () => modelText(made, showOf(options)));
    });
}

async function exists(client: Client, name: string): Promise<boolean> {
  try {
    await client.send(`/v1/models/${encodeURIComponent(name)}`);
    return true;
  } catch (error) {
    if (error instanceof Fault && error.code === 'not_found') return false;
    throw error;
  }
}

function documentOf(text: string, file: string): Readonly<Record<string, unknown>> {
  const value = parseYaml(text, file);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw new Fault('invalid', 'the document is no mapping', {
    place: file,
    remedy: 'Write id, classes, input and output as in docs/reference/trainer.md.',
  });
}

async function post<T>(client: Client, path: string, body: object): Promise<T> {
  const headers = { 'content-type': 'application/json' };
  const response = await client.send(path, { method: 'POST', headers, body: JSON.stringify(body) });
  return (await response.json()) as T;
}

interface ImportOptions extends ApiOptions {
  readonly alias?: string;
}

/** model.onnx goes first, as an artifact; then both together are judged. */
function bring(models: Command, io: CliIo): void {
  const command = models
    .command('import <folder>')
    .description('A version that was trained elsewhere: model.onnx and model.yaml.');
  apiOptions(command)
    .option('--alias <alias>', 'champion (of a first version), candidate or rollback')
    .addHelpText('after', importExamples)
    .action(async (folder: string, options: ImportOptions) => {
      const client = clientOf(options, io);
      const yaml = join(folder, 'model.yaml');
      const document = documentOf(await readFile(yaml, 'utf8'), yaml);
      const onnx = join(folder, 'model.onnx');
      const sha256 = createHash('sha256')
        .update(await readFile(onnx))
        .digest('hex');
      await client.send(`/v1/artifacts?sha256=${sha256}&kind=onnx&name=model.onnx`, {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream' },
        body: await openAsBlob(onnx),
      });
      const path = `/v1/models/${encodeURIComponent(String(document['id']))}/versions`;
      const body = { onnx: sha256, document, ...given({ alias: options.alias }) };
      const made = await post<Version>(client, path, body);
      printOne(made, options, io, () => versionText(made, showOf(options)));
    });
}

function versions(models: Command, io: CliIo): void {
  queryOptions(
    models.command('versions [model]').description('Versions, the newest first.'),
  ).action(async (model: string | undefined, options: QueryOptions) => {
    await printList<Version>(options, io, {
      path: '/v1/modelVersions',
      query: { ...queryOf(options), model },
      columns: versionColumns,
      none: 'no versions',
    });
  });
  apiOptions(
    models
      .command('version <model> [ref]')
      .description('One version: MODEL and its number or alias, or an id alone.'),
  ).action(async (model: string, ref: string | undefined, options: ApiOptions) => {
    const client = clientOf(options, io);
    const found =
      ref === undefined
        ? await answer(client.GET('/v1/modelVersions/{id}', { params: { path: { id: model } } }))
        : await answer(
            client.GET('/v1/models/{id}/versions/{ref}', { params: { path: { id: model, ref } } }),
          );
    printOne(found, options, io, () => versionText(found, showOf(options)));
  });
  apiOptions(
    models.command('document <version>').description('The model.yaml of a version, on stdout.'),
  ).action(async (id: string, options: ApiOptions) => {
    const path = `/v1/modelVersions/${encodeURIComponent(id)}/document`;
    io.out(await (await clientOf(options, io).send(path)).text());
  });
  apiOptions(models.command('download <version> <file>').description('The model.onnx.')).action(
    async (id: string, file: string, options: ApiOptions) => {
      const { fetchFile } = await import('./download.ts');
      const client = clientOf(options, io);
      const params = { path: { id } };
      const found = await answer(client.GET('/v1/modelVersions/{id}', { params }));
      const path = `/v1/modelVersions/${encodeURIComponent(id)}/onnx`;
      const { sha256, sizeBytes } = found.onnx;
      await fetchFile({ path, file, sha256, sizeBytes, isForced: false }, client, io);
    },
  );
}

function alias(models: Command, io: CliIo): void {
  apiOptions(
    models
      .command('alias <model> <alias> [version]')
      .description('What champion, candidate or rollback names; with a version: from now on.'),
  ).action(
    async (model: string, name: string, version: string | undefined, options: ApiOptions) => {
      const client = clientOf(options, io);
      const path = `/v1/models/${encodeURIComponent(model)}/aliases/${encodeURIComponent(name)}`;
      const read = await client.send(path);
      const response =
        version === undefined
          ? read
          : await client.send(path, {
              method: 'PUT',
              headers: {
                'if-match': read.headers.get('etag') ?? '*',
                'content-type': 'application/json',
              },
              body: JSON.stringify({ modelVersion: version }),
            });
      const found = (await response.json()) as Schemas['ModelAlias'];
      const text = `${found.id}  ${found.modelVersion ?? 'nothing'}\n`;
      printOne(found, options, io, () => text);
    },
  );
}

function verify(models: Command, io: CliIo): void {
  apiOptions(
    models
      .command('verify <version>')
      .alias('reproduce')
      .description('Train it again from what was recorded: the same bytes must come out.'),
  ).action(async (id: string, options: ApiOptions) => {
    const client = clientOf(options, io);
    const params = { path: { id } };
    const started = await answer(client.POST('/v1/modelVersions/{id}:verify', { params }));
    const { result } = await waitFor(client, started.id, io);
    const found = result as { readonly onnx: Compared; readonly document: Compared };
    const files = [['model.onnx', found.onnx] as const, ['model.yaml', found.document] as const];
    const text = files.map(([name, one]) => comparedText(name, one)).join('');
    printOne(found, options, io, () => text);
    const isSame = files.every(([, one]) => one.same);
    demandSame(isSame, `${id} does not come out of its recorded inputs`);
  });
}

const aliasesText = ({ aliases }: Model): string =>
  aliases.map(({ alias: name, modelVersion }) => `${name} ${modelVersion}`).join(', ') || '-';

const modelColumns: readonly Column<Model>[] = [
  { title: 'MODEL', of: (model) => model.name },
  { title: 'ALIASES', of: aliasesText, shrinks: true },
  { title: 'NOTE', of: (model) => model.note ?? '-', shrinks: true, drops: 1 },
  timeColumn('MADE', (model) => model.createdAt, 2),
];

const versionColumns: readonly Column<Version>[] = [
  { title: 'MODEL', of: (one) => `${one.model} ${one.number}` },
  { title: 'ALIASES', of: (one) => one.aliases.join(', ') || '-' },
  { title: 'DATA', of: (one) => one.datasetVersion?.slice(0, 12) ?? 'imported', drops: 1 },
  timeColumn('MADE', (one) => one.createdAt, 2),
  { title: 'ID', of: (one) => one.id },
];

const modelText = (model: Model, show: Show): string =>
  facts([
    ['model', model.name],
    ['id', model.id],
    ['aliases', aliasesText(model)],
    ['note', model.note],
    ['declared', model.declaration === undefined ? 'no' : 'yes'],
    ['made', show.time(model.createdAt)],
  ]);

const versionText = (one: Version, show: Show): string =>
  facts([
    ['version', `${one.model} ${one.number}`],
    ['id', one.id],
    ['aliases', one.aliases.join(', ') || undefined],
    ['model.onnx', `${one.onnx.sha256} (${one.onnx.sizeBytes} bytes)`],
    ['model.yaml', one.document.sha256],
    ['classes', one.classes.join(', ')],
    ['data', one.datasetVersion],
    ['training', one.training],
    ['base', one.base],
    ['evaluation', one.evaluation],
    ['made', `${show.time(one.createdAt)} by ${one.createdBy}`],
  ]);

const declareExample = `
Examples:
  fieldloop models declare wall.yaml --note 'wall following'

The file is a model.yaml without golden and version:
  id: wall
  task: classification
  classes: [forward, left, right]
  input: {name: ranges, from: {topic: /scan, path: ranges}, size: 24, mean: [0], std: [1]}
  output: {logits: logits}
`;

const importExamples = `
Examples:
  fieldloop models import sim/model
  fieldloop models import ./candidate --alias candidate
`;
