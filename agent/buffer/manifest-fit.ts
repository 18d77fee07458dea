/**
 * A clip with hundreds of topics must still be told of: the document shrinks to its limit, what
 * says why the clip was flagged last.
 */
import { canonicalJson } from '@fieldloop/core';
import { type ClipManifest, wireLimits } from '@fieldloop/proto';

export function manifestDocument(manifest: ClipManifest): string {
  for (const shrink of shrinks) {
    const text = canonicalJson(shrink(manifest));
    if (text.length <= wireLimits.maxManifestDocumentText) return text;
  }
  return canonicalJson(bare(manifest));
}

type Shrink = (manifest: ClipManifest) => ClipManifest;

/** The topics with the most messages stay. */
const topics =
  (most: number): Shrink =>
  (manifest) => ({
    ...manifest,
    topics: [...manifest.topics].sort((a, b) => b.count - a.count).slice(0, most),
  });

const bare: Shrink = (manifest) => ({
  ...manifest,
  topics: [],
  scores: {},
  models: {},
  markers: manifest.markers.slice(0, 1).map((marker) => ({ ...marker, values: {} })),
});

const shrinks: readonly Shrink[] = [
  (manifest) => manifest,
  topics(32),
  topics(8),
  (manifest) => ({ ...topics(4)(manifest), markers: manifest.markers.slice(0, 8) }),
  (manifest) => ({ ...topics(0)(manifest), markers: manifest.markers.slice(0, 2) }),
];
