/**
 * Which cloud a command speaks to: flags, then the environment, then a profile file in the folder
 * where the command runs, then one in the home folder. `npm run demo` writes the first file,
 * `fieldloop login` the second.
 */
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { didYouMean, Fault } from '@fieldloop/core';
import type { CliIo } from './io.ts';

export interface Profile {
  /** Without a slash at its end. */
  readonly url: string;
  /** Absent only for what needs no rights, such as a login. */
  readonly key: string | undefined;
}

export interface ProfileFlags {
  readonly url?: string | undefined;
  readonly key?: string | undefined;
  /** Name of a profile in the file. */
  readonly profile?: string | undefined;
}

/** A profile as a file keeps it. */
export interface KeptProfile {
  readonly url: string;
  readonly key: string;
}

export interface ProfileFile {
  readonly path: string;
  readonly profiles: Readonly<Record<string, KeptProfile>>;
  /** The one that is used when none is named. */
  readonly current: string;
}

type Where = Pick<CliIo, 'env' | 'cwd'>;

const members = ['url', 'key'] as const;
const usual = 'default';

/** Faults `invalid` and `unauthenticated` say where a value came from and how to give another. */
export function findProfile(given: ProfileFlags, io: Where): Profile & { readonly key: string } {
  const { url, key } = findCloud(given, io);
  if (key !== undefined) return { url, key };
  throw new Fault('unauthenticated', `there is no API key for ${url}`, {
    remedy:
      'Run `fieldloop login`, give --key or set FIELDLOOP_API_KEY; `fieldloop cloud run` prints ' +
      'the first key.',
  });
}

/** The same, but a key is not needed. */
export function findCloud(flags: ProfileFlags, io: Where): Profile {
  const { env } = io;
  const kept = keptProfile(flags.profile ?? nonEmpty(env['FIELDLOOP_PROFILE']), io);
  const sources: readonly (readonly [string, ProfileFlags])[] = [
    ['--url', flags],
    ['FIELDLOOP_API_URL', { url: env['FIELDLOOP_API_URL'], key: env['FIELDLOOP_API_KEY'] }],
    [kept?.path ?? '', kept ?? {}],
  ];
  const [place, { url }] = sources.find(([, one]) => isGiven(one.url)) ?? ['', {}];
  // A key belongs to the cloud it was made for: the file's key never goes to another URL.
  const keys = sources.filter(([name]) => name !== kept?.path || sameCloud(url, kept.url));
  const key = keys.find(([, one]) => isGiven(one.key))?.[1].key;
  if (url === undefined) {
    throw new Fault('invalid', 'no cloud is known here', {
      remedy:
        'Start the demo in this folder (`npm run demo`), run `fieldloop login --url …`, or set ' +
        'FIELDLOOP_API_URL and FIELDLOOP_API_KEY.',
    });
  }
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new Fault('invalid', `"${url.slice(0, 80)}" is not the URL of a cloud`, {
      place,
      remedy: 'Write it as http://127.0.0.1:7400.',
    });
  }
  return { url: url.replace(/\/+$/, ''), key };
}

const isGiven = (text: string | undefined): boolean => text !== undefined && text !== '';
const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

const sameCloud = (a: string | undefined, b: string | undefined): boolean =>
  a?.replace(/\/+$/, '') === b?.replace(/\/+$/, '');

/** The named profile, or the current one of the nearest file. */
function keptProfile(
  name: string | undefined,
  io: Where,
): (KeptProfile & { readonly path: string }) | undefined {
  const files = profileFiles(io);
  if (name === undefined) {
    const [file] = files;
    const one = file?.profiles[file.current];
    return file === undefined || one === undefined ? undefined : { ...one, path: file.path };
  }
  const file = files.find((one) => one.profiles[name] !== undefined);
  const found = file?.profiles[name];
  if (file !== undefined && found !== undefined) return { ...found, path: file.path };
  const known = files.flatMap((one) => Object.keys(one.profiles));
  throw new Fault('not_found', `there is no profile "${name}".${didYouMean(name, known)}`, {
    place: '--profile',
    remedy: '`fieldloop config list` shows the profiles; `fieldloop login --profile` makes one.',
  });
}

/** The files that are there, the nearest first. */
export function profileFiles(io: Where): readonly ProfileFile[] {
  return [join(io.cwd, '.fieldloop', 'cli.json'), homeFile(io)]
    .map(readFile)
    .filter((file) => file !== undefined);
}

/**
 * What a person is told whose profile at home is not used here, because the file of this folder
 * stands before it; empty when it is used.
 */
export function standsBefore(name: string, io: Where): string {
  const [file] = profileFiles(io);
  if (file === undefined || file.path === homeFile(io)) return '';
  const { path, profiles, current } = file;
  const remedy =
    profiles[name] === undefined
      ? `Add --profile ${name} (or set FIELDLOOP_PROFILE=${name}), or move that file away.`
      : `It has a "${name}" too: log in with --profile and another name, or move that file away.`;
  const { url = 'no cloud' } = profiles[current] ?? {};
  return `but not in this folder: ${path} stands before it, with ${url}. ${remedy}\n`;
}

/** Where `fieldloop login` keeps what it gets. */
export function homeFile({ env }: Pick<CliIo, 'env'>): string {
  const config = env['XDG_CONFIG_HOME'] ?? join(env['HOME'] ?? homedir(), '.config');
  return join(config, 'fieldloop', 'cli.json');
}

/** Writes the file whole, readable by its owner alone. Fault `unavailable` when it cannot be. */
export function writeProfiles(file: ProfileFile): void {
  const { path, profiles, current } = file;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.part`, `${JSON.stringify({ current, profiles }, undefined, 2)}\n`, {
      mode: 0o600,
    });
    chmodSync(`${path}.part`, 0o600);
    renameSync(`${path}.part`, path);
  } catch (error) {
    throw new Fault('unavailable', 'the profile cannot be written', {
      place: path,
      remedy: 'Check that its folder is yours to write, or use FIELDLOOP_API_KEY.',
      cause: error,
    });
  }
}

/** Undefined when it is not there or not ours to read: the next place may have one. */
function readFile(path: string): ProfileFile | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
  const document = parse(text, path);
  if (document['profiles'] === undefined) {
    return { path, profiles: { [usual]: checked(document, path) }, current: usual };
  }
  const profiles = Object.entries(document['profiles'] as Readonly<Record<string, object>>);
  const current = document['current'];
  return {
    path,
    profiles: Object.fromEntries(
      profiles.map(([name, one]) => [name, checked(one as Record<string, unknown>, path)]),
    ),
    current: typeof current === 'string' ? current : usual,
  };
}

function checked(profile: Readonly<Record<string, unknown>>, path: string): KeptProfile {
  const unknown = Object.keys(profile).find((name) => !members.some((one) => one === name));
  if (unknown !== undefined) {
    throw new Fault('invalid', `unknown member "${unknown}".${didYouMean(unknown, members)}`, {
      place: path,
      remedy: `A profile has ${members.join(' and ')}.`,
    });
  }
  for (const name of members) {
    if (typeof profile[name] === 'string') continue;
    throw new Fault('invalid', `the profile has no ${name}`, {
      place: path,
      remedy: 'Write {"url": "http://127.0.0.1:7400", "key": "flk_…"} or remove the file.',
    });
  }
  return { url: String(profile['url']), key: String(profile['key']) };
}

function parse(text: string, path: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch (error) {
    throw broken(path, error);
  }
  throw broken(path, undefined);
}

const broken = (place: string, cause: unknown): Fault =>
  new Fault('invalid', 'the profile is not a JSON object', {
    place,
    remedy: 'Write {"url": "http://127.0.0.1:7400", "key": "flk_…"} or remove the file.',
    cause,
  });
