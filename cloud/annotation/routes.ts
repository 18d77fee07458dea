/** Everything about annotation in the API, in the order of its documents. */
import type { Operation } from '../http/operation.ts';
import { annotatorOperations } from './annotator-routes.ts';
import { exchangeOperations } from './exchange-routes.ts';
import { labelOperations } from './label-routes.ts';
import { mediaOperations, type TaskDeps } from './media.ts';
import { ontologyOperations } from './ontology-routes.ts';
import { taskOperations } from './task-routes.ts';
import { workOperations } from './work-routes.ts';

export const annotationOperations = (deps: TaskDeps): readonly Operation[] => [
  ...ontologyOperations(deps),
  ...workOperations(deps),
  ...taskOperations(deps),
  ...mediaOperations(deps),
  // `/v1/labels/export` is no label's id: it comes first.
  ...exchangeOperations(deps),
  ...labelOperations(deps),
  ...annotatorOperations(deps),
];
