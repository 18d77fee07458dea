/**
 * A section of Desired on its way: canonical JSON, packed when that makes it smaller. Its hash is
 * over the unpacked text, so that both ends name the same document by the same digest.
 */
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { canonicalJson, Fault, type Json, sha256Hex } from '@fieldloop/core';
import * as most from './limits.ts';

export interface PackedDocument {
  readonly packing: 'none' | 'brotli';
  readonly bytes: Uint8Array;
}

/** Lower-case hex SHA-256 by which both ends know a document. */
export function desiredDigest(document: Json): string {
  return sha256Hex(canonicalJson(document));
}

/** Packed, and within what one section may take; Fault `limited` says by how much it is over. */
export function packDesired(section: string, document: Json): PackedDocument {
  const plain = Buffer.from(canonicalJson(document));
  if (plain.length > most.maxUnpackedDesiredBytes) {
    throw tooLarge(section, plain.length, most.maxUnpackedDesiredBytes);
  }
  // On rule sets this is within 5 % of the best quality in a tenth of its time: each device that
  // connects is packed for on the thread that serves them all.
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 5,
    [constants.BROTLI_PARAM_LGWIN]: 18,
    [constants.BROTLI_PARAM_SIZE_HINT]: plain.length,
  };
  const packed = brotliCompressSync(plain, { params });
  const isSmaller = packed.length < plain.length;
  const bytes = isSmaller ? packed : plain;
  if (bytes.length > most.maxDesiredSectionBytes) {
    throw tooLarge(section, bytes.length, most.maxDesiredSectionBytes);
  }
  return { packing: isSmaller ? 'brotli' : 'none', bytes: new Uint8Array(bytes) };
}

/** Fault `limited` when the document cannot be sent to a device. */
export function demandDesiredFits(section: string, document: Json): void {
  packDesired(section, document);
}

/** Fault `invalid` for bytes that are no document, or one larger than anybody may send. */
export function unpackDesired(packed: PackedDocument): Json {
  try {
    const plain =
      packed.packing === 'none'
        ? packed.bytes
        : brotliDecompressSync(packed.bytes, { maxOutputLength: most.maxUnpackedDesiredBytes });
    const text = new TextDecoder('utf-8', { fatal: true }).decode(plain);
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new Fault('invalid', 'a desired document cannot be unpacked', {
      place: '/sections/document',
      remedy: 'Use the same version of Fieldloop on both ends of the wire.',
      cause: error,
    });
  }
}

const tooLarge = (section: string, bytes: number, limit: number): Fault =>
  new Fault('limited', `the ${section} for a device take ${bytes} bytes packed, over ${limit}`, {
    place: `/${section}`,
    remedy: 'Make the rule set smaller: split it, or shorten its comments and descriptions.',
    details: { bytes, limit },
  });
