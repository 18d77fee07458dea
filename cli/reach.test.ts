/**
 * Goal: whatever the API can do, the command line can do.
 * Method: walk the OpenAPI document against a table of commands, both ways: an operation without a
 * command and a command that the table does not know fail.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openApiWorld } from '@fieldloop/cloud/sample';
import { beforeAll, expect, test } from 'vitest';
import type { Command } from './commander.ts';
import { sampleIo } from './io.sample.ts';
import { runCli, wholeProgram } from './main.ts';
import { nouns } from './nouns.ts';
import { commands } from './reach.cases.ts';

/** Operations that `fieldloop api` alone reaches, and why that is right. */
const byHand: Readonly<Record<string, string>> = {
  acknowledgeAlert: '`alerts acknowledge` takes one or many, by acknowledgeAlerts',
  finishOidcLogin: 'a browser comes back to it from the OpenID provider',
  getCsrfToken: 'browsers need it; a key does not',
  getHealth: 'for load balancers; `fieldloop cloud check` is for people',
  getJoinPage: 'a page for browsers; `fieldloop join` does the same',
  getMetrics: 'for Prometheus',
  getReadiness: 'for load balancers; `fieldloop cloud check` is for people',
  getSigned: 'whoever has the link opens it as it is',
  getTaskMedia: 'whoever has the link of a task opens it as it is',
  resolveAlert: '`alerts resolve` takes one or many, by resolveAlerts',
  startOidcLogin: 'a browser goes through it to the OpenID provider',
};

/** Commands that ask the API in another way, or not at all, and why. */
const ownCommands: Readonly<Record<string, string>> = {
  api: 'any request',
  'commands wait': 'getCommand until it is done',
  'operations wait': 'getOperation until it is done',
  'config list': 'the profile files',
  'config use': 'the profile files',
  'config remove': 'the profile files',
  'datasets reject': 'signOffDatasetVersion with a no',
  'releases diff': 'compares two answers of getRelease',
  'reviews decide': 'decideGate at the gate that the review waits at',
  'rollouts watch': 'getRollout and listRolloutDecisions until it is over',
  'runs watch': 'getRunHistory until it ends',
  'rules schema': 'this machine alone',
  'tasks work': 'nextTasks, submitTask, skipTask and undoTask, key by key',
  'rules test': 'this machine alone',
  'rules library add': 'the ready rules are part of the program',
  'rules library list': 'the ready rules are part of the program',
  'rules library show': 'the ready rules are part of the program',
  'rules explain': 'a recording of this machine',
};

/** Nouns that work on this machine. */
const local = ['cloud', 'recording', 'completion'];

interface Document {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly operationId: string }>>>
  >;
}

let operations: readonly string[] = [];
let program: Command;
beforeAll(async () => {
  await using world = await openApiWorld();
  const document = (await (await fetch(`${world.url}/openapi.json`)).json()) as Document;
  operations = Object.values(document.paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  );
  program = await wholeProgram(sampleIo());
});

interface Leaf {
  readonly words: string;
  readonly command: Command;
}

/** Commands that do something, by their words. */
function leaves(command: Command, words: readonly string[] = []): readonly Leaf[] {
  if (command.commands.length === 0) return [{ words: words.join(' '), command }];
  return command.commands.flatMap((one) => leaves(one, [...words, one.name()]));
}

test('every operation has a command, or a reason why `fieldloop api` is its way', () => {
  expect(operations.length).toBeGreaterThan(150);
  const known = new Set([...Object.keys(commands), ...Object.keys(byHand)]);
  expect(operations.filter((id) => !known.has(id))).toEqual([]);
  expect([...known].filter((id) => !operations.includes(id))).toEqual([]);
  expect(Object.keys(commands).filter((id) => Object.hasOwn(byHand, id))).toEqual([]);
});

test('every command of the table is there, and every command is in the table', () => {
  const there = leaves(program).map(({ words }) => words);
  const told = new Set([...Object.values(commands), ...Object.keys(ownCommands)]);
  expect([...told].filter((words) => !there.includes(words))).toEqual([]);
  const isLocal = (words: string): boolean => local.includes(words.split(' ')[0] ?? '');
  expect(there.filter((words) => !told.has(words) && !isLocal(words))).toEqual([]);
});

test('the help of every command is whole: what it does, each option, an example where it has options', async () => {
  const common = ['--url', '--key', '--profile', '--json', '--output', '--utc'];
  const paging = ['--limit', '--all', '--watch', '--q', '--saved', '--sort', '--fields', '--count'];
  const usual = new Set([...common, ...paging, '--yes', '--help']);
  const without: string[] = [];
  for (const { words, command } of leaves(program)) {
    expect(command.description(), words).toMatch(/^[A-Z].*\.$/);
    for (const option of command.options) expect(option.description, words).not.toBe('');
    const special = command.options.filter((option) => !usual.has(option.long ?? ''));
    if (special.length === 0) continue;
    const io = sampleIo();
    expect(await runCli([...words.split(' '), '--help'], io), words).toBe(0);
    if (!/Examples?:|as YAML:/.test(io.written.out)) without.push(words);
  }
  expect(without).toEqual([]);
});

test('a noun is described by the same words in the list and in its own help', async () => {
  for (const noun of nouns) {
    const command = await noun.load(sampleIo());
    expect(command.name()).toBe(noun.name);
    expect(command.description(), noun.name).toBe(noun.description);
  }
});

/** Sources and pages that name commands; those in bad-input are wrong on purpose. */
function pages(): readonly string[] {
  const root = join(import.meta.dirname, '..');
  const rooms = '{agent,cloud,cli,docs,rules,recording,scripts}/**/*.{ts,md}';
  const found = globSync(['*.md', rooms], {
    cwd: root,
    exclude: (path) => /node_modules|bad-input|generated/.test(path),
  });
  return found.map((path) => join(root, path));
}

const named = /(?:`|^ *|npx )fieldloop ([a-z][a-z-]+)(?: ([a-z][a-z-]+))?((?: [^`\n]*)?)/gm;

/** What is wrong with a command line that a text names; undefined when it can be typed. */
function wrongIn([line, noun, verb, rest = '']: RegExpMatchArray): string | undefined {
  if (line.includes('${') || line.includes('\\n')) return undefined;
  const found = program.commands.find((one) => one.name() === noun);
  if (found === undefined) return `${line}: no noun`;
  const hasVerbs = found.commands.length > 0 && verb !== undefined;
  const isMeant = (one: Command): boolean => [one.name(), ...one.aliases()].includes(verb ?? '');
  const known = hasVerbs ? found.commands.find(isMeant) : found;
  if (known === undefined) return `${line}: no command`;
  const own = rest.split(/[#|]/)[0] ?? '';
  // A verb may have verbs of its own, as `rules library` has.
  const [third] = own.trim().split(' ');
  const command = hasVerbs ? (known.commands.find((one) => one.name() === third) ?? known) : known;
  const flags = [...own.matchAll(/ (--[a-z-]+)/g)].map(([, flag]) => flag);
  const unknown = flags.filter(
    (flag) => flag !== '--help' && !command.options.some(({ long }) => long === flag),
  );
  return unknown.length === 0 ? undefined : `${line}: no ${unknown.join(' ')}`;
}

test('every command line that a message or a page names can be typed', () => {
  const lines = pages().flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(named)].map((match) => ({ path, match })),
  );
  expect(lines.length).toBeGreaterThan(200);
  const wrong = lines.map(({ path, match }) => ({ path, wrong: wrongIn(match) }));
  expect(wrong.filter((one) => one.wrong !== undefined)).toEqual([]);
});
