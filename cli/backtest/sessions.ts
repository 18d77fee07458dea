/** From the paths of a command line to sessions: which files are splits of one recording. */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Fault } from '@fieldloop/core';
import type { SessionPlan } from './protocol.ts';

const endings = /\.(mcap|bag|db3)$/;
/** Recordings of one backtest; a fleet's archive belongs into the cloud. */
const mostRecordings = 10_000;

interface Found {
  readonly path: string;
  readonly bytes: number;
}

/** Folders give the recordings in them. Each file counts once, whatever names it. */
export async function findSessions(
  paths: readonly string[],
  device: string | undefined,
): Promise<SessionPlan[]> {
  const found = new Map<string, Found>();
  for (const path of paths) {
    for (const one of await recordingsAt(path)) found.set(one.path, one);
  }
  if (found.size === 0) {
    throw new Fault('not_found', 'there is no recording', {
      place: paths.join(', '),
      remedy: 'Name files, or folders with .mcap, .bag or .db3 files.',
    });
  }
  if (found.size > mostRecordings) {
    throw new Fault('limited', `${found.size} recordings are more than ${mostRecordings}`, {
      remedy: 'Name fewer at a time.',
    });
  }
  return sessionsOf([...found.values()]).map((files): SessionPlan => {
    const name = files[0]?.path ?? '';
    return { name, device: device ?? name, files };
  });
}

async function recordingsAt(path: string): Promise<Found[]> {
  const status = await stat(path).catch(() => undefined);
  if (status === undefined) {
    throw new Fault('not_found', 'there is no such file', {
      place: path,
      remedy: 'Check the path; relative paths start where the command was called.',
    });
  }
  if (!status.isDirectory()) return [{ path, bytes: status.size }];
  const names = (await readdir(path, { recursive: true })).filter((name) => endings.test(name));
  const files = names.sort().map(async (name): Promise<Found> => {
    const file = join(path, name);
    return { path: file, bytes: (await stat(file)).size };
  });
  return await Promise.all(files);
}

/**
 * Splits as recorders name them, `run_0.mcap`, `run_1.mcap`, by number; every other file is a
 * session of its own. Whether splits follow each other in time is seen when they are read.
 */
export function sessionsOf<F extends { readonly path: string }>(files: readonly F[]): F[][] {
  const groups = Map.groupBy(files, ({ path }) => {
    const split = splitOf(path);
    return split === undefined ? path : split.stem;
  });
  return [...groups.values()].map((group) =>
    group.toSorted((a, b) => (splitOf(a.path)?.number ?? 0) - (splitOf(b.path)?.number ?? 0)),
  );
}

function splitOf(path: string): { readonly stem: string; readonly number: number } | undefined {
  const [, name, number, ending] = /^(.*)_(\d{1,9})(\.\w+)$/.exec(basename(path)) ?? [];
  if (name === undefined || number === undefined) return undefined;
  return { stem: join(dirname(path), `${name}_*${ending ?? ''}`), number: Number(number) };
}
