/**
 * How far sources were read, by keys of their own. Those of recordings that left their folder are
 * kept for some time: a recording that is moved and comes back is known.
 */
import type { Json } from '@fieldloop/core';
import { maxGonePositions, maxOpenPlaces } from '../limits.ts';
import type { Sqlite } from './sqlite.ts';

export interface Positions {
  position(source: string): Json | undefined;
  savePosition(source: string, document: Json): void;
  keepPositions(folder: string, paths: readonly string[]): void;
}

export function positions(db: Sqlite, write: <T>(body: () => T) => T): Positions {
  return {
    position(source) {
      const row = db.get('SELECT document FROM position WHERE source = ?', source) as
        | { document: string }
        | undefined;
      return row === undefined ? undefined : (JSON.parse(row.document) as Json);
    },
    savePosition: (source, document) =>
      write(() => {
        db.run('INSERT OR REPLACE INTO position VALUES (?, ?)', source, JSON.stringify(document));
      }),
    keepPositions(folder, paths) {
      // A slash and what follows it in the alphabet enclose all keys of the folder.
      const keys = [`${folder}/`, `${folder}0`] as const;
      write(() => {
        db.run(
          `DELETE FROM position WHERE source IN (
            SELECT source FROM position WHERE source > ? AND source < ?
              AND document ->> 'recording' IS NOT NULL
              AND document ->> 'recording' NOT IN (SELECT value FROM json_each(?))
            ORDER BY document ->> 'readMs' DESC LIMIT -1 OFFSET ?)`,
          ...keys,
          JSON.stringify(paths),
          maxGonePositions,
        );
        db.run(
          `DELETE FROM position WHERE source IN (
            SELECT source FROM position WHERE source > ? AND source < ?
              AND document ->> 'over' = 1)`,
          ...keys,
        );
        db.run(
          `DELETE FROM position WHERE source IN (
            SELECT source FROM position WHERE source > ? AND source < ?
              AND document ->> 'sessionId' IS NOT NULL
            ORDER BY document ->> 'savedMs' DESC LIMIT -1 OFFSET ?)`,
          ...keys,
          maxOpenPlaces,
        );
      });
    },
  };
}
