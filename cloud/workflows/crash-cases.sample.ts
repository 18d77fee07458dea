/** All seven patterns as the crash kit plays them, each with a good end and one that takes back. */
import * as candidate from './candidate-to-release.crash.sample.ts';
import * as compliance from './compliance-review.crash.sample.ts';
import * as correction from './correction-loop.crash.sample.ts';
import * as training from './data-to-training.crash.sample.ts';
import * as hotfix from './fleet-hotfix-and-rollback.crash.sample.ts';
import type { PatternCase } from './kit/crash.sample.ts';
import * as maintenance from './maintenance-escalation.crash.sample.ts';
import * as staged from './staged-rollout.crash.sample.ts';

export const patternCases: readonly PatternCase[] = [
  training.trained,
  training.givenUp,
  candidate.approved,
  candidate.denied,
  staged.completes,
  staged.refused,
  hotfix.falseAlarm,
  hotfix.replaced,
  hotfix.halted,
  correction.hardware,
  correction.revised,
  maintenance.repaired,
  maintenance.byHand,
  compliance.approved,
  compliance.changed,
];

export { closeThreads } from './data-to-training.crash.sample.ts';
