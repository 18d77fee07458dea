/** Evaluations as long work of the worker. */
import type { OperationContext, OperationHandler } from '../store/operations.ts';
import type { WantedEvaluation } from './gather.ts';
import { evaluateModel, verifyEvaluation } from './store.ts';

export const evaluateKind = 'models.evaluate';
export const verifyEvaluationKind = 'evaluations.verify';

const depsOf = (context: OperationContext) => ({
  ...context,
  onProgress: (done: number, of: number) => context.progress(done, of, 'stages'),
});

const evaluate: OperationHandler = async (input, context) => {
  const { by, ...wanted } = input as unknown as WantedEvaluation & { readonly by: string };
  const { id, outcome, sha256 } = await evaluateModel(depsOf(context), wanted, by);
  return { evaluation: id, outcome, sha256 };
};

const verify: OperationHandler = async (input, context) => {
  const { evaluation } = input as { readonly evaluation: string };
  const found = await verifyEvaluation(depsOf(context), evaluation);
  return { evaluation, ...found };
};

export const evaluationOperationKinds = {
  [evaluateKind]: evaluate,
  [verifyEvaluationKind]: verify,
} as const;
