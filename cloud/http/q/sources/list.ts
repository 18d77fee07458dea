import type { QSource } from '../source.ts';
import { auditSource } from './audit.ts';
import { clipSource } from './clips.ts';
import { cohortSource } from './cohorts.ts';
import { deviceSource } from './devices.ts';
import { eventSource } from './events.ts';
import { exportSource } from './exports.ts';
import { publicationSource, ruleSetSource } from './rule-sets.ts';
import { sessionSource } from './sessions.ts';

/** Everything that can be asked about with `q`, in the order of the reference. */
export const sources: readonly QSource[] = [
  clipSource,
  eventSource,
  exportSource,
  deviceSource,
  cohortSource,
  sessionSource,
  ruleSetSource,
  publicationSource,
  auditSource,
];
