import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { BlobPart, BlobStore } from './blob.ts';

const owner = 'amr-01';

export const sha256Of = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');

export const someBytes = (length: number, seed = 1): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 131 + (i >> 8) * seed + seed) & 255);

export async function bytesOf(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return new Uint8Array(Buffer.concat(all));
}

async function put(store: BlobStore, bytes: Uint8Array, by = owner): Promise<string> {
  const sha256 = sha256Of(bytes);
  const part = await store.begin({ owner: by, sha256 });
  await part.append([bytes]);
  expect(await part.commit()).toBe('committed');
  return sha256;
}

/** The store as a new process finds it: what the old one did not sync may be gone. */
export interface BlobWorld {
  open(): Promise<BlobStore>;
  /** Lets go of a store as a kill does: nothing is flushed, nothing is closed in order. */
  kill(store: BlobStore): Promise<void>;
}

/** What every blob store promises. Each adapter's test calls this with fresh, empty worlds. */
export function blobContract(name: string, newWorld: () => Promise<BlobWorld>): void {
  const withStore =
    (work: (store: BlobStore) => Promise<void>): (() => Promise<void>) =>
    async () => {
      await using store = await (await newWorld()).open();
      await work(store);
    };

  test(
    `${name}: a finished object reads back, whole and by range`,
    withStore(async (store) => {
      const bytes = someBytes(600_000);
      const sha256 = await put(store, bytes);
      expect(await store.stat(sha256)).toEqual({ sizeBytes: bytes.length });
      expect(Buffer.compare(await bytesOf(store.read(sha256)), bytes)).toBe(0);
      const range = { start: 262_000, end: 530_000 };
      const read = await bytesOf(store.read(sha256, range));
      expect(Buffer.compare(read, bytes.subarray(range.start, range.end))).toBe(0);
      expect(await bytesOf(store.read(sha256, { start: 5, end: 5 }))).toHaveLength(0);
      await expect(bytesOf(store.read(sha256, { start: 0, end: 600_001 }))).rejects.toThrow(
        'outside',
      );
      await expect(bytesOf(store.read(sha256Of(Buffer.of(9))))).rejects.toThrow('no such blob');
    }),
  );

  test(
    `${name}: an empty object is an object`,
    withStore(async (store) => {
      const sha256 = await put(store, new Uint8Array());
      expect(await store.stat(sha256)).toEqual({ sizeBytes: 0 });
      expect(await bytesOf(store.read(sha256))).toHaveLength(0);
    }),
  );

  test(
    `${name}: bytes that are not what the name says are never an object`,
    withStore(async (store) => {
      const sha256 = sha256Of(someBytes(10));
      const part = await store.begin({ owner, sha256 });
      await part.append([someBytes(10, 2)]);
      expect(await part.commit()).toBe('differs');
      expect(await store.stat(sha256)).toBeUndefined();
      await part.truncate(0);
      await part.append([someBytes(4), someBytes(10).subarray(4)]);
      expect(await part.commit()).toBe('committed');
      expect(await bytesOf(store.read(sha256))).toEqual(someBytes(10));
    }),
  );

  test(
    `${name}: two owners may commit the same content, at once and again`,
    withStore(async (store) => {
      const bytes = someBytes(50_000);
      await Promise.all([put(store, bytes, 'amr-01'), put(store, bytes, 'amr-02')]);
      const sha256 = await put(store, bytes);
      expect(await bytesOf(store.read(sha256))).toEqual(bytes);
      expect(await store.list({ limit: 10 })).toEqual([sha256]);
      expect(await store.parts()).toEqual([]);
    }),
  );

  test(
    `${name}: a part has one holder, and a closed one takes no more`,
    withStore(async (store) => {
      const name = { owner, sha256: sha256Of(Buffer.of(1)) };
      const part = await store.begin(name);
      await expect(store.begin(name)).rejects.toThrow('holder');
      await part.close();
      await expect(part.append([Buffer.of(1)])).rejects.toThrow('closed');
      const again = await store.begin(name);
      await again.discard();
      expect(await store.parts()).toEqual([]);
    }),
  );

  test(`${name}: killed before or after any call, what was synced is there and right`, async () => {
    const bytes = someBytes(300_000);
    const sha256 = sha256Of(bytes);
    const calls: ((part: BlobPart) => Promise<unknown>)[] = [
      async (part) => await part.append([bytes.subarray(0, 100_000)]),
      async (part) => await part.sync(),
      async (part) =>
        await part.append([bytes.subarray(100_000, 150_000), bytes.subarray(150_000)]),
      async (part) => await part.sync(),
      async (part) => await part.commit(),
    ];
    for (let killAt = 0; killAt <= calls.length; killAt += 1) {
      const world = await newWorld();
      const first = await world.open();
      const part = await first.begin({ owner, sha256 });
      for (const call of calls.slice(0, killAt)) await call(part);
      const synced = killAt < 2 ? 0 : killAt < 4 ? 100_000 : 300_000;
      await world.kill(first);
      await using second = await world.open();
      const isWhole = killAt === calls.length;
      expect(await second.stat(sha256)).toEqual(isWhole ? { sizeBytes: 300_000 } : undefined);
      if (isWhole) continue;
      const rest = await second.begin({ owner, sha256 });
      expect(rest.sizeBytes).toBeGreaterThanOrEqual(synced);
      await rest.truncate(synced);
      await rest.append([bytes.subarray(synced)]);
      expect(await rest.commit()).toBe('committed');
      expect(Buffer.compare(await bytesOf(second.read(sha256)), bytes)).toBe(0);
    }
  });

  test(
    `${name}: more bytes may come while a sync runs`,
    withStore(async (store) => {
      const bytes = someBytes(400_000);
      const part = await store.begin({ owner, sha256: sha256Of(bytes) });
      const work: Promise<void>[] = [];
      for (let at = 0; at < bytes.length; at += 50_000) {
        work.push(part.append([bytes.subarray(at, at + 50_000)]), part.sync());
      }
      await Promise.all(work);
      expect(part.sizeBytes).toBe(400_000);
      expect(await part.commit()).toBe('committed');
    }),
  );

  test(
    `${name}: a part cannot be cut to more than it has`,
    withStore(async (store) => {
      const part = await store.begin({ owner, sha256: sha256Of(Buffer.of(1)) });
      await part.append([Buffer.of(1)]);
      await expect(part.truncate(2)).rejects.toThrow('1 bytes, not 2');
      await part.discard();
    }),
  );

  test(
    `${name}: lists pages in order without gap or double, and removes once`,
    withStore(async (store) => {
      const all = await Promise.all(
        Array.from({ length: 25 }, async (_, i) => await put(store, someBytes(20, i + 2))),
      );
      const listed: string[] = [];
      for (;;) {
        const after = listed.at(-1);
        const page = await store.list({ ...(after === undefined ? {} : { after }), limit: 4 });
        if (page.length === 0) break;
        listed.push(...page);
      }
      expect(listed).toEqual(all.toSorted());
      expect(await store.remove(listed[0] ?? '')).toBe(true);
      expect(await store.remove(listed[0] ?? '')).toBe(false);
      expect(await store.list({ limit: 1 })).toEqual([listed[1]]);
    }),
  );

  test(
    `${name}: a draft becomes the object of its content, or nothing at all`,
    withStore(async (store) => {
      const bytes = someBytes(300_000);
      const draft = await store.draft('exp-01');
      await draft.append([bytes.subarray(0, 7), bytes.subarray(7, 7)]);
      expect(await store.drafts()).toEqual(['exp-01']);
      expect(await store.list({ limit: 9 })).toEqual([]);
      await draft.append([bytes.subarray(7)]);
      expect(await draft.finish()).toEqual({ sha256: sha256Of(bytes), sizeBytes: 300_000 });
      expect(Buffer.compare(await bytesOf(store.read(sha256Of(bytes))), bytes)).toBe(0);
      await expect(draft.append([bytes])).rejects.toThrow('over');
      const other = await store.draft('exp-02');
      await other.append([bytes]);
      await other.discard();
      expect(await store.drafts()).toEqual([]);
      expect((await store.freeBytes()) ?? 1).toBeGreaterThan(0);
    }),
  );

  test(
    `${name}: of two that hold one draft only the later one finishes`,
    withStore(async (store) => {
      const early = await store.draft('exp-01');
      await early.append([someBytes(10, 1)]);
      const late = await store.draft('exp-01');
      await early.append([someBytes(10, 2)]);
      await late.append([someBytes(20, 3)]);
      await expect(early.finish()).rejects.toMatchObject({ code: 'unavailable' });
      const { sha256 } = await late.finish();
      expect(sha256).toBe(sha256Of(someBytes(20, 3)));
      expect(await bytesOf(store.read(sha256))).toEqual(someBytes(20, 3));
      expect(await store.list({ limit: 9 })).toEqual([sha256]);
    }),
  );

  test(
    `${name}: a name that is no hash is refused before it is a path`,
    withStore(async (store) => {
      await expect(store.stat('../../etc/passwd')).rejects.toThrow('hex digits');
      await expect(store.begin({ owner: '../x', sha256: 'a'.repeat(64) })).rejects.toThrow(
        'device',
      );
    }),
  );
}
