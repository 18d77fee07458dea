/** The rules that a demo runs: a file of the user's, those that fit a recording, or the library. */
import { readFile } from 'node:fs/promises';
import { Fault, faultLine } from '@fieldloop/core';
import { readRecording } from '@fieldloop/recording';
import { openFile } from '@fieldloop/recording/file';
import {
  fitLibrary,
  gatherFacts,
  loadLibrary,
  mergeRuleSets,
  parseRuleSet,
  problemLine,
  type RecordingFacts,
} from '@fieldloop/rules';
import type { DemoOptions } from './options.ts';

export interface ChosenRules {
  /** The rules document. */
  readonly text: string;
  /** What was chosen and why, for a person. */
  readonly lines: readonly string[];
}

/** Those of the library that the simulated world was made for. */
const warehouse = ['baseline-sample', 'confidence-drop', 'near-miss', 'sensor-dropout'];

export async function chooseRules(options: DemoOptions): Promise<ChosenRules> {
  const { recording, rules } = options;
  if (rules !== undefined) return await ownRules(rules);
  const library = await loadLibrary();
  if (recording === undefined) {
    const own = library.filter(({ ruleSet }) => warehouse.includes(ruleSet.name));
    const { text, ruleSet } = mergeRuleSets(own, { name: 'warehouse', version: 1 });
    return { text, lines: ruleSet.rules.map(({ id, why }) => `${id}: ${why}`) };
  }
  const { facts, damage } = await factsOf(recording);
  const { text, chosen, skipped } = fitLibrary(facts, library);
  const lines = [
    ...(damage === undefined ? [] : [`! damaged, used up to there: ${faultLine(damage)}`]),
    ...chosen.map(({ rule, why }) => `+ ${rule}: ${why}`),
    ...skipped.map(({ rule, reason }) => `- ${rule}: ${reason}`),
  ];
  return { text, lines };
}

async function ownRules(file: string): Promise<ChosenRules> {
  const text = await readFile(file, 'utf8');
  const { ruleSet, problems } = parseRuleSet(text, file);
  if (ruleSet === undefined) {
    throw new Fault('invalid', `these rules cannot run:\n${problems.map(problemLine).join('\n')}`, {
      remedy: `Mend them; npx fieldloop rules lint ${file} checks them without the demo.`,
    });
  }
  return {
    text,
    lines: ruleSet.rules.map(({ id, why }) => (why === undefined ? id : `${id}: ${why}`)),
  };
}

/** A file that is broken at its end is used up to there; one without a message is a fault. */
async function factsOf(path: string): Promise<{ facts: RecordingFacts; damage?: Fault }> {
  const gathering = gatherFacts();
  let damage: Fault | undefined;
  await using file = await openFile(path);
  try {
    for await (const item of readRecording(file)) gathering.take(item);
  } catch (error) {
    if (!(error instanceof Fault) || gathering.facts().channels.length === 0) throw error;
    damage = error;
  }
  const facts = gathering.facts();
  if (facts.channels.every(({ messages }) => messages === 0)) {
    throw new Fault('invalid', 'the recording holds no message', {
      place: path,
      remedy:
        'Give a recording with messages; `npx fieldloop recording info FILE` shows what is in it.',
    });
  }
  return damage === undefined ? { facts } : { facts, damage };
}
