/** What the operations on rule sets and publications are built from. */
import type { BlobStore } from '../blob/blob.ts';
import type { NounDeps } from '../http/deps.ts';
import { z } from '../http/openapi.ts';
import { ruleSetRefField } from './json.ts';

export interface RuleDeps extends NounDeps {
  readonly bytes: Pick<BlobStore, 'read'>;
}

export const numberField = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, 'is not the number of a version')
  .transform(Number)
  .openapi({ type: 'integer', minimum: 1 });

export const versionPath = z.strictObject({ id: ruleSetRefField, n: numberField });
