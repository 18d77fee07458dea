/** What the operations of models are built from. */
import type { BlobStore } from '../blob/blob.ts';
import type { NounDeps } from '../http/deps.ts';

export interface ModelDeps extends NounDeps {
  readonly bytes: BlobStore;
}
