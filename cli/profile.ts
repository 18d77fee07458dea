/**
 * Which cloud a command speaks to: flags, then the environment, then a profile file in the folder
 * where the command runs, then one in the home folder. `npm run demo` writes the first file.
 */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { didYouMean, Fault } from '@fieldloop/core';
import type { CliIo } from './io.ts';

export interface Profile {
  /** Without a slash at its end. */
  readonly url: string;
  readonly key: string;
}

export interface ProfileFlags {
  readonly url?: string | undefined;
  readonly key?: string | undefined;
}

const members = ['url', 'key'] as const;

/** Faults `invalid` and `unauthenticated` say where a value came from and how to give another. */
export function findProfile(flags: ProfileFlags, io: Pick<CliIo, 'env' | 'cwd'>): Profile {
  const { env } = io;
  const file = profileFiles(io)
    .map(readProfile)
    .find((one) => one !== undefined);
  const sources: readonly (readonly [string, ProfileFlags])[] = [
    ['--url', flags],
    ['FIELDLOOP_API_URL', { url: env['FIELDLOOP_API_URL'], key: env['FIELDLOOP_API_KEY'] }],
    [file?.path ?? '', file ?? {}],
  ];
  const [place, { url }] = sources.find(([, one]) => given(one.url)) ?? ['', {}];
  // A key belongs to the cloud it was made for: the file's key never goes to another URL.
  const keys = sources.filter(([name]) => name !== file?.path || sameCloud(url, file.url));
  const key = keys.find(([, one]) => given(one.key))?.[1].key;
  if (url === undefined) {
    throw new Fault('invalid', 'no cloud is known here', {
      remedy:
        'Start the demo in this folder (`npm run demo`), give --url and --key, or set ' +
        'FIELDLOOP_API_URL and FIELDLOOP_API_KEY.',
    });
  }
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new Fault('invalid', `"${url.slice(0, 80)}" is not the URL of a cloud`, {
      place,
      remedy: 'Write it as http://127.0.0.1:7400.',
    });
  }
  if (key === undefined) {
    throw new Fault('unauthenticated', `there is no API key for ${url}`, {
      remedy: 'Give --key or set FIELDLOOP_API_KEY; `fieldloop cloud run` prints the first key.',
    });
  }
  return { url: url.replace(/\/+$/, ''), key };
}

const given = (text: string | undefined): boolean => text !== undefined && text !== '';

const sameCloud = (a: string | undefined, b: string | undefined): boolean =>
  a?.replace(/\/+$/, '') === b?.replace(/\/+$/, '');

/** Where profiles are looked for, the nearest first. */
function profileFiles({ env, cwd }: Pick<CliIo, 'env' | 'cwd'>): readonly string[] {
  const config = env['XDG_CONFIG_HOME'] ?? join(env['HOME'] ?? homedir(), '.config');
  return [join(cwd, '.fieldloop', 'cli.json'), join(config, 'fieldloop', 'cli.json')];
}

function readProfile(path: string): (ProfileFlags & { readonly path: string }) | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    // Not there or not ours to read: the next place may have one.
    return undefined;
  }
  const profile = parse(text, path);
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
  return { path, url: String(profile['url']), key: String(profile['key']) };
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
