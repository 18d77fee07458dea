/** Where things stand below `buffer.path`. */
import { join } from 'node:path';

export interface Places {
  readonly root: string;
  readonly database: string;
  readonly marks: string;
  readonly kept: string;
  readonly parts: string;
  readonly clips: string;
  readonly quarantine: string;
}

export function placesBelow(root: string): Places {
  return {
    root,
    database: join(root, 'buffer.db'),
    marks: join(root, 'marks.json'),
    kept: join(root, 'kept.json'),
    parts: join(root, 'parts'),
    clips: join(root, 'clips'),
    quarantine: join(root, 'quarantine'),
  };
}

export const partPath = (places: Places, clipId: string): string =>
  join(places.parts, `${clipId}.mcap`);

/** Clips stand in 256 folders so that none grows long. */
export const clipFolder = (places: Places, sha256: string): string =>
  join(places.clips, sha256.slice(0, 2));

export const clipFolders = (places: Places): readonly string[] =>
  Array.from({ length: 256 }, (_, i) => clipFolder(places, i.toString(16).padStart(2, '0')));

export const clipPath = (places: Places, sha256: string): string =>
  join(clipFolder(places, sha256), `${sha256}.mcap`);
