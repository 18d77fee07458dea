/** What `check` says of models with several inputs: whether the rules feed each of them. Pure. */
import type { ModelDocument } from '@fieldloop/learning';
import type { RuleSet } from '@fieldloop/rules';
import type { Finding } from '../finding.ts';

/** `id` is what the rules call the model by `ref`. */
export function* checkInputs(
  { file, models }: Pick<RuleSet, 'file' | 'models'>,
  { id, moreInputs }: Pick<ModelDocument, 'id' | 'moreInputs'>,
): Generator<Finding> {
  const wanted = moreInputs.map(({ name }) => name);
  for (const { id: name, ref, more } of models) {
    if (ref !== id) continue;
    const fed = more.map((one) => one.name);
    const hungry = wanted.filter((one) => !fed.includes(one));
    if (hungry.length > 0) {
      const text = `${file}: model "${name}" feeds nothing to ${hungry.join(', ')} of "${id}", so no frame has a score. Name a topic for each under input.more.`;
      yield { level: 'warning', about: 'models', text };
    }
    const unknown = fed.filter((one) => !wanted.includes(one));
    if (unknown.length > 0) {
      const has = wanted.length === 0 ? 'takes the frame alone' : `takes ${wanted.join(', ')}`;
      const text = `${file}: model "${name}" feeds ${unknown.join(', ')}, and "${id}" ${has} beside it; frames have no score while that topic is missing. Correct input.more.`;
      yield { level: 'warning', about: 'models', text };
    }
  }
}
