export { backoffMs } from './backoff.ts';
export type { Clock, Instant } from './clock.ts';
export { asFault, Fault, type FaultCode, faultLine, type FaultParts, faultTable } from './fault.ts';
export { type Ids, openIds, type RandomBytes, uuidBytes, uuidText } from './ids.ts';
export { canonicalJson, type Json, sha256Hex } from './json.ts';
export { maxQueryDepth, maxQueryLength, maxQueryTerms } from './limits.ts';
export { type Log, type LogFields, silentLog } from './log.ts';
export { didYouMean, nearest } from './nearest.ts';
export { ownOf } from './own.ts';
export { folded, type Glob, globMatches, globOf, isPattern } from './q/glob.ts';
export { parseQuery } from './q/parse.ts';
export type {
  FieldTerm,
  Operand,
  Operator,
  Parsed,
  Span,
  Syntax,
  Written,
} from './q/syntax.ts';
export { QueryError, type Wrong } from './q/wrong.ts';
export { BoundedQueue } from './queue.ts';
export { drawBytes, type Random, seededRandom } from './random.ts';
export {
  formatAboutNs,
  formatDurationNs,
  formatSize,
  parseDurationNs,
  parseSize,
} from './units.ts';
