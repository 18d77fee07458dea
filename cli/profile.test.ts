/**
 * Goal: a command speaks to the cloud that its caller meant, and never shows a key to another one.
 * Method: flags, environment and profile files in every order.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findProfile } from './profile.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldloop-profile-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const write = async (path: string, text: string): Promise<void> => {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
};
const here = '.fieldloop/cli.json';
const home = 'home/.config/fieldloop/cli.json';
const io = (env: Record<string, string> = {}) => ({
  cwd: folder,
  env: { HOME: join(folder, 'home'), ...env },
});
const profile = (n: number): string => JSON.stringify({ url: `http://c${n}:1/`, key: `flk_${n}` });

test('the file of this folder, then the file at home', async () => {
  await write(home, profile(2));
  expect(findProfile({}, io())).toEqual({ url: 'http://c2:1', key: 'flk_2' });
  await write(here, profile(1));
  expect(findProfile({}, io())).toEqual({ url: 'http://c1:1', key: 'flk_1' });
});

test('flags stand above the environment, and that above the files', async () => {
  await write(here, profile(1));
  const env = { FIELDLOOP_API_URL: 'http://c3:1', FIELDLOOP_API_KEY: 'flk_3' };
  expect(findProfile({}, io(env))).toEqual({ url: 'http://c3:1', key: 'flk_3' });
  const flags = { url: 'https://c4', key: 'flk_4' };
  expect(findProfile(flags, io(env))).toEqual({ url: 'https://c4', key: 'flk_4' });
  expect(findProfile({ key: 'flk_4' }, io())).toEqual({ url: 'http://c1:1', key: 'flk_4' });
});

test('the key of a file is not sent to another cloud', async () => {
  await write(here, profile(1));
  expect(() => findProfile({ url: 'http://other' }, io())).toThrow(
    expect.objectContaining({ code: 'unauthenticated' }),
  );
  expect(findProfile({ url: 'http://c1:1' }, io()).key).toBe('flk_1');
});

test.each([
  ['{', 'the profile is not a JSON object'],
  ['[1]', 'unknown member "0".'],
  ['{"url":"http://x","keyy":"y"}', 'unknown member "keyy". Did you mean "key"?'],
  ['{"url":"http://x"}', 'the profile has no key'],
])('the broken profile %s is named with its path', async (text, message) => {
  await write(here, text);
  expect(() => findProfile({}, io())).toThrow(
    expect.objectContaining({ code: 'invalid', message, place: join(folder, here) }),
  );
});

test('a URL that is none is refused; without any, the remedy says what to do', () => {
  expect(() => findProfile({ url: 'localhost:1', key: 'k' }, io())).toThrow(
    expect.objectContaining({ code: 'invalid', place: '--url' }),
  );
  expect(() => findProfile({}, io())).toThrow(
    expect.objectContaining({ remedy: expect.stringContaining('npm run demo') }),
  );
});
