/** The thread that does the sums of triage: one call in, one answer out. */
import { parentPort } from 'node:worker_threads';
import { failureModelText, trainFailureModel } from '@fieldloop/learning';
import { wordsOf } from '../store/fault-words.ts';
import { measureScorers } from './measured.ts';
import { planUnits } from './plan.ts';
import type { FromPlanner, PlanCallName, PlanCalls, ToPlanner } from './plan-calls.ts';
import { cloudScores } from './scoring.ts';

type Works = {
  readonly [Name in PlanCallName]: (input: PlanCalls[Name]['input']) => PlanCalls[Name]['output'];
};

const works: Works = {
  plan: ({ units, rules, scoring, holder }) => {
    const { embeddings, probabilities } = units;
    const scores = cloudScores({ count: units.ids.length, embeddings, probabilities }, scoring);
    const value = (holder === undefined ? undefined : scores[holder]) ?? units.value;
    return { plan: planUnits({ ...units, value }, rules), scores };
  },
  measure: measureScorers,
  train: ({ width, inputs, failed, sessions, seed }) => {
    const rows = sessions.map((session, i) => ({
      input: inputs.subarray(i * width, (i + 1) * width),
      failed: failed[i] === 1,
      session,
    }));
    const found = trainFailureModel(rows, seed);
    return found && { text: failureModelText(found.model), auroc: found.auroc };
  },
};

const port = parentPort;

port?.on('message', ({ name, input }: ToPlanner) => {
  let said: FromPlanner;
  try {
    const work = works[name] as (input: unknown) => PlanCalls[PlanCallName]['output'];
    said = { kind: 'done', output: work(input) };
  } catch (error) {
    said = { kind: 'failed', fault: wordsOf(error) };
  }
  port.postMessage(said);
});
