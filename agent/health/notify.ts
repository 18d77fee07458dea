/**
 * What the service manager is told, through systemd's own program: Node opens no unix datagram
 * socket. One call at a time, never waited for; of what comes meanwhile the newest status counts.
 */
import { spawn } from 'node:child_process';
import { asFault, type Log } from '@fieldloop/core';
import { notifyWithinMs } from '../limits.ts';

export interface Notify {
  /** True when a service manager listens. */
  readonly isHeard: boolean;
  /** How often it wants to hear of life, ms; undefined: never. */
  readonly watchdogMs: number | undefined;
  ready(status: string): void;
  status(status: string): void;
  /** The process is alive and its stations move. */
  alive(status: string): void;
  /** Resolves when it was told, or could not be. */
  stopping(): Promise<void>;
  reloading(monotonicMs: number): void;
}

export interface NotifyEnvironment {
  readonly NOTIFY_SOCKET?: string | undefined;
  readonly WATCHDOG_USEC?: string | undefined;
  readonly PATH?: string | undefined;
}

const program = '/usr/bin/systemd-notify';

export function openNotify(
  env: NotifyEnvironment,
  deps: { readonly log: Log; readonly program?: string | undefined },
): Notify {
  const socket = env.NOTIFY_SOCKET;
  const isHeard = socket !== undefined && socket !== '';
  const usec = Number(env.WATCHDOG_USEC);
  const sender = openSender(env, { log: deps.log, program: deps.program ?? program });
  const send = (words: readonly string[]): void => {
    if (isHeard) sender.send(words);
  };
  const line = (status: string): string => `STATUS=${status.replaceAll(/\p{Cc}+/gu, ' ')}`;
  return {
    isHeard,
    watchdogMs: isHeard && Number.isFinite(usec) && usec > 0 ? usec / 1_000 : undefined,
    ready: (status) => send(['READY=1', line(status)]),
    status: (status) => send([line(status)]),
    alive: (status) => send(['WATCHDOG=1', line(status)]),
    reloading: (monotonicMs) =>
      send(['RELOADING=1', `MONOTONIC_USEC=${Math.round(monotonicMs * 1_000)}`]),
    async stopping() {
      send(['STOPPING=1', line('stopping')]);
      await sender.settled();
    },
  };
}

interface Sender {
  send(words: readonly string[]): void;
  settled(): Promise<void>;
}

/** READY and STOPPING are never lost behind a status; a failure is told once. */
function openSender(
  env: NotifyEnvironment,
  deps: { readonly log: Log; readonly program: string },
): Sender {
  let waiting: string[] = [];
  let running: Promise<void> | undefined;
  let hasFailed = false;
  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      const words = waiting;
      waiting = [];
      try {
        await call(deps.program, words, env);
        hasFailed = false;
      } catch (error) {
        if (!hasFailed) deps.log.warn('the service manager was not told', { error });
        hasFailed = true;
      }
    }
    running = undefined;
  };
  return {
    send(words) {
      const named = new Map(waiting.map((word) => [word.slice(0, word.indexOf('=')), word]));
      for (const word of words) named.set(word.slice(0, word.indexOf('=')), word);
      waiting = [...named.values()];
      running ??= run();
    },
    settled: async () => {
      await running;
    },
  };
}

function call(path: string, words: readonly string[], env: NotifyEnvironment): Promise<void> {
  const { NOTIFY_SOCKET, PATH } = env;
  return new Promise((resolve, reject) => {
    const child = spawn(path, words, {
      env: { NOTIFY_SOCKET, PATH },
      stdio: 'ignore',
      timeout: notifyWithinMs,
      killSignal: 'SIGKILL',
    });
    child.on('error', (error) => reject(asFault(error)));
    child.on('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${path} ended with ${code ?? signal}`));
    });
  });
}
