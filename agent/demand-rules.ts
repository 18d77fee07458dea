import { Fault } from '@fieldloop/core';
import { parseRuleSet, type PlainRuleSet, problemLine, type RuleSet } from '@fieldloop/rules/read';

/** Without the function, which no thread can be sent. */
export function plain(ruleSet: RuleSet): PlainRuleSet {
  const { placeOf: _, ...data } = ruleSet;
  return data;
}

/** The rule set, or one Fault with every error of its file. */
export function demandRules(text: string, file: string): RuleSet {
  const { ruleSet, problems } = parseRuleSet(text, file);
  if (ruleSet !== undefined) return ruleSet;
  const errors = problems.filter(({ severity }) => severity === 'error');
  const [first, ...rest] = errors;
  throw new Fault('invalid', first?.message ?? 'the rule set cannot be used', {
    place: first === undefined ? file : `${file}:${first.line}:${first.column}`,
    remedy: [first?.remedy ?? '', ...rest.map(problemLine)].join('\n'),
    details: { problems: errors },
  });
}
