/**
 * Hashes of passwords: argon2id (RFC 9106) by Node's own OpenSSL, off the main thread, as PHC
 * strings (`$argon2id$v=19$m=19456,t=2,p=1$salt$hash`, base64 without padding).
 */
import { argon2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { Fault, type RandomBytes } from '@fieldloop/core';
import { passwordCost, passwordHashesAtOnce, passwordHashesWaiting } from '../limits.ts';

export interface Cost {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly lanes: number;
}

export interface Passwords {
  /** A PHC string with a fresh salt. */
  hash(password: string): Promise<string>;
  /**
   * Whether the password made this hash; `stale` when it was made at another cost. Without a hash
   * it does the same work and says no, so that an unknown account takes as long as a known one.
   */
  verify(password: string, phc: string | undefined): Promise<PasswordVerdict>;
  /** Hashes computed so far. */
  readonly computed: number;
}

export interface PasswordVerdict {
  readonly ok: boolean;
  readonly stale: boolean;
}

const saltBytes = 16;
const hashBytes = 32;
const derive = promisify(argon2);

/** Each hash holds its memory while it runs: few run at once, and a bounded number wait. */
export function openPasswords(deps: {
  readonly randomBytes: RandomBytes;
  readonly cost?: Cost;
}): Passwords {
  const cost = deps.cost ?? passwordCost;
  const turn = openTurns();
  let computed = 0;
  const compute = async (password: string, salt: Uint8Array, at: Cost): Promise<Buffer> =>
    await turn(async () => {
      computed += 1;
      return await derive('argon2id', {
        // One password has one form, whichever way the keyboard composed it.
        message: password.normalize('NFKC'),
        nonce: salt,
        memory: at.memoryKiB,
        passes: at.passes,
        parallelism: at.lanes,
        tagLength: hashBytes,
      });
    });
  return {
    async hash(password) {
      const salt = deps.randomBytes(saltBytes);
      return phcText({ cost, salt, hash: await compute(password, salt, cost) });
    },
    async verify(password, phc) {
      const known = phc === undefined ? undefined : parsePhc(phc);
      if (known === undefined) {
        await compute(password, deps.randomBytes(saltBytes), cost);
        return { ok: false, stale: false };
      }
      const given = await compute(password, known.salt, known.cost);
      const same = given.length === known.hash.length && timingSafeEqual(given, known.hash);
      return { ok: same, stale: same && !sameCost(known.cost, cost) };
    },
    get computed() {
      return computed;
    },
  };
}

interface Phc {
  readonly cost: Cost;
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

export function phcText({ cost, salt, hash }: Phc): string {
  const base64 = (bytes: Uint8Array): string =>
    Buffer.from(bytes).toString('base64').replaceAll('=', '');
  const { memoryKiB, passes, lanes } = cost;
  return `$argon2id$v=19$m=${memoryKiB},t=${passes},p=${lanes}$${base64(salt)}$${base64(hash)}`;
}

/** Undefined for another algorithm, version or form. */
export function parsePhc(text: string): Phc | undefined {
  const form =
    /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;
  const match = form.exec(text);
  if (match === null) return undefined;
  const [, memory, passes, lanes, salt = '', hash = ''] = match;
  return {
    cost: { memoryKiB: Number(memory), passes: Number(passes), lanes: Number(lanes) },
    salt: Buffer.from(salt, 'base64'),
    hash: Buffer.from(hash, 'base64'),
  };
}

const sameCost = (a: Cost, b: Cost): boolean =>
  a.memoryKiB === b.memoryKiB && a.passes === b.passes && a.lanes === b.lanes;

/** Runs few at once; the rest wait in order, up to a number, beyond which they are refused. */
function openTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= passwordHashesAtOnce) {
      if (waiting.length >= passwordHashesWaiting) {
        throw new Fault('unavailable', 'too many logins are being checked at this moment', {
          remedy: 'Try again in a few seconds.',
          retryAfterMs: 3000,
        });
      }
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      running += 1;
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
