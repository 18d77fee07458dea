/** `fieldloop-agent enroll`: by a claim token, or by a request and a certificate that are carried. */
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { asFault, Fault } from '@fieldloop/core';
import { openLog, systemClock } from '@fieldloop/core/system';
import { identityFolder } from './cloud-link.ts';
import type { Command } from './commander.ts';
import type { AgentConfig } from './config.ts';
import type { Identity } from './enroll/identity.ts';
import { maxEnrollReplyBytes } from './limits.ts';
import type { Output } from './output.ts';

export interface EnrollTools extends Output {
  /** The configuration that the command line names. */
  readonly config: () => AgentConfig;
}

interface EnrollWish {
  readonly token?: string;
  readonly csr?: string;
  readonly cert?: string;
  readonly broker?: string;
}

export function addEnroll(program: Command, tools: EnrollTools): void {
  program
    .command('enroll')
    .description('give this robot its identity: by a claim token, or by files carried to the cloud')
    .option('--token <token>', 'what "fieldloop tokens create" printed; else that of the config')
    .option('--csr <file>', 'without a network: make the key, write its request there; - is stdout')
    .option('--cert <file>', 'without a network: install what was signed for it; - is stdin')
    .option('--broker <url>', 'with --cert: mqtts://HOST:PORT, when the file does not say it')
    .addHelpText(
      'after',
      `
Without a network between robot and cloud:
  fieldloop-agent enroll --csr amr-017.csr                      on the robot; the key stays here
  fieldloop enrolments sign amr-017.csr > amr-017.pem           where the cloud is
  fieldloop-agent enroll --cert amr-017.pem                     on the robot
`,
    )
    .action(async (wish: EnrollWish) => {
      const config = tools.config();
      const given = (['token', 'csr', 'cert'] as const).filter((one) => wish[one] !== undefined);
      if (given.length > 1 || (wish.broker !== undefined && wish.cert === undefined)) {
        throw new Fault('invalid', 'these options do not go together', {
          place: given.map((one) => `--${one}`).join(' ') || '--broker',
          remedy: 'Give one of --token, --csr and --cert; --broker goes with --cert.',
        });
      }
      if (wish.csr !== undefined) return await request(config, wish.csr, tools);
      const { cert } = wish;
      const identity = await (cert === undefined
        ? byToken(config, wish.token)
        : byFile(config, { ...wish, cert }));
      return tell(identity, config, tools);
    });
}

const means = () => ({ clock: systemClock, log: openLog({ level: 'warn', fd: 2 }) });

async function byToken(config: AgentConfig, given: string | undefined): Promise<Identity> {
  const token = given ?? config.cloud?.claimToken;
  if (token === undefined) {
    throw new Fault('invalid', 'there is no claim token', {
      place: config.file,
      remedy:
        'Give one with --token; "fieldloop tokens create" prints it. Without a network, see --csr.',
    });
  }
  // Hundreds of modules that no other command needs.
  const { enroll } = await import('./enroll/enroll.ts');
  return await enroll({
    dir: identityFolder(config),
    token,
    name: config.device.name,
    ...means(),
  });
}

async function byFile(
  config: AgentConfig,
  { cert, broker }: { readonly cert: string; readonly broker?: string },
): Promise<Identity> {
  const text = await textOf(cert);
  const { installCertificate } = await import('./enroll/offline.ts');
  const file = { text, name: cert === '-' ? 'stdin' : cert, broker };
  return await installCertificate(file, { dir: identityFolder(config), ...means() });
}

function tell(identity: Identity, config: AgentConfig, { out }: Output): void {
  const until = new Date(identity.notAfterMs).toISOString();
  out(`enrolled as ${identity.device} until ${until}; the broker is ${identity.broker}\n`);
  if (config.cloud === undefined) {
    out(`${config.file} names no cloud, so it is not used: add "cloud: {}" there\n`);
  }
  out('an agent that runs already takes it up at its next start\n');
}

/** With `-` the request is alone on stdout. */
async function request(config: AgentConfig, file: string, { out, err }: Output): Promise<void> {
  const { requestCertificate } = await import('./enroll/offline.ts');
  const { name } = config.device;
  const made = await requestCertificate({ dir: identityFolder(config), name });
  if (file === '-') out(`${made.csr}\n`);
  else await writeRequest(file, made.csr);
  err(`the key waits in ${made.home}; SHA-256 of its public half: ${made.keySha256}\n`);
  const moves = made.device === undefined ? '' : ` --device ${made.device}`;
  err(`next, where the cloud is: fieldloop enrolments sign ${file}${moves} > ${name}.pem\n`);
  err(`then, here: fieldloop-agent enroll --cert ${name}.pem\n`);
}

async function writeRequest(file: string, csr: string): Promise<void> {
  await writeFile(file, `${csr}\n`).catch((error: unknown) => {
    throw new Fault('unavailable', `the request cannot be written: ${asFault(error).message}`, {
      place: file,
      remedy: 'Give a place with room that this user may write to; the same key is used again.',
      cause: error,
    });
  });
}

/** At most as long as the cloud's own answer may be. */
async function textOf(file: string): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  try {
    const bytes = file === '-' ? process.stdin : createReadStream(file);
    for await (const part of bytes as AsyncIterable<Buffer>) {
      parts.push(part);
      length += part.length;
      if (length > maxEnrollReplyBytes) break;
    }
  } catch (cause) {
    throw new Fault('not_found', `it cannot be read: ${asFault(cause).message}`, {
      place: file,
      remedy: 'Give the file that `fieldloop enrolments sign` wrote.',
      cause,
    });
  }
  if (length <= maxEnrollReplyBytes) return Buffer.concat(parts).toString('utf8');
  throw new Fault('invalid', `it is longer than ${maxEnrollReplyBytes} bytes`, {
    place: file,
    remedy: 'Give the file that `fieldloop enrolments sign` wrote, which is shorter.',
  });
}
