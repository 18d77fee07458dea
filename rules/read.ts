/** For who reads rule documents and runs no engine. */
export { type ParsedRuleSet, parseRuleSet } from './document.ts';
export { clockJumpNs } from './limits.ts';
export { problemLine } from './problem.ts';
export { openProgram } from './program.ts';
export type { PlainRuleSet, RuleSet } from './rule-set.ts';
