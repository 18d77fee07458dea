/**
 * Files of recorders that a window points into. They are held open: what the recorder deletes or
 * renames meanwhile can still be read, and its disk space is free when the window has moved on.
 */
import type { Log } from '@fieldloop/core';
import { openFile, type OpenFile } from '@fieldloop/recording/file';
import type { RecordedFile } from '../source/source.ts';

export interface HeldFile {
  readonly file: OpenFile;
  /** A block of it could not be read again. */
  readonly lost: (why: unknown) => void;
  /** Once for each hold. */
  readonly release: () => void;
}

export interface HeldFiles {
  /** Undefined when its name is that of another file by now, or of none that may be read. */
  hold(wanted: RecordedFile): Promise<HeldFile | undefined>;
}

interface Held {
  readonly file: OpenFile;
  users: number;
  isTold: boolean;
}

export function openHeldFiles(log: Log): HeldFiles {
  const held = new Map<string, Held>();
  const share = (one: Held): HeldFile => {
    one.users += 1;
    return {
      file: one.file,
      lost(why) {
        if (one.isTold) return;
        one.isTold = true;
        log.warn("a recorder's file does not hold any more what it held; clips may have gaps", {
          path: one.file.name,
          why,
        });
      },
      release() {
        one.users -= 1;
        if (one.users > 0) return;
        held.delete(one.file.identity);
        void one.file[Symbol.asyncDispose]();
      },
    };
  };
  return {
    async hold({ path, identity }) {
      const known = held.get(identity);
      if (known !== undefined) return share(known);
      const file = await openFile(path).catch(() => undefined);
      if (file === undefined) return undefined;
      if (file.identity !== identity) {
        await file[Symbol.asyncDispose]();
        return undefined;
      }
      const opened = { file, users: 0, isTold: false };
      held.set(identity, opened);
      return share(opened);
    },
  };
}
