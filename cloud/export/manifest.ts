/** What an export says of itself: each clip with its file, as JSON and as a table. */
import { type Clip, clipFileName, leadingMarker, tagsOf } from '../clip/clip.ts';
import type { ClipExport } from './export.ts';

/** Where a clip's file is inside the zip; undefined when its bytes are not here. */
export function entryName(clip: Clip, topics: readonly string[] | undefined): string | undefined {
  if (clip.state !== 'stored') return undefined;
  return `clips/${clipFileName(clip, topics === undefined ? '' : '_cut')}`;
}

/** One row for a person, in the order of the columns. */
const columns = [
  'id',
  'file',
  'device',
  'session',
  'state',
  'startNs',
  'endNs',
  'startAt',
  'durationMs',
  'sizeBytes',
  'sha256',
  'severity',
  'rule',
  'rules',
  'tags',
  'label',
] as const;

type Row = Readonly<Record<(typeof columns)[number], string | number | null>>;

function rowOf(clip: Clip, made: ClipExport): Row {
  const { manifest } = clip;
  return {
    id: clip.id,
    file: made.format === 'mcap' ? null : (entryName(clip, made.topics) ?? null),
    device: clip.device,
    session: clip.session,
    state: clip.state,
    startNs: String(clip.startNs),
    endNs: String(clip.endNs),
    startAt: new Date(Number(clip.startNs / 1_000_000n)).toISOString(),
    durationMs: Number(clip.endNs - clip.startNs) / 1e6,
    sizeBytes: clip.sizeBytes,
    sha256: clip.sha256,
    severity: clip.severity,
    rule: leadingMarker(manifest).rule,
    rules: [...new Set(manifest.markers.map(({ rule }) => rule))].join(' '),
    tags: tagsOf(clip).join(' '),
    label: clip.label ?? null,
  };
}

type Pages = AsyncIterable<readonly Clip[]>;

/** A JSON document in pieces: it may be longer than memory likes. */
export async function* manifestJson(made: ClipExport, pages: Pages): AsyncGenerator<string, void> {
  const { id, format, topics, clipCount, createdBy, createdAt } = made;
  const head = {
    schema: 'fieldloop.export/v1',
    id,
    format,
    topics: topics ?? null,
    clipCount,
    createdBy,
    createdAt: new Date(createdAt).toISOString(),
  };
  yield `${JSON.stringify(head).slice(0, -1)},"clips":[`;
  let comma = '\n';
  for await (const page of pages) {
    for (const clip of page) {
      const row = rowOf(clip, made);
      const whole = made.includeManifests ? { ...row, manifest: clip.manifest } : row;
      yield `${comma}${JSON.stringify(whole)}`;
      comma = ',\n';
    }
  }
  yield '\n]}\n';
}

/** RFC 4180. */
export async function* manifestCsv(made: ClipExport, pages: Pages): AsyncGenerator<string, void> {
  yield `${columns.join(',')}\r\n`;
  for await (const page of pages) {
    for (const clip of page) {
      const row = rowOf(clip, made);
      yield `${columns.map((name) => cell(row[name])).join(',')}\r\n`;
    }
  }
}

/** A sheet must not take what a person wrote for a formula. */
function cell(value: string | number | null): string {
  if (value === null) return '';
  const text =
    typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
