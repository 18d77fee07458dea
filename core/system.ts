/**
 * The real clock, the real chance and the real log: the one file of this room that touches the
 * process. Only `main.ts` files and tests of whole programs import it; everybody else is handed
 * the ports.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pino from 'pino';
import type { Clock } from './clock.ts';
import { Fault } from './fault.ts';
import { type Ids, openIds } from './ids.ts';
import type { Log } from './log.ts';

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, signal === undefined ? {} : { signal });
  },
};

export const systemRandomBytes = (length: number): Uint8Array =>
  new Uint8Array(randomBytes(length));

export const systemIds: Ids = openIds({ clock: systemClock, randomBytes: systemRandomBytes });

/**
 * For tests that fail parts on purpose: every day they draw some of the moments, and take all of
 * them where `FIELDLOOP_TESTS=long` is set, as CI does.
 */
export const isLongRun: boolean = process.env['FIELDLOOP_TESTS'] === 'long';

const secretKeys = [
  'token',
  'claimToken',
  'secret',
  'password',
  'authorization',
  'apiKey',
  'privateKey',
];

/** Where an expected failure came from is in its place and message; a bug needs its stack. */
function errorFields(error: Error): object {
  const { stack, ...told } = pino.stdSerializers.err(error);
  return error instanceof Fault && error.code !== 'internal' ? told : { ...told, stack };
}

/** JSON lines on stdout (or a file descriptor); secrets are struck out by key name. */
export function openLog(options: { readonly level: string; readonly fd?: number }): Log {
  const logger = pino(
    {
      level: options.level,
      base: null,
      redact: { paths: secretKeys.flatMap((key) => [key, `*.${key}`]), censor: '[secret]' },
      serializers: { error: errorFields, cause: errorFields },
    },
    pino.destination({ fd: options.fd ?? 1, sync: true }),
  );
  const wrap = (inner: pino.Logger): Log => ({
    error: (phrase, fields) => inner.error(fields ?? {}, phrase),
    warn: (phrase, fields) => inner.warn(fields ?? {}, phrase),
    info: (phrase, fields) => inner.info(fields ?? {}, phrase),
    debug: (phrase, fields) => inner.debug(fields ?? {}, phrase),
    child: (station) => wrap(inner.child({ station })),
  });
  return wrap(logger);
}
