import { nouns } from './0001-nouns.ts';
import { wire } from './0002-wire.ts';
import { people } from './0003-people.ts';
import { fleet } from './0004-fleet.ts';
import { devices } from './0005-devices.ts';
import { clips } from './0006-clips.ts';
import { rules } from './0007-rules.ts';
import { alerts } from './0008-alerts.ts';
import { http } from './0009-http.ts';
import { queries } from './0010-queries.ts';
import { failures } from './0011-failures.ts';
import { triage } from './0012-triage.ts';
import { annotation } from './0013-annotation.ts';
import { datasets } from './0014-datasets.ts';
import { models } from './0015-models.ts';
import { releases } from './0016-releases.ts';
import { workflows } from './0017-workflows.ts';
import { cases } from './0019-cases.ts';
import { robotPreviews } from './0020-robot-previews.ts';
import type { Migration } from './migration.ts';

/** All steps, oldest first. */
export const migrations: readonly Migration[] = [
  nouns,
  wire,
  people,
  fleet,
  devices,
  clips,
  rules,
  alerts,
  http,
  queries,
  failures,
  triage,
  annotation,
  datasets,
  models,
  releases,
  workflows,
  cases,
  robotPreviews,
];
