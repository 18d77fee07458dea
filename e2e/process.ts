/**
 * Real processes of a site: the cloud, the simulator, agents. Each has its own process group, so
 * that Ctrl-C reaches the caller alone, which stops them in order; each writes its log to a file
 * that a failure message can quote.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, createWriteStream, openSync, readFileSync } from 'node:fs';
import { Fault } from '@fieldloop/core';

export interface Program {
  readonly name: string;
  /** Arguments of `node`. */
  readonly args: readonly string[];
  readonly cwd: string;
  readonly logFile: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Running {
  readonly name: string;
  readonly pid: number;
  /** The first line on stdout, which each program prints when it is ready. */
  readonly ready: Promise<string>;
  /** Resolves with the exit code; 128 and more after a signal. */
  readonly exited: Promise<number>;
  isRunning(): boolean;
  /** Last lines of its log. */
  tail(): string;
  /** SIGTERM, then SIGKILL after `graceMs`. */
  stop(graceMs: number): Promise<void>;
  /** SIGKILL, at once. */
  kill(): Promise<void>;
}

const tailLines = 8;

export function startProgram(program: Program): Running {
  const log = openSync(program.logFile, 'a');
  const child = spawn(process.execPath, program.args, {
    cwd: program.cwd,
    detached: true,
    env: { ...process.env, ...program.env },
    stdio: ['ignore', 'pipe', log],
  });
  closeSync(log);
  child.stdout?.pipe(createWriteStream(program.logFile, { flags: 'a' }));
  // A caller that ends without stopping it, on whatever way, leaves no process behind.
  const orphaned = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', orphaned);
  const exited = new Promise<number>((resolve) => {
    child.on('exit', (code) => resolve(code ?? 128));
    child.on('error', () => resolve(127));
  });
  void exited.then(() => process.off('exit', orphaned));
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  const tail = (): string =>
    readFileSync(program.logFile, 'utf8').trimEnd().split('\n').slice(-tailLines).join('\n');
  const ready = firstLine(child, program.name, exited, tail);
  // A caller may never wait for readiness; an early end is then told by `exited`.
  ready.catch(() => {});
  return {
    name: program.name,
    pid: child.pid ?? 0,
    ready,
    exited,
    isRunning,
    tail,
    async stop(graceMs) {
      if (!isRunning()) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await exited;
      clearTimeout(timer);
    },
    async kill() {
      if (!isRunning()) return;
      child.kill('SIGKILL');
      await exited;
    },
  };
}

async function firstLine(
  child: ChildProcess,
  name: string,
  exited: Promise<number>,
  tail: () => string,
): Promise<string> {
  const line = new Promise<string>((resolve) => {
    let text = '';
    child.stdout?.on('data', (part: Buffer) => {
      if (text.includes('\n')) return;
      text += part.toString();
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')));
    });
  });
  const early = exited.then((code): never => {
    throw new Fault('unavailable', `${name} ended with exit code ${code}:\n${tail()}`, {
      remedy: 'Its last lines above say why.',
    });
  });
  early.catch(() => {});
  return await Promise.race([line, early]);
}
