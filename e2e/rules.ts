/** Rules that cut something all the time, for tests that need uploads under way. */
export const busyRules = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: busy, version: 1}
rules:
- id: baseline
  severity: info
  every: {period: 2s}
  capture: {topics: ["*"], pre: 1s, post: 500ms}
`;
