/** The one door to client-zip: a zip that is written as its files are read, of any size. */
import { makeZip } from 'client-zip';

export interface ZipEntry {
  readonly name: string;
  readonly modifiedAt: Date;
  /** Where it is known before. */
  readonly sizeBytes?: number;
  readonly content: AsyncIterable<Uint8Array>;
}

/** Files as they are: recordings are packed already. The same entries give the same bytes. */
export async function* zipOf(entries: AsyncIterable<ZipEntry>): AsyncGenerator<Uint8Array, void> {
  yield* makeZip(filesOf(entries));
}

async function* filesOf(entries: AsyncIterable<ZipEntry>) {
  for await (const { name, modifiedAt, sizeBytes, content } of entries) {
    yield {
      name,
      lastModified: modifiedAt,
      input: content,
      ...(sizeBytes === undefined ? {} : { size: sizeBytes }),
    };
  }
}
