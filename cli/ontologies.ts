/** `fieldloop ontologies`: what may be said of moments, version by version. */
import { answer, type Schemas } from './client.ts';
import { Command } from './commander.ts';
import { readDocument } from './document.ts';
import type { CliIo, Show } from './io.ts';
import {
  type ApiOptions,
  apiOptions,
  clientOf,
  type ListOptions,
  listOptions,
  printList,
  printOne,
} from './list.ts';
import { getCommand } from './noun.ts';
import { facts, showOf, timeColumn } from './show.ts';

type Ontology = Schemas['Ontology'];

export function ontologiesCommand(io: CliIo): Command {
  const ontologies = new Command('ontologies').description(
    'Classes and attributes that people choose from.',
  );
  listOptions(ontologies.command('list').description('Versions, the newest first.'))
    .option('--name <name>', 'of this name')
    .addHelpText('after', examples)
    .action(async (options: ListOptions & { readonly name?: string }) => {
      await printList<Ontology>(options, io, {
        path: '/v1/ontologies',
        query: { name: options.name },
        columns: [
          { title: 'NAME', of: (one) => one.name },
          { title: 'VERSION', of: (one) => String(one.version) },
          { title: 'CLASSES', of: (one) => classNames(one), shrinks: true },
          timeColumn('SAVED', (one) => one.createdAt),
          { title: 'ID', of: (one) => one.id.slice(0, 12) },
        ],
        none: 'there is no ontology; `fieldloop ontologies create FILE` saves one',
      });
    });
  getCommand<Ontology>(ontologies, io, {
    argument: 'id',
    says: 'One version by its id, or the newest of a name.',
    read: async (client, id) =>
      await answer(client.GET('/v1/ontologies/{id}', { params: { path: { id } } })),
    text: ontologyText,
  });
  apiOptions(
    ontologies
      .command('create <file>')
      .description('Save a version from a YAML or JSON file; the same words are the same version.'),
  )
    .addHelpText('after', examples)
    .action(async (file: string, options: ApiOptions) => {
      const body = (await readDocument(file, io)) as never;
      const saved = await answer(clientOf(options, io).POST('/v1/ontologies', { body }));
      printOne(saved, options, io, () => ontologyText(saved, showOf(options)));
    });
  return ontologies;
}

const classNames = (one: Ontology): string => one.classes.map(({ name }) => name).join(', ');

const ontologyText = (one: Ontology, show: Show): string =>
  facts([
    ['ontology', one.name],
    ['version', String(one.version)],
    ['id', one.id],
    ['classes', classNames(one)],
    ['saved', `${show.time(one.createdAt)} by ${one.createdBy}`],
    ['guide', one.guide],
  ]);

const examples = `
Examples:
  fieldloop ontologies list --name wall
  fieldloop ontologies create wall.yaml

with, in wall.yaml:
  name: wall
  guide: Say what the robot should do next.
  classes:
    - name: forward
    - name: left
      attributes: [{name: sharp, kind: boolean}]
`;
