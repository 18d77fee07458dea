/**
 * How unlike a frame is to those that went into clips: 1 - cosine to the nearest of the last
 * embeddings of its scorer that did, 0 to 2. Another model begins anew.
 */
import { cosineOf } from '@fieldloop/learning';
import { noveltyKept } from '../limits.ts';

export interface Embedded {
  readonly scorer: string;
  readonly modelSha256: string;
  /** Base64 of single-precision numbers, little endian. */
  readonly embedding?: string | undefined;
}

export interface Novelty {
  /** Undefined without an embedding, and before one was kept. */
  of(record: Embedded): number | undefined;
  /** Its frame is in a clip. */
  keep(record: Embedded): void;
}

interface Kept {
  readonly modelSha256: string;
  readonly embeddings: Float32Array[];
}

export function openNovelty(): Novelty {
  const byScorer = new Map<string, Kept>();
  return {
    of({ scorer, modelSha256, embedding }) {
      const kept = byScorer.get(scorer);
      if (embedding === undefined || kept?.modelSha256 !== modelSha256) return undefined;
      const own = singlesOf(embedding);
      return kept.embeddings.reduce((least, one) => Math.min(least, 1 - cosineOf(own, one)), 2);
    },
    keep({ scorer, modelSha256, embedding }) {
      if (embedding === undefined) return;
      const known = byScorer.get(scorer);
      const kept = known?.modelSha256 === modelSha256 ? known : { modelSha256, embeddings: [] };
      byScorer.set(scorer, kept);
      kept.embeddings.push(singlesOf(embedding));
      if (kept.embeddings.length > noveltyKept) kept.embeddings.shift();
    },
  };
}

function singlesOf(base64: string): Float32Array {
  const bytes = Buffer.from(base64, 'base64');
  return Float32Array.from({ length: bytes.length >> 2 }, (_, i) => bytes.readFloatLE(i * 4));
}
