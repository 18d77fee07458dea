/**
 * Runs a program of this clone on the Node that it needs. Plain JavaScript, because the Node that
 * starts it may be too old to read TypeScript: then the Node of `.toolchain` takes over.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as modules from 'node:module';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The first release line whose type stripping and SQLite flags this code relies on. */
const neededMajor = 24;
const neededMinor = 15;

/**
 * V8 for programs that stay up: MiB of young objects a thread; MiB of old ones at which it first
 * collects, and by how much they may grow before each next time. By its own choice it lets garbage
 * stand until a quarter of a GiB: a cloud that answers queries held 345 MiB, with these 204.
 */
const cloudBounds = {
  flags: ['--max-semi-space-size=8', '--initial-old-space-size=96', '--heap-growing-percent=50'],
  environment: {},
};

const root = fileURLToPath(new URL('..', import.meta.url));

/** True when this process can run the code itself. */
export function runsHere(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major === neededMajor && minor >= neededMinor;
}

/** The Node that set-up installed in this clone, or undefined before set-up. */
export function toolchainNode(directory = join(root, '.toolchain')) {
  const name = `node-${process.platform}-${process.arch}`;
  const path = join(directory, 'node_modules', name, 'bin', 'node');
  return existsSync(path) ? path : undefined;
}

/**
 * What every program of this clone runs with, its threads and children included. Compiled code is
 * kept, which halves the time to start; ONNX Runtime's own telemetry, which would speak to its
 * maker from a robot, is off unless somebody set the variable to something else.
 */
export function programEnvironment(env = process.env) {
  return {
    NODE_COMPILE_CACHE: join(root, '.toolchain', 'compile-cache'),
    ORT_DISABLE_TELEMETRY: '1',
    ...env,
  };
}

/**
 * Calls `main(argv)` of the module at `entry`, here or under the clone's own Node, and ends this
 * process with its exit code. `bounds` hold for who stays up.
 */
export async function launch(entry, argv = process.argv.slice(2), bounds = cloudBounds) {
  if (!existsSync(join(root, 'node_modules'))) {
    stop('this clone is not set up yet');
    return;
  }
  if (runsHere()) {
    Object.assign(process.env, programEnvironment());
    modules.enableCompileCache(process.env.NODE_COMPILE_CACHE);
    stayWithin(bounds, argv);
    const program = await import(pathToFileURL(entry).href);
    process.exitCode = await program.main(argv);
    return;
  }
  const node = toolchainNode();
  if (node === undefined) {
    stop(`Node ${process.versions.node} cannot run Fieldloop, which needs 24.15 or later`);
    return;
  }
  handOver(node, [...bounds.flags, join(root, 'core', 'run.mjs'), entry, ...argv], {
    ...programEnvironment(),
    ...bounds.environment,
  });
}

/** `cloud run` and the robot's `run` stay up; V8 takes these at the start of a process only. */
const staysUp = (argv) => process.execve !== undefined && argv.includes('run');

/**
 * For a program that stays up: this process under flags of V8 and an environment for the system's
 * allocator, which both take at a start only. Same id, terminal and files.
 */
export function stayWithin(bounds, argv = process.argv.slice(2)) {
  if (!staysUp(argv) || process.execArgv.includes(bounds.flags[0])) return;
  const flags = [...process.execArgv, ...bounds.flags];
  const [node, program] = process.argv;
  process.execve(process.execPath, [node, ...flags, program, ...argv], {
    ...process.env,
    ...bounds.environment,
  });
}

/** Becomes `node args`: same terminal, same signals, same exit code. */
export function handOver(node, args, env) {
  const child = spawn(node, args, { stdio: 'inherit', env });
  // A terminal sends Ctrl-C to both; the child decides what it means.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.on('SIGHUP', () => child.kill('SIGHUP'));
  child.on('error', (error) => stop(`${node} does not start: ${error.message}`));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
  });
}

function stop(problem) {
  process.stderr.write(`${problem}. Run "npm run demo" or "npm test" once in ${root}\n`);
  process.exitCode = 8;
}
