/**
 * Files of recorders that a window points into. They are held open: what the recorder deletes or
 * renames meanwhile can still be read, and its disk space is free when the window has moved on.
 */
import { openFile, type OpenFile } from '@fieldloop/recording/file';

export interface HeldFile {
  readonly file: OpenFile;
  /** Once for each hold. */
  readonly release: () => void;
}

export interface HeldFiles {
  /** Undefined when there is no such file, or none that may be read. */
  hold(path: string): Promise<HeldFile | undefined>;
}

export function openHeldFiles(): HeldFiles {
  const held = new Map<string, { readonly file: OpenFile; users: number }>();
  return {
    async hold(path) {
      // A name may be another file by now.
      const file = await openFile(path).catch(() => undefined);
      if (file === undefined) return undefined;
      const one = held.get(file.identity) ?? { file, users: 0 };
      held.set(file.identity, one);
      one.users += 1;
      if (one.file !== file) await file[Symbol.asyncDispose]();
      const release = (): void => {
        one.users -= 1;
        if (one.users > 0) return;
        held.delete(one.file.identity);
        void one.file[Symbol.asyncDispose]();
      };
      return { file: one.file, release };
    },
  };
}
