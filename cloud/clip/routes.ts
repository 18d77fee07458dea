import type { Operation } from '../http/operation.ts';
import { clipChangeOperations } from './change-routes.ts';
import { clipDataOperations } from './data-routes.ts';
import type { ClipDeps } from './deps.ts';
import { getClipFacets, getClipHistogram } from './facets-routes.ts';
import { listClips } from './list.ts';
import { clipViewOperations } from './view-routes.ts';

export const clipOperations = (deps: ClipDeps): readonly Operation[] => [
  listClips(deps),
  getClipFacets(deps),
  getClipHistogram(deps),
  ...clipViewOperations(deps),
  ...clipDataOperations(deps),
  ...clipChangeOperations(deps),
];
