/** `fieldloop rules library`: the ready rules, to read and to take into a rule set of one's own. */
import { copyFile, realpath, rename, stat, writeFile } from 'node:fs/promises';
import { Fault } from '@fieldloop/core';
import {
  dataOf,
  type LibraryEntry,
  loadLibrary,
  mergeRuleSets,
  parseRuleSet,
  type RuleSetMetadata,
  type RuleSetText,
} from '@fieldloop/rules';
import type { Command } from './commander.ts';
import { type CliIo, type Column, jsonText, table } from './io.ts';
import { readText } from './rules-file.ts';
import { showOf } from './show.ts';

interface Listed {
  readonly name: string;
  readonly rules: readonly string[];
  /** The first line of the file, and what it needs. */
  readonly what: string;
  readonly needs: string;
}

export function libraryCommand(rules: Command, io: CliIo): void {
  const library = rules
    .command('library')
    .description('Ready rules: what they find, what they need, and how to take them.');
  library
    .command('list')
    .description('All of them, with what they need.')
    .option('--json', 'one JSON document')
    .action(async ({ json }: { readonly json?: boolean }) => {
      const listed = (await loadLibrary()).map(listedOf);
      io.out(
        json === true
          ? jsonText({ items: listed })
          : table(listed, columns, { width: io.columns, show: showOf({}) }),
      );
    });
  library
    .command('show <name>')
    .description('The file of one, with its parameters explained.')
    .action(async (name: string) => io.out((await entryOf(name)).text));
  library
    .command('add <name...>')
    .description('Takes rules into a file of your own, where you change their parameters.')
    .option('--to <file>', 'a new file, or a rule set that they join', 'rules.yaml')
    .action(async (names: string[], { to }: { readonly to: string }) => await add(io, names, to));
}

const columns: readonly Column<Listed>[] = [
  { title: 'NAME', of: (one) => one.name },
  { title: 'FINDS', of: (one) => one.what, shrinks: true },
  { title: 'NEEDS', of: (one) => one.needs, shrinks: true, drops: 1 },
];

function listedOf({ text, ruleSet }: LibraryEntry): Listed {
  const lines = text.split('\n').filter((line) => line.startsWith('#'));
  const comment = lines.map((line) => line.slice(1).trim());
  const [first = ''] = comment;
  const at = comment.findIndex((line) => line.startsWith('Needs'));
  const end = comment.findIndex((line, i) => i > at && /^(Parameters|Costs)/.test(line));
  return {
    name: ruleSet.name,
    rules: ruleSet.rules.map(({ id }) => id),
    what: first.replace(/^[a-z-]+: /, ''),
    needs: comment
      .slice(at, end)
      .join(' ')
      .replace(/^Needs\s+/, ''),
  };
}

async function entryOf(name: string): Promise<LibraryEntry> {
  const library = await loadLibrary();
  const wanted = name.replace(/\.yaml$/, '');
  const entry = library.find(({ ruleSet }) => ruleSet.name === wanted);
  if (entry !== undefined) return entry;
  throw new Fault('not_found', `the library has no rule set "${name}"`, {
    place: name,
    remedy: `It has ${library.map(({ ruleSet }) => ruleSet.name).join(', ')}.`,
  });
}

/** A new file of one rule set keeps its comments; what is merged is written anew without them. */
async function add(io: CliIo, names: readonly string[], to: string): Promise<void> {
  const entries = await Promise.all(names.map(entryOf));
  const isThere = await stat(to).then(
    () => true,
    () => false,
  );
  const [only, ...more] = entries;
  if (!isThere && only !== undefined && more.length === 0) {
    await writeWhole(to, only.text);
  } else {
    const own = isThere ? [{ file: to, text: await readText(to) }] : [];
    const metadata = metadataOf(own[0]);
    const { text } = mergeRuleSets([...own, ...entries], metadata);
    const before = `${to}.v${metadata.version - 1}`;
    await writeWhole(to, text, isThere ? before : undefined);
    if (isThere) io.err(`${to}: written anew without comments; ${before} is as it was\n`);
  }
  const ids = entries.flatMap(({ ruleSet }) => ruleSet.rules.map(({ id }) => id));
  io.err(`${to}: has ${ids.join(', ')}\n`);
  io.err(`next: fieldloop rules backtest ${to} RECORDING…\n`);
}

/** A set that rules join keeps its name; its version is raised, since it is another one now. */
function metadataOf(own: RuleSetText | undefined): RuleSetMetadata {
  if (own === undefined) return { name: 'rules', version: 1 };
  const { ruleSet, problems } = parseRuleSet(own.text, own.file);
  if (ruleSet !== undefined) {
    return { ...dataOf(own.text).metadata, name: ruleSet.name, version: ruleSet.version + 1 };
  }
  const [first] = problems;
  throw new Fault('invalid', first?.message ?? 'the rule set has errors', {
    place: own.file,
    remedy: 'Correct it first; `fieldloop rules lint` shows all its problems.',
  });
}

/**
 * A file that cannot be written whole stays as it was; a link goes on naming its file. What was
 * there is copied to `before`.
 */
async function writeWhole(path: string, text: string, before?: string): Promise<void> {
  const file = await realpath(path).catch(() => path);
  const part = `${file}.part`;
  try {
    if (before !== undefined) await copyFile(file, before);
    await writeFile(part, text);
    await rename(part, file);
  } catch (cause) {
    throw new Fault('unavailable', 'the file cannot be written', {
      place: path,
      remedy: 'Name a file in a folder that is there and may be written to.',
      cause,
    });
  }
}
