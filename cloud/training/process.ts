/**
 * Processes of trainers. They outlive the worker that started them: the pid of each attempt is in
 * a file that the process itself makes before it becomes the trainer, and only one process can
 * make it. A pid counts together with the time at which its process began, for pids come again.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { asFault, Fault } from '@fieldloop/core';

export interface TrainerCommand {
  readonly command: readonly string[];
  /** The whole environment: what the cloud has in its own is none of a trainer's business. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface Started {
  readonly pid: number;
  /** Its exit code, null when a signal ended it; undefined as long as it runs. */
  readonly exit: () => number | null | undefined;
}

/**
 * The shell makes the pid file and becomes the trainer; where another one made it, it ends. What
 * /proc says of it is written as well: field 22 is when it began.
 */
const launcher =
  'set -C; read -r said < "/proc/$$/stat" || said=; ' +
  '{ echo "$$ $said" > "$0"; } 2> /dev/null || exit 79; exec "$@"';

/** Below the cloud's own priority: people wait for that. */
export const niceness = 10;

/** Fault `unavailable` when nothing can be started. */
export async function startTrainer(
  { command, environment }: TrainerCommand,
  at: { readonly pidFile: string; readonly stderrFile: string; readonly job: string },
): Promise<Started> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND;
  await using stderr = await open(at.stderrFile, flags, 0o600);
  const child = spawn('/bin/sh', ['-c', launcher, at.pidFile, ...command, at.job], {
    detached: true,
    stdio: ['ignore', 'ignore', stderr.fd],
    env: { ...environment },
  });
  let exit: number | null | undefined;
  child.once('exit', (code) => {
    exit = code;
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => {
      const message = `no process can be started: ${asFault(error).message}`;
      reject(new Fault('unavailable', message, { remedy: 'Look at the machine: pids, memory.' }));
    });
  });
  // Nobody waits for it when the worker ends.
  child.unref();
  const pid = child.pid ?? 0;
  try {
    setPriority(pid, niceness);
  } catch {
    // It ended already.
  }
  return { pid, exit: () => exit };
}

export interface Known {
  readonly pid: number;
  readonly startedAtMs: number;
  readonly isAlive: boolean;
}

/** What the pid file says; undefined without one, pid 0 as long as it is empty. */
export async function knownProcess(pidFile: string): Promise<Known | undefined> {
  try {
    const { mtimeMs } = await stat(pidFile);
    const text = (await readFile(pidFile, 'utf8')).trim();
    const pid = Number(text.split(' ', 1)[0] ?? '');
    const began = beganAt(text.slice(text.indexOf(' ') + 1));
    const isAlive = pid > 0 && began !== undefined && began === (await beganNow(pid));
    return { pid, startedAtMs: mtimeMs, isAlive };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** To the whole group of the trainer: what it started ends as well. */
export function signalTrainer({ pid }: Pick<Known, 'pid'>, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Clock ticks since the boot; undefined for a process that is no more, or is being buried. */
async function beganNow(pid: number): Promise<string | undefined> {
  try {
    const said = await readFile(`/proc/${pid}/stat`, 'utf8');
    return fieldsOf(said)[0] === 'Z' ? undefined : beganAt(said);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}

/** The name in brackets may hold anything: fields are counted behind it, from number 3. */
const fieldsOf = (said: string): readonly string[] =>
  said.slice(said.lastIndexOf(')') + 2).split(' ');

const beganAt = (said: string): string | undefined => fieldsOf(said)[22 - 3];
