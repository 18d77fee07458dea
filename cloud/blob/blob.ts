/**
 * Where bytes live. Objects are named by their SHA-256 and never change; a part is an object that
 * is still arriving. Nothing here knows of devices, rows or the wire.
 */
export interface BlobRange {
  readonly start: number;
  /** One past the last byte. */
  readonly end: number;
}

export interface BlobStore extends AsyncDisposable {
  /** Undefined when there is no such object. */
  stat(sha256: string): Promise<{ readonly sizeBytes: number } | undefined>;
  /** The bytes in pieces. Fault `not_found`; `invalid` for a range outside the object. */
  read(sha256: string, range?: BlobRange): AsyncIterable<Uint8Array>;
  /** Opens a part, empty when new. A part has one holder: a second one gets Fault `conflict`. */
  begin(name: PartName): Promise<BlobPart>;
  /** False when there was no such object. */
  remove(sha256: string): Promise<boolean>;
  /** Hashes in text order after `after`. */
  list(page: { readonly after?: string; readonly limit: number }): Promise<readonly string[]>;
  /** Every part on disk, for the sweep at the start. */
  parts(): Promise<readonly PartName[]>;
  /**
   * Begins an object whose content is not known before. A name has one draft: what an earlier one
   * left is gone, and its holder, if it still writes, cannot finish.
   */
  draft(name: string): Promise<BlobDraft>;
  /** Names of drafts that are there. */
  drafts(): Promise<readonly string[]>;
  /** Room that is left; undefined where the store knows no bound. */
  freeBytes(): Promise<number | undefined>;
}

export interface BlobDraft {
  /** Resolves when the pieces may change. A failed one breaks the draft. */
  append(pieces: readonly Uint8Array[]): Promise<void>;
  /** Syncs the bytes and moves them to their place; ends the draft. */
  finish(): Promise<{ readonly sha256: string; readonly sizeBytes: number }>;
  /** Removes the bytes; ends the draft. */
  discard(): Promise<void>;
}

/** Parts of two devices never meet, whatever their content. */
export interface PartName {
  readonly owner: string;
  readonly sha256: string;
}

export interface BlobPart {
  /** Bytes taken so far, written or about to be. */
  readonly sizeBytes: number;
  /**
   * Takes the next bytes; the pieces must not change until the promise settles. A failed append
   * breaks the part: every later call fails, and what was synced before is still good.
   */
  append(pieces: readonly Uint8Array[]): Promise<void>;
  /** All bytes taken before the call are on disk when it resolves. More may arrive meanwhile. */
  sync(): Promise<void>;
  /** Cuts the part and reads what stays, so that its hash goes on. Fault `corrupt` when shorter. */
  truncate(sizeBytes: number): Promise<void>;
  /** Verifies, syncs and moves the bytes to their place; ends the part unless it `differs`. */
  commit(): Promise<'committed' | 'differs'>;
  /** Removes the part; ends it. */
  discard(): Promise<void>;
  /** Lets go of the part and leaves its bytes. */
  close(): Promise<void>;
}
