/** PostgreSQL's own failures as Faults: what is wrong, at which server, and what to do. */
import { Fault, type FaultCode } from '@fieldloop/core';

/** `host:port/database` for messages: a URL holds a password. Fault `invalid` for another text. */
export function postgresPlace(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^postgres(ql)?:$/.test(parsed.protocol)) {
    throw new Fault('invalid', 'the URL of the database is not one of PostgreSQL', {
      remedy: 'Write postgresql://USER:PASSWORD@HOST:PORT/DATABASE.',
    });
  }
  const host = parsed.searchParams.get('host') ?? parsed.hostname;
  const name = decodeURIComponent(parsed.pathname.slice(1));
  return `${host === '' ? 'localhost' : host}:${parsed.port === '' ? '5432' : parsed.port}/${name}`;
}

interface Saying {
  readonly code: FaultCode;
  readonly message: string;
  readonly remedy: string;
  /** Another try may find it free. */
  readonly busy?: boolean;
}

const unavailable = (message: string, remedy: string, busy = false): Saying => ({
  code: 'unavailable',
  message,
  remedy,
  busy,
});

const start = 'Check that PostgreSQL runs there and takes connections from this machine.';
const again = 'Try again: the statement was undone, or its answer was lost.';
const password = 'Check user and password in the URL of the database, and pg_hba.conf there.';
const write = 'Name the primary server in the URL of the database: this one is read-only.';
const rights = 'Make the user of the URL the owner of the database, as `create database … owner`.';
const space = 'Make room on the disk of the database server, or give it more memory.';

/** By SQLSTATE, the longest beginning first. */
const states: readonly (readonly [string, Saying])[] = [
  ['28', unavailable('the database refused the user or the password', password)],
  [
    '3D000',
    unavailable(
      'the database is not there',
      'Make it once with `createdb`, or correct its name in the URL of the database.',
    ),
  ],
  [
    '53300',
    unavailable(
      'the database takes no more connections',
      'Raise max_connections of the server, or end what else is connected to it.',
      true,
    ),
  ],
  ['53', unavailable('the database server has no room left', space)],
  [
    '55P03',
    unavailable(
      'the database is busy with another write',
      'Try again. If it stays so, look for a long transaction in pg_stat_activity.',
      true,
    ),
  ],
  ['40', unavailable('the database undid this transaction for another', again, true)],
  ['57P03', unavailable('the database server is starting or stopping', start, true)],
  ['57P', unavailable('the database server ended the connection', again)],
  ['25P03', unavailable('the database ended a transaction that waited too long', again)],
  ['08', unavailable('the connection to the database broke', again)],
  ['25006', unavailable('the database takes no writes', write)],
  ['42501', unavailable('the database refuses this to its user', rights)],
  ['58', unavailable('the database server cannot read or write its files', space)],
  [
    '57014',
    {
      code: 'timeout',
      message: 'the database took too long to answer',
      remedy: 'Narrow the query, for example to a shorter time.',
    },
  ],
  [
    'XX00',
    {
      code: 'corrupt',
      message: 'the database is damaged',
      remedy: 'Stop the cloud, look into the log of the server, and restore the last backup.',
    },
  ],
  [
    '22021',
    {
      code: 'invalid',
      message: 'a text holds a character that no database keeps (U+0000)',
      remedy: 'Leave it out.',
    },
  ],
];

/** Codes of the operating system and of the resolver. */
const network =
  /^(E(CONN|NOENT|NOTFOUND|AI_|PIPE|TIMEDOUT|HOST|NET|ACCES)|ERR_TLS|CERT_|SELF_|DEPTH_|UNABLE_)/;
/** What pg itself says, without a code. */
const broken =
  /^(Connection terminated|Client has encountered a connection error|Client was closed)/;
const waiting = /^(timeout expired|timeout exceeded when trying to connect)/;

/** Undefined for a broken constraint or a wrong statement: that stays an error. */
export function postgresFault(error: unknown, place: string): Fault | undefined {
  if (!(error instanceof Error) || error instanceof Fault) return undefined;
  const saying = sayingOf(error, (error as { readonly code?: unknown }).code);
  if (saying === undefined) return undefined;
  const { code, message, remedy, busy = false } = saying;
  return new Fault(code, message, {
    place,
    remedy,
    cause: error,
    ...(busy ? { details: { busy } } : {}),
  });
}

function sayingOf(error: Error, code: unknown): Saying | undefined {
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !network.test(code)) {
    const found = states
      .filter(([state]) => code.startsWith(state))
      .toSorted(([a], [b]) => b.length - a.length);
    return found[0]?.[1];
  }
  if (typeof code === 'string' && network.test(code)) {
    return unavailable(`the database server cannot be reached (${code})`, start);
  }
  if (waiting.test(error.message)) {
    return unavailable(
      'no connection to the database became free in time',
      'Try again. If it stays so, look for long queries in pg_stat_activity.',
      true,
    );
  }
  if (broken.test(error.message)) {
    return unavailable('the connection to the database broke', again);
  }
  return undefined;
}
