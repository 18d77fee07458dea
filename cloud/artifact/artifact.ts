/** A file of a release, named by its SHA-256; it never changes. */
import type { ArtifactKind } from '../release/release.ts';

export { artifactKinds } from '../release/release.ts';

export interface Artifact {
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly kind: ArtifactKind;
  /** What the file was called where it came from. */
  readonly name?: string;
  readonly createdBy: string;
  readonly createdAt: number;
}
