/**
 * The cloud's settings: one YAML file, flags above it. Everything wrong is said with its line; an
 * unknown key is refused with the nearest known one.
 */
import { join } from 'node:path';
import { asFault, didYouMean, Fault } from '@fieldloop/core';
import { type Document, isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import {
  type LoginConfig,
  loginConfigOf,
  loginKeys,
  oidcSecretVariable,
} from './auth/oidc-config.ts';
import { type Viewers, viewerKeys, viewersOf } from './blob/viewers.ts';
import { type ProxyConfig, proxiesOf, proxyKeys } from './http/proxy.ts';
import type { ListenAddress } from './http/serve.ts';
import { type OutgoingConfig, outgoingKeys, outgoingOf } from './outgoing/config.ts';
import type { DatabaseAddress } from './store/database.ts';
import { postgresPlace } from './store/postgres-fault.ts';

export interface CloudConfig extends LoginConfig, OutgoingConfig, ProxyConfig {
  /** Folder of blobs, parts and certificate authority, and of the database when it is SQLite. */
  readonly dataDir: string;
  readonly database: DatabaseAddress;
  readonly role: Role;
  readonly http: ListenAddress;
  /** MQTT over mutual TLS. */
  readonly broker: ListenAddress;
  /** HTTPS for robots without a certificate. */
  readonly enrol: ListenAddress;
  /** The name or address by which robots reach this machine, when they are elsewhere. */
  readonly publicHost: string | undefined;
  /**
   * Name of this process in the rows it owns; the same after a restart, another for each process of
   * one role on one machine.
   */
  readonly node: string | undefined;
  /** Where OpenTelemetry traces go; absent: nowhere. */
  readonly traceEndpoint: string | undefined;
  readonly logLevel: LogLevel;
  /** A folder whose programs are trainers, by their file names. */
  readonly trainers: string | undefined;
  /** Where clips are opened. */
  readonly viewers: Viewers;
}

/** What a process does: answer people, hear robots, work in the background, or all of it. */
export type Role = 'all' | 'api' | 'ingest' | 'worker';
const roles: readonly Role[] = ['all', 'api', 'ingest', 'worker'];

type LogLevel = 'error' | 'warn' | 'info' | 'debug';
const logLevels: readonly LogLevel[] = ['error', 'warn', 'info', 'debug'];

/** The listeners when nothing else is said: this machine only. 0 would take a free port. */
export const defaultPorts = { http: 7400, broker: 8883, enrol: 7443 } as const;

/** Settings as text, by key: what a file or the flags say. */
export type CloudSettings = Partial<Record<Key, string>>;

const configKeys = [
  'data',
  'database',
  'role',
  'http',
  'broker',
  'enrol',
  'publicHost',
  'node',
  'trainers',
  'logLevel',
  ...proxyKeys,
  ...viewerKeys,
  ...loginKeys,
  ...outgoingKeys,
] as const;
type Key = (typeof configKeys)[number];

/** Where a setting was said, for the message about it. */
type Places = Partial<Record<Key, string>>;

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * A flag stands above the environment, and that above the file. Faults `invalid`; the place is
 * `file:line:column`, the flag or the variable.
 */
export function readCloudConfig(
  flags: CloudSettings,
  file?: { readonly name: string; readonly text: string },
  env: Environment = {},
): CloudConfig {
  const read = file === undefined ? { settings: {}, places: {} } : readFile(file);
  const url = env[databaseVariable] === '' ? undefined : env[databaseVariable];
  const said = url === undefined ? {} : { database: url };
  const settings: CloudSettings = { ...read.settings, ...said, ...flags };
  const placeOf = (key: Key): string => {
    if (flags[key] !== undefined) return `--${flagOf(key)}`;
    if (key === 'database' && url !== undefined) return databaseVariable;
    return read.places[key] ?? key;
  };
  const listen = (key: 'http' | 'broker' | 'enrol'): ListenAddress =>
    settings[key] === undefined
      ? { host: '127.0.0.1', port: defaultPorts[key] }
      : parseListen(settings[key], placeOf(key));
  if (settings.data === undefined || settings.data === '') {
    throw new Fault('invalid', 'there is no data folder', {
      place: '--data',
      remedy: 'Say where the cloud keeps its data, for example --data ./cloud-data.',
    });
  }
  const level = settings.logLevel ?? 'info';
  const logLevel = oneOf(level, logLevels, { what: 'a log level', place: placeOf('logLevel') });
  const database = databaseIn(settings, placeOf('database'));
  const role = oneOf(settings.role ?? 'all', roles, { what: 'a role', place: placeOf('role') });
  if (database.kind === 'sqlite' && role !== 'all') {
    throw new Fault('invalid', `the role "${role}" needs a database that processes share`, {
      place: placeOf('role'),
      remedy: `Set ${databaseVariable} to PostgreSQL, or leave the role away: SQLite is for one.`,
    });
  }
  return Object.freeze({
    dataDir: settings.data,
    database,
    role,
    http: listen('http'),
    broker: listen('broker'),
    enrol: listen('enrol'),
    publicHost: settings.publicHost,
    node: settings.node === undefined ? undefined : nodeName(settings.node, placeOf('node')),
    traceEndpoint: env[traceVariable] === '' ? undefined : env[traceVariable],
    logLevel,
    trainers: settings.trainers,
    viewers: viewersOf(settings, placeOf),
    ...proxiesOf(settings, placeOf),
    ...outgoingOf(settings, placeOf),
    ...loginConfigOf(settings, env[oidcSecretVariable], placeOf),
  });
}

/** Holds a password: better said here than by a flag, which all users of a machine can see. */
export const databaseVariable = 'FIELDLOOP_DATABASE_URL';

/** As OpenTelemetry names it. */
const traceVariable = 'OTEL_EXPORTER_OTLP_ENDPOINT';

function nodeName(text: string, place: string): string {
  if (/^[a-z0-9][a-z0-9-]{0,62}$/.test(text)) return text;
  throw new Fault('invalid', `"${text.slice(0, 64)}" is not a name for a process`, {
    place,
    remedy: 'Use up to 63 of a-z, 0-9 and -, a letter or digit first.',
  });
}

function databaseIn({ data = '', database }: CloudSettings, place: string): DatabaseAddress {
  if (database === undefined) return { kind: 'sqlite', path: join(data, 'cloud.db') };
  try {
    postgresPlace(database);
  } catch (error) {
    const { code, message, remedy } = asFault(error);
    throw new Fault(code, message, { place, remedy, cause: error });
  }
  return { kind: 'postgres', url: database };
}

function oneOf<T extends string>(
  text: string,
  known: readonly T[],
  say: { readonly what: string; readonly place: string },
): T {
  const found = known.find((one) => one === text);
  if (found !== undefined) return found;
  throw new Fault('invalid', `"${text}" is not ${say.what}.${didYouMean(text, known)}`, {
    place: say.place,
    remedy: `Use one of ${known.join(', ')}.`,
  });
}

/** `127.0.0.1:7400`, `[::1]:0`, `:7400` (every address). */
export function parseListen(text: string, place: string): ListenAddress {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([\w.-]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new Fault('invalid', `"${text.slice(0, 80)}" is not an address to listen at`, {
      place,
      remedy: 'Write HOST:PORT, for example 127.0.0.1:7400; port 0 takes a free one.',
    });
  }
  const host = match[1] ?? match[2] ?? '';
  return { host: host === '' ? '0.0.0.0' : host, port };
}

function readFile(file: { readonly name: string; readonly text: string }) {
  const lines = new LineCounter();
  const document = parseDocument(file.text, { lineCounter: lines, strict: true });
  const at = (offset: number | undefined): string => {
    const { line, col } = lines.linePos(offset ?? 0);
    return `${file.name}:${line}:${col}`;
  };
  const [broken] = document.errors;
  if (broken !== undefined) {
    throw new Fault('invalid', `this is not YAML: ${broken.message.split('\n')[0]}`, {
      place: at(broken.pos[0]),
      remedy: 'Write one KEY: VALUE a line.',
      cause: broken,
    });
  }
  const settings: CloudSettings = {};
  const places: Places = {};
  for (const { key, value, offset } of pairsOf(document, at)) {
    const known = configKeys.find((one) => one === key);
    if (known === undefined) {
      throw new Fault('invalid', `unknown key "${key}".${didYouMean(key, configKeys)}`, {
        place: at(offset),
        remedy: `Known keys: ${configKeys.join(', ')}.`,
      });
    }
    settings[known] = value;
    places[known] = at(offset);
  }
  return { settings, places };
}

function pairsOf(document: Document.Parsed, at: (offset: number | undefined) => string) {
  const { contents } = document;
  if (contents === null) return [];
  if (!isMap(contents)) {
    throw new Fault('invalid', 'the settings are not a map', {
      place: at(contents.range[0]),
      remedy: 'Write one KEY: VALUE a line.',
    });
  }
  return contents.items.map(({ key, value }) => {
    const offset = key.range[0];
    const said = isScalar(value) ? value.value : undefined;
    if (!isScalar(key) || !['string', 'number', 'boolean'].includes(typeof said)) {
      throw new Fault('invalid', `"${String(key)}" has no value of its own`, {
        place: at(offset),
        remedy: 'Every key takes one text, one number, true or false.',
      });
    }
    return { key: String(key.value), value: String(said), offset };
  });
}

const flagOf = (key: Key): string => key.replaceAll(/[A-Z]/g, (one) => `-${one.toLowerCase()}`);
