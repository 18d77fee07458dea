/** `fieldloop enrolments`: certificates that robots were given. */
import type { Schemas } from './client.ts';
import { Command } from './commander.ts';
import type { CliIo, Column } from './io.ts';
import { type ListOptions, listOptions, printList } from './list.ts';
import { timeColumn } from './show.ts';

type Enrolment = Schemas['Enrolment'];

export function enrolmentsCommand(io: CliIo): Command {
  const enrolments = new Command('enrolments').description(
    'Certificates that robots were given when they enrolled or renewed.',
  );
  listOptions(enrolments.command('list').description('Certificates, the newest first.'))
    .option('--device <name>', 'of this robot')
    .addHelpText('after', examples)
    .action(async (options: ListOptions & { readonly device?: string }) => {
      await printList<Enrolment>(options, io, {
        path: '/v1/enrolments',
        query: { device: options.device },
        columns,
        none: 'no robot has enrolled; `fieldloop tokens create` lets one',
      });
    });
  return enrolments;
}

const columns: readonly Column<Enrolment>[] = [
  { title: 'DEVICE', of: (one) => one.device, shrinks: true },
  { title: 'STATE', of: (one) => one.state },
  timeColumn('ISSUED', (one) => one.issuedAt),
  timeColumn('ENDS', (one) => one.endedAt ?? one.notAfter),
  { title: 'SERIAL', of: (one) => one.serial, shrinks: true, drops: 1 },
  { title: 'FINGERPRINT', of: (one) => one.id.slice(0, 16) },
];

const examples = `
Examples:
  fieldloop enrolments list --device amr-01
`;
