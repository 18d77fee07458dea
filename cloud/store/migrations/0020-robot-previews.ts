import type { Migration } from './migration.ts';

/** Small pictures and sketches that robots send with the manifest, before any bytes. */
export const robotPreviews: Migration = {
  name: '0020-robot-previews',
  statements: [
    `create table clip_robot_preview (
      clip_id text not null references clip (id),
      n integer not null,
      kind text not null check (kind in ('thumbnail', 'sketch')),
      topic text,
      at_ns integer,
      media_type text not null,
      width integer,
      height integer,
      sha256 text not null check (length(sha256) = 64),
      base64 text not null check (length(base64) <= 4096),
      primary key (clip_id, n)
    ) strict, without rowid`,
  ],
};
