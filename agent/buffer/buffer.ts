/**
 * The durable store on the robot: clips as files with rows in SQLite, and the rows that wait for
 * the cloud. It survives a kill at any moment; nothing leaves it before the cloud said Stored or
 * Done, except by eviction, which the cloud is told of.
 */
import {
  asFault,
  canonicalJson,
  type Clock,
  Fault,
  type Ids,
  type Json,
  type Log,
  sha256Hex,
} from '@fieldloop/core';
import type { ClipClass, ReportedSection, WireEvent, WireMarker } from '@fieldloop/proto';
import { headroomInodes } from '../limits.ts';
import { asideEvent } from './aside.ts';
import { clipTable } from './clips.ts';
import { type CommandShelf, commandShelf } from './commands.ts';
import { type Disk, isDiskRefusal, systemDisk } from './disk.ts';
import type { Inside } from './inside.ts';
import { openLanes } from './lanes.ts';
import { type LedgerEntry, note, readLedger } from './ledger.ts';
import { type LaneName, openMarks } from './marks.ts';
import { openDatabase } from './open.ts';
import { openPending } from './pending.ts';
import { partPath, placesBelow } from './places.ts';
import type { Reserve } from './plan.ts';
import { positions } from './positions.ts';
import { rebuiltEvent, recall } from './rebuilt.ts';
import { recover } from './recover.ts';
import { eventBody, gapBody, gravest, gravityOf, markerBody, reportedBody } from './rows.ts';
import { adoptClip, finishDelete, heldBody, loseClip, makeRoom, sealClip } from './seal.ts';
import {
  clipShelf,
  type ClipShelf,
  rowShelf,
  type RowShelf,
  spentShelf,
  type SpentShelf,
} from './shelves.ts';
import { openSqlite, type Sqlite } from './sqlite.ts';
import { readTotal } from './totals.ts';
import type { BufferCounts, ClipFate, CutClip, RecoveryReport } from './types.ts';

export interface BufferOptions {
  readonly dir: string;
  readonly quotaBytes: number;
  readonly headroomBytes: number;
  /** Inodes that stay free for others; the room's limit unless told. */
  readonly headroomInodes?: number | undefined;
  /** Bytes that eviction leaves to a class. */
  readonly reserve?: Reserve | undefined;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /** The system's unless a test brings its own. */
  readonly disk?: Disk | undefined;
  readonly openSqlite?: ((path: string) => Sqlite) | undefined;
}

export interface AgentBuffer extends AsyncDisposable {
  /** Where the data worker writes a clip before it is sealed. */
  partPath(clipId: string): string;
  /**
   * Makes a finished part durable and offers it. The same clip again changes nothing. `evicted`
   * when it was worth less than what the buffer holds. A Fault leaves part or file where it was.
   */
  seal(cut: CutClip): Promise<'sealed' | ClipFate>;
  /** Evicts until `bytes` more fit, and writes the rows that waited for it. */
  makeRoom(bytes: number): Promise<boolean>;
  addEvent(event: WireEvent): void;
  addMarker(marker: WireMarker): void;
  /** A row only when the section's document changed since the last one, unless `again`. */
  report(section: ReportedSection, document: SectionDocument, again?: boolean): void;
  /** Counts triggers that did not become their own clip, in the hour of their log time. */
  noteTrigger(rule: string, reason: string, of: { atNs: bigint; count: number }): void;
  ledger(sinceMs: number): LedgerEntry[];
  /** How far a source was read. */
  position(source: string): Json | undefined;
  savePosition(source: string, document: Json): void;
  /**
   * Forgets the oldest recordings of a folder that are at none of these paths, and the oldest
   * sessions that never ended, beyond what is kept of each.
   */
  keepPositions(folder: string, paths: readonly string[]): void;
  counts(): BufferCounts;
  /** Bytes of clip files, by class. */
  bytesByClass(): Readonly<Partial<Record<ClipClass, number>>>;
  /** Other limits from now on; what is over them goes. */
  resize(limits: Pick<BufferOptions, 'quotaBytes' | 'headroomBytes' | 'reserve'>): Promise<void>;
  /** Called after every durable change; gives the way to stop. */
  onChange(listener: () => void): () => void;
  /** Why the disk does not take what it should; cheap to ask. */
  readonly degraded: string | undefined;
  readonly recovery: RecoveryReport;
  readonly rows: RowShelf;
  readonly clips: ClipShelf;
  readonly commands: CommandShelf;
  readonly spent: SpentShelf;
  close(): Promise<void>;
}

/** What a device runs; `digest` is lower-case hex of 32 bytes. */
export type SectionDocument = { readonly [key: string]: Json | undefined } & {
  readonly digest: string;
};

export async function openBuffer(options: BufferOptions): Promise<AgentBuffer> {
  const log = options.log.child('buffer');
  const disk = options.disk ?? systemDisk;
  const deps = { ...options, log, disk, openSqlite: options.openSqlite ?? openSqlite };
  const places = placesBelow(options.dir);
  const opened = await openDatabase(deps, places);
  try {
    return await openInside({ ...deps, places }, opened);
  } catch (error) {
    opened.db.close();
    throw error;
  }
}

type Deps = BufferOptions & { readonly disk: Disk; readonly places: Inside['places'] };
type Opened = Awaited<ReturnType<typeof openDatabase>>;

async function openInside(deps: Deps, opened: Opened): Promise<AgentBuffer> {
  const { db } = opened;
  if (opened.rebuilt) await recall(db, deps.places.kept);
  const lanes = openLanes(db, {
    check: (counter, value) => marks.check(counter, value),
    gapBody: (count) => gapBody(count, 'evicted'),
    gravityOf,
    gravest,
  });
  const marks = openMarks(deps.disk, deps.places.marks, opened.marks, lanes.current());
  const keepUp = (): void => {
    try {
      marks.keepUp(lanes.current());
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      // No number is used that it would have to cover: `check` refuses those.
      deps.log.warn('the high-water mark could not be written', { error });
    }
  };
  keepUp();
  const life = openLife(deps, db, keepUp);
  const inside: Inside = {
    ...deps,
    db,
    lanes,
    clips: clipTable(db),
    headroomInodes: deps.headroomInodes ?? headroomInodes,
    reserve: deps.reserve ?? {},
    inTransfer: new Set(),
    inDeletion: new Set(),
    write: life.write,
    addRow: (lane, body) => life.addRow(lane, body, () => lanes.append(lane, body)),
    degrade: life.degrade,
  };
  const recovery = await recover({
    ...inside,
    // The readers of recordings are for a clip that lost its row.
    readClip: async (path) => await (await import('./clip-file.ts')).readClipFile(path),
    keepUp,
    expectTellable: (clip) => void heldBody(clip),
    adopt: (clips) => inside.write(() => clips.forEach((clip) => adoptClip(inside, clip))),
    lose: (clip, fate) => loseClip(inside, clip, fate),
    finishDelete: (clip) => finishDelete(inside, clip),
    tell: (aside) => inside.addRow('events', eventBody(asideEvent(inside, aside))),
  });
  if (opened.rebuilt) inside.addRow('events', eventBody(rebuiltEvent(inside)));
  await makeFirstRoom(inside);
  const report = { ...recovery, rebuilt: opened.rebuilt };
  if (Object.values(report).some(Boolean)) deps.log.info('the buffer was recovered', report);
  return present(inside, { ...life, keepUp }, report);
}

/** A disk that others fill while room is made keeps no robot from its start. */
async function makeFirstRoom(inside: Inside): Promise<void> {
  try {
    await makeRoom(inside, 0);
  } catch (error) {
    if (!isDiskRefusal(error)) throw error;
    inside.degrade(asFault(error).message);
    inside.log.warn('the buffer could not make room at its start', { error });
  }
}

/** What changes while a buffer is open, besides its database. */
interface Life {
  readonly write: <T>(body: () => T) => T;
  readonly addRow: (lane: LaneName, body: Uint8Array, append: () => void) => void;
  readonly degrade: (why: string | undefined) => void;
  readonly flush: () => void;
  readonly pending: () => number;
  readonly degraded: () => string | undefined;
  readonly onChange: (listener: () => void) => () => void;
}

function openLife(deps: Deps, db: Sqlite, keepUp: () => void): Life {
  const listeners = new Set<() => void>();
  const pending = openPending();
  let degraded: string | undefined;
  const write = <T>(body: () => T): T => {
    const result = db.transaction(body);
    degraded = undefined;
    keepUp();
    for (const listener of listeners) listener();
    return result;
  };
  const flush = (): void => pending.flush(write);
  return {
    write,
    flush,
    addRow(lane, body, append) {
      try {
        flush();
        write(append);
      } catch (error) {
        const fault = asFault(error);
        if (fault.code !== 'limited' && fault.code !== 'unavailable') throw error;
        degraded = fault.message;
        deps.log.error('a row waits in memory because the disk refused it', {
          lane,
          bytes: body.length,
          waiting: pending.count,
          error: fault,
        });
        const gone = pending.add({ gravity: gravityOf(body), append });
        if (gone === undefined) return;
        const waiting = pending.count;
        deps.log.error('a row was given up because too many wait', {
          gravity: gone.gravity,
          waiting,
        });
      }
    },
    degrade: (why) => {
      degraded = why;
    },
    pending: () => pending.count,
    degraded: () => degraded,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function present(
  inside: Inside,
  life: Life & { keepUp(): void },
  recovery: RecoveryReport,
): AgentBuffer {
  const { db } = inside;
  let offeredThrough = 0;
  let sealing: Promise<unknown> = Promise.resolve();
  /** One at a time, because each looks at the room that is left. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = sealing.then(work);
    sealing = mine.catch(() => undefined);
    return mine;
  };
  const close = async (): Promise<void> => {
    await sealing;
    try {
      tryFlush(inside, life);
      const rows = life.pending();
      if (rows > 0) inside.log.error('rows that the disk refused go with this stop', { rows });
      life.keepUp();
    } finally {
      db.close();
    }
  };
  return {
    recovery,
    rows: rowShelf(inside, life, (seq) => {
      offeredThrough = seq;
    }),
    clips: clipShelf(inside),
    commands: commandShelf(inside),
    spent: spentShelf(inside),
    partPath: (clipId) => partPath(inside.places, clipId),
    seal: (cut) => inTurn(() => sealClip(inside, cut)),
    async makeRoom(bytes) {
      const isMade = await inTurn(() => makeRoom(inside, bytes));
      tryFlush(inside, life);
      return isMade;
    },
    addEvent: (event) => inside.addRow('events', eventBody(event)),
    addMarker: (marker) => inside.addRow('events', markerBody(marker)),
    report: (section, document, again = false) => report(inside, { section, document, again }),
    noteTrigger: (rule, reason, { atNs, count }) => {
      const atMs = Number(atNs / 1_000_000n);
      life.write(() => note(db, atMs, { rule, outcome: reason, count, bytes: 0 }));
    },
    ledger: (sinceMs) => readLedger(db, sinceMs),
    ...positions(db, life.write),
    counts: () => {
      tryFlush(inside, life);
      const pending = { pendingRows: life.pending(), degraded: life.degraded() };
      return { ...countAll(inside, offeredThrough), ...pending };
    },
    bytesByClass: () => inside.clips.bytesByClass(),
    async resize({ quotaBytes, headroomBytes, reserve = {} }) {
      Object.assign(inside, { quotaBytes, headroomBytes, reserve });
      await inTurn(() => makeRoom(inside, 0));
    },
    onChange: life.onChange,
    get degraded() {
      return life.degraded();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function tryFlush(inside: Inside, life: Life): void {
  try {
    life.flush();
  } catch (error) {
    inside.log.debug('rows still wait in memory', { error });
  }
}

function report(
  inside: Inside,
  what: {
    readonly section: ReportedSection;
    readonly document: SectionDocument;
    readonly again: boolean;
  },
): void {
  const { db } = inside;
  const { section, document, again } = what;
  const content = sha256Hex(canonicalJson(document));
  if (!/^[0-9a-f]{64}$/.test(document.digest)) {
    throw new Fault('invalid', `the digest of ${section} is not 64 hex digits`, {
      remedy: 'This is a bug in Fieldloop. Please report it with the log of this process.',
    });
  }
  const known = db.get('SELECT digest, generation FROM reported WHERE section = ?', section) as
    | { digest: string; generation: number }
    | undefined;
  if (known?.digest === content && !again) return;
  const generation = (known?.generation ?? 0) + 1;
  const body = reportedBody({ section, generation, document });
  inside.write(() => {
    inside.lanes.append('reported', body);
    db.run('INSERT OR REPLACE INTO reported VALUES (?, ?, ?)', section, content, generation);
  });
}

function countAll(
  inside: Inside,
  offeredThrough: number,
): Omit<BufferCounts, 'pendingRows' | 'degraded'> {
  const { db, clips } = inside;
  const by = new Map(clips.counts().map((row) => [row.state, row]));
  const n = (state: 'sealed' | 'wanted' | 'refused'): number => by.get(state)?.n ?? 0;
  const offered = clips.sealedThrough(offeredThrough);
  const oldest = (['sealed', 'wanted'] as const).flatMap((state) => by.get(state)?.oldest ?? []);
  const rows = { events: 0, manifests: 0, reported: 0 };
  for (const row of db.all('SELECT lane, sum(count) AS n FROM lane_row GROUP BY lane') as {
    lane: LaneName;
    n: number;
  }[]) {
    rows[row.lane] = row.n;
  }
  return {
    clips: {
      sealed: n('sealed') - offered,
      offered,
      uploading: n('wanted'),
      refused: n('refused'),
    },
    bytes: clips.bytes(),
    oldestMs: oldest.length === 0 ? undefined : Math.min(...oldest),
    ever: {
      sealed: readTotal(db, 'sealed'),
      acknowledged: readTotal(db, 'acknowledged'),
      evicted: readTotal(db, 'evicted'),
      lost: readTotal(db, 'lost'),
      quarantined: readTotal(db, 'quarantined'),
    },
    rows,
  };
}
