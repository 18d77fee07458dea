/**
 * A clip with hundreds of topics or long texts in any script must still be told of: the document
 * shrinks to its limits in characters and in bytes. What says why the clip was flagged goes last.
 */
import { canonicalJson } from '@fieldloop/core';
import { type ClipManifest, wireLimits } from '@fieldloop/proto';

/** Within the limits for every manifest that `clipManifestSchema` takes. */
export function manifestDocument(manifest: ClipManifest): string {
  let shrunk = manifest;
  let text = canonicalJson(shrunk);
  for (const shrink of shrinks) {
    if (fits(text)) break;
    shrunk = shrink(shrunk);
    text = canonicalJson(shrunk);
  }
  return text;
}

const fits = (text: string): boolean =>
  text.length <= wireLimits.maxManifestDocumentText &&
  Buffer.byteLength(text) <= wireLimits.maxManifestDocumentBytes;

type Shrink = (manifest: ClipManifest) => ClipManifest;

/** The topics with the most messages stay. */
const topics =
  (most: number): Shrink =>
  (manifest) => ({
    ...manifest,
    topics: [...manifest.topics].sort((a, b) => b.count - a.count).slice(0, most),
  });

/** The triggers that came first stay. */
const markers =
  (most: number): Shrink =>
  (manifest) => ({ ...manifest, markers: manifest.markers.slice(0, most) });

const markerTexts =
  (most: number): Shrink =>
  (manifest) => ({
    ...manifest,
    markers: manifest.markers.map((marker) => ({
      ...marker,
      expression: cut(marker.expression, most),
      ...(marker.why === undefined ? {} : { why: cut(marker.why, most) }),
    })),
  });

const bare: Shrink = (manifest) => ({
  ...manifest,
  source: cut(manifest.source, 64),
  tags: [],
  scores: {},
  models: {},
  markers: manifest.markers.map((marker) => ({ ...marker, values: {} })),
});

/** What is told beside the clip itself; the file has it. */
function beside(manifest: ClipManifest): ClipManifest {
  const { suppressed: _, mergedFrom: __, files: ___, ...rest } = manifest;
  return rest;
}

function edges(manifest: ClipManifest): ClipManifest {
  const { dropped: _, downsampled: __, redaction, ...rest } = manifest;
  if (redaction === undefined) return rest;
  return { ...rest, redaction: { ...redaction, topics: [], failed: [] } };
}

function labels(manifest: ClipManifest): ClipManifest {
  const { previews: _, ...rest } = manifest;
  return { ...rest, markers: manifest.markers.map(unlabelled) };
}

function unlabelled(marker: ClipManifest['markers'][number]): ClipManifest['markers'][number] {
  const { label: _, ...rest } = marker;
  return rest;
}

/** Never between the halves of a surrogate pair. */
const cut = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;

/** Each on top of those before it. The file itself keeps all. */
const shrinks: readonly Shrink[] = [
  topics(32),
  beside,
  topics(8),
  markerTexts(160),
  topics(4),
  markers(8),
  topics(0),
  edges,
  markers(2),
  labels,
  bare,
  markers(1),
  markerTexts(80),
];
