/** `fieldloop enrolments`: certificates that robots were given. */
import { answer, type Schemas } from './client.ts';
import { Command } from './commander.ts';
import { readText } from './document.ts';
import type { CliIo, Column } from './io.ts';
import {
  type ApiOptions,
  apiOptions,
  clientOf,
  given,
  type ListOptions,
  listOptions,
  printList,
  printOne,
} from './list.ts';
import { showOf, timeColumn } from './show.ts';

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
  apiOptions(
    enrolments
      .command('sign <request>')
      .description('Sign the request of a robot that has no network to enrol by; - is stdin.'),
  )
    .option('--device <name>', 'the name the robot gets; else it proposes one')
    .option('--site <site>', 'where the robot works')
    .addHelpText('after', signExamples)
    .action(async (file: string, options: SignOptions) => {
      const { device, site } = options;
      const csr = await readText(file, io);
      const client = clientOf(options, io);
      const body = { csr, ...given({ device, site }) };
      const signed = await answer(client.POST('/v1/enrolments', { body }));
      printOne(signed, options, io, () => signed.file);
      if (options.json === true) return;
      const until = showOf(options).time(signed.notAfter);
      io.err(`${signed.device} until ${until}; SHA-256 of its public key: ${signed.keySha256}\n`);
      io.err('next, on the robot: fieldloop-agent enroll --cert FILE\n');
    });
  return enrolments;
}

interface SignOptions extends ApiOptions {
  readonly device?: string;
  readonly site?: string;
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

const signExamples = `
Examples:
  fieldloop enrolments sign amr-017.csr > amr-017.pem
  fieldloop enrolments sign amr-017.csr --device amr-017 > amr-017.pem     a new key for that robot
`;
