/** Rule sets in files of this machine: read, checked, and told apart from those of the cloud. */
import { readFile, stat } from 'node:fs/promises';
import { Fault } from '@fieldloop/core';
import {
  parseRuleSet,
  problemLine,
  type ReadableRules,
  type RuleProblem,
  type RuleSet,
} from '@fieldloop/rules';
import type { CliIo } from './io.ts';

export interface ReadRules {
  readonly file: string;
  readonly text: string;
  readonly ruleSet: RuleSet | undefined;
  /** Of a rule set with errors: what could be read. */
  readonly readable: ReadableRules | undefined;
  readonly problems: readonly RuleProblem[];
}

/** A rule set without errors. */
export interface RunnableRules extends ReadRules {
  readonly ruleSet: RuleSet;
}

export async function readOne(file: string): Promise<ReadRules> {
  const text = await readText(file);
  const { ruleSet, readable, problems } = parseRuleSet(text, file);
  return { file, text, ruleSet, readable, problems };
}

/** The rule set of a file that is to be run; its problems go to the terminal. */
export async function readRules(io: CliIo, file: string): Promise<RunnableRules> {
  const read = await readOne(file);
  for (const problem of read.problems) io.err(`${problemLine(problem)}\n`);
  const { ruleSet } = read;
  if (ruleSet !== undefined) return { ...read, ruleSet };
  throw new Fault('invalid', 'the rule set has errors and does not run', {
    place: file,
    remedy: 'Each line above says what to do.',
  });
}

/** Whether a word names a file and not a rule set of the cloud. */
export async function isRulesFile(word: string): Promise<boolean> {
  if (/\.ya?ml$/.test(word) || word.includes('/')) return true;
  return await stat(word).then(
    (status) => status.isFile(),
    () => false,
  );
}

export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : '';
    if (code === 'ENOENT' || code === 'EISDIR') {
      const message = code === 'ENOENT' ? 'there is no such file' : 'is a folder';
      throw new Fault('not_found', message, {
        place: file,
        remedy: 'Name a rule set, for example rules/library/near-miss.yaml.',
        cause,
      });
    }
    throw new Fault('unavailable', `cannot be read: ${String(code)}`, {
      place: file,
      remedy: 'Check the permissions of the file and the disk.',
      cause,
    });
  }
}
