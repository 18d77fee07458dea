/** All workflows, each version that runs may still be open for. */
import type { Workflow } from './kit/workflow.ts';

export const workflows: readonly Workflow[] = [];
