/** `fieldloop-agent`: the commands of the program on the robot. */
import { setTimeout as delay } from 'node:timers/promises';
import { asFault, faultLine, faultTable, type Log, seededRandom } from '@fieldloop/core';
import { openLog, systemClock, systemIds, systemRandomBytes } from '@fieldloop/core/system';
import type { Agent } from './agent-types.ts';
import { addEnroll } from './cli-enroll.ts';
import { addLocalCommands } from './cli-local.ts';
import { addReplay } from './cli-replay.ts';
import { collectGarbage } from './collect.ts';
import { Command, CommanderError } from './commander.ts';
import { type AgentConfig, loadConfig } from './config.ts';
import { openNotify } from './health/notify.ts';
import { readStatus } from './health/socket.ts';
import { statusSocketPath } from './health/status.ts';
import type { Finding } from './finding.ts';
import { leveledLog } from './leveled-log.ts';
import { startIsOverMs, startProvenMs } from './limits.ts';
import { startAgent } from './main.ts';
import type { Output } from './output.ts';
import { countStart } from './starts.ts';
import { statusText } from './status-text.ts';
import { agentVersion } from './version.ts';
import { leftBehind } from './thread.ts';
import { untilAsked } from './until-asked.ts';

const defaultConfig = '/etc/fieldloop/agent.yaml';

/** `EX_TEMPFAIL`: both Restart=always and Restart=on-failure start it again. */
const restartExitCode = 75;

const example = `
A whole agent.yaml (paths are relative to its folder):
  device: {name: amr-017, site: ber1, firmware: 1.4.2, properties: {hw: orin-nx}}
  cloud: {claimToken: "\${FIELDLOOP_CLAIM_TOKEN}"}
  sources:
  - {name: main, folder: /data/bags, glob: "*.mcap"}       # also while it is written
  # {name: again, file: run.bag, speed: max}               # one replay: 1, 10, max
  # {name: live, sim: "tcp://127.0.0.1:9000"}              # the simulator
  models: [{id: classifier, path: models/classifier}]
  rules: rules.yaml
  window: {seconds: 60, memory: 64MiB}
  # of room: a size, or a share of the disk
  buffer: {path: /var/lib/fieldloop, quota: 20%, headroom: 5GiB, reserve: {critical: 25%}}
  uplink:
    reconnectMost: 300s
    # policies:                                             # what may go over which network
    # - {when: net = wifi}
    # - {when: net = lte, maxKbps: 800, perDay: 300MiB, classes: [critical]}
  limits: {clip: 120s, silent: 5s, cpu: 35%, memory: 250MiB}
  log: {level: info}
`;

const processOutput: Output = {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
};

/** Runs one command; gives the exit code. What goes wrong is told on stderr with a remedy. */
export async function main(
  argv: readonly string[],
  output: Output = processOutput,
): Promise<number> {
  if (output === processOutput) endWithReader();
  let code = 0;
  const program = commands(output, (result) => {
    code = result;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    if (output === processOutput) leaveThreads();
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return explain(error, output);
  }
}

/** The reader of a pipe went away, as `head` does: nothing is wrong and nothing is left to say. */
function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

/** Everything is written by now; with such a thread, Node would abort at the ordinary end. */
function leaveThreads(): void {
  if (leftBehind.size > 0) process.kill(process.pid, 'SIGKILL');
}

function explain(error: unknown, { err }: Output): number {
  const fault = asFault(error);
  err(`${faultLine(fault)}\n`);
  if (fault.code === 'internal' && fault.cause instanceof Error) {
    err(`${fault.cause.stack}\n`);
  }
  return faultTable[fault.code].exit;
}

function commands(output: Output, done: (code: number) => void): Command {
  const program = new Command('fieldloop-agent')
    .description('Watches a robot, keeps the seconds that matter and brings them to the cloud.')
    .version(agentVersion)
    .exitOverride()
    .configureOutput({ writeOut: (text) => output.out(text), writeErr: (text) => output.err(text) })
    .configureHelp({ showGlobalOptions: true })
    .option('-c, --config <file>', 'the configuration', defaultConfig)
    .addHelpText(
      'after',
      `
Examples:
  fieldloop-agent check --config agent.yaml     what is wrong, before it matters
  fieldloop-agent run --config agent.yaml       reads, judges, cuts, uploads; Ctrl-C stops it
  fieldloop-agent status --config agent.yaml    what it is doing now
  fieldloop-agent doctor --config agent.yaml    what is wrong with it, and what to do
  fieldloop-agent replay run.mcap --rules r.yaml   what these rules would do
  fieldloop-agent clips list                    what it holds; show, export and drop one
  fieldloop-agent clip now --pre 30s --tag "odd noise"
  fieldloop-agent enroll --token flc_… --config agent.yaml   or --csr and --cert, with no network

Exit codes: 0 done, 1 a defect of the agent, 2 invalid, 3 not allowed, 4 not found, 5 conflict,
6 corrupt, 7 beyond a limit, 8 unavailable, 9 too late, 75 to be started again: the cloud asked for
it, or safe mode is over.
`,
    );
  const config = (): string => program.opts<{ config: string }>().config;
  program
    .command('run')
    .description('run the agent until it is stopped; enrols first when it has to')
    .option('--supervised', 'something starts it again when it ends, as systemd does')
    .addHelpText('after', example)
    .action(async (options: { supervised?: true }) => done(await run(config(), options)));
  program
    .command('check')
    .description('look at configuration, folders, disk, models, rules, certificate and clock')
    .option('--json', 'one JSON document')
    .addHelpText('after', example)
    .action(async (options: { json?: true }) => done(await check(config(), options, output)));
  program
    .command('status')
    .description('ask the agent that runs on this machine')
    .option('--json', 'one JSON document')
    .option('--watch', 'again each second, until Ctrl-C')
    .action(async (options: { json?: true; watch?: true }) =>
      done(await status(config(), options, output)),
    );
  program
    .command('doctor')
    .description('check, and what the agent that runs knows: each finding with what to do')
    .option('--json', 'one JSON document')
    .action(async (options: { json?: true }) => done(await doctor(config(), options, output)));
  addReplay(program, { ...output, file: config });
  const tools = { ...output, config: () => loadConfig(config(), process.env) };
  addLocalCommands(program, tools);
  addEnroll(program, tools);
  return program;
}

async function run(file: string, options: { readonly supervised?: true }): Promise<number> {
  const readConfig = (): AgentConfig => loadConfig(file, process.env);
  const config = readConfig();
  const { level } = config.log;
  const leveled = leveledLog(openLog({ level: 'debug' }), { level, now: () => systemClock.now() });
  const { log } = leveled;
  const isSupervised = options.supervised === true || process.env['INVOCATION_ID'] !== undefined;
  const starts = await countStart(config.buffer.path, { clock: systemClock, log });
  const random = seededRandom(Buffer.from(systemRandomBytes(16)).toString('hex'));
  const stopping = new AbortController();
  const restart = Promise.withResolvers<'restart'>();
  const asked = Promise.race([untilAsked(), restart.promise]).finally(() => stopping.abort());
  const starting = startAgent(config, {
    clock: systemClock,
    ids: systemIds,
    random,
    log,
    levels: leveled,
    onRestart: () => restart.resolve('restart'),
    stopping: stopping.signal,
    notify: openNotify(process.env, { log }),
    // A person who starts it again and again sees what is wrong; nobody else would.
    isSafe: isSupervised && starts.isSafe,
    readConfig,
  });
  // One that comes early waits: unheard, the signal would end the process.
  process.on('SIGHUP', () => {
    starting.then(
      (one) => reloaded(one, log),
      () => undefined,
    );
  });
  const agent = await starting;
  // An aborted sleep is a stop.
  systemClock.sleep(startIsOverMs, stopping.signal).then(collectGarbage, () => undefined);
  const proving = systemClock.sleep(startProvenMs, stopping.signal).then(
    () => starts.proven(),
    () => undefined,
  );
  const why = await asked;
  log.info('stopping', { signal: why });
  if (why === 'restart' && !isSupervised) {
    log.warn('the cloud asked for a restart, and no supervisor is known', {
      remedy: 'Start the agent again, or let systemd run it: Restart=always does so by itself.',
    });
  }
  await agent.stop();
  await proving;
  await starts.proven();
  return why === 'restart' ? restartExitCode : 0;
}

/** A configuration that cannot be read changes nothing. */
function reloaded(agent: Agent, log: Log): void {
  try {
    agent.reload();
  } catch (error) {
    log.error('the configuration was not read again; the last one holds', {
      error: asFault(error),
    });
  }
}

async function check(
  file: string,
  options: { readonly json?: true },
  output: Output,
): Promise<number> {
  const config = loadConfig(file, process.env);
  const { checkAgent } = await import('./check.ts');
  return await tellFindings(checkAgent(config, { clock: systemClock }), options, output);
}

/** Warnings are for a person: only an error is a failure. */
async function doctor(
  file: string,
  options: { readonly json?: true },
  output: Output,
): Promise<number> {
  const config = loadConfig(file, process.env);
  const { examine } = await import('./doctor.ts');
  return await tellFindings(examine(config, { clock: systemClock }), options, output);
}

async function tellFindings(
  found: AsyncIterable<Finding>,
  options: { readonly json?: true },
  { out }: Output,
): Promise<number> {
  const findings: Finding[] = [];
  for await (const finding of found) {
    findings.push(finding);
    if (options.json === true) continue;
    const mark = { ok: 'ok     ', warning: 'warning', error: 'ERROR  ' }[finding.level];
    out(`${mark}  ${finding.about}: ${finding.text}\n`);
  }
  const count = (level: Finding['level']): number =>
    findings.filter((finding) => finding.level === level).length;
  if (options.json === true) {
    out(`${JSON.stringify({ findings }, undefined, 2)}\n`);
  } else {
    const told = (level: 'error' | 'warning'): string =>
      `${count(level)} ${level}${count(level) === 1 ? '' : 's'}`;
    out(`${told('error')}, ${told('warning')}\n`);
  }
  return count('error') === 0 ? 0 : 2;
}

async function status(
  file: string,
  options: { readonly json?: true; readonly watch?: true },
  { out }: Output,
): Promise<number> {
  const socketPath = statusSocketPath(loadConfig(file, process.env).buffer.path);
  const stopped = options.watch === true ? untilAsked().then(() => true) : Promise.resolve(true);
  for (;;) {
    const now = await readStatus(socketPath);
    const text = options.json === true ? `${JSON.stringify(now)}\n` : statusText(now);
    out(options.watch === true && options.json !== true ? `\n${text}` : text);
    const isOver = await Promise.race([stopped, delay(1_000, false, { ref: true })]);
    if (isOver) return 0;
  }
}
