/**
 * How much of a disk `agent.yaml` asks for: a size, or a share of the whole file system that the
 * buffer is on. Shares become bytes when the file is read; nothing behind it knows of them.
 */
import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { Fault, parseSize } from '@fieldloop/core';
import { parsedText } from './document.ts';
import { errorCode } from './durable-file.ts';

export type Amount = number | { readonly share: number };

/** All bytes of the file system that `path` is on, used and free. */
export type DiskBytes = (path: string) => number;

/** `20GiB` or `20%`: above 0 % and at most 100 %. */
export const amount = parsedText((text): Amount => {
  if (text.includes('%')) return { share: shareOf(text) };
  try {
    return parseSize(text);
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    throw new Fault('invalid', cause.message, { remedy: `${cause.remedy} ${orShare}`, cause });
  }
});

const orShare = 'A share of the disk is a percentage, for example 20%.';

function shareOf(text: string): number {
  const share = Number(/^(\d{1,3}(?:\.\d+)?)%$/.exec(text)?.[1]) / 100;
  if (share > 0 && share <= 1) return share;
  throw new Fault('invalid', `"${text.slice(0, 40)}" is not a share of the disk`, {
    remedy: 'Write a percentage above 0% and at most 100%, or a size such as 20GiB.',
  });
}

export const bytesOf = (given: Amount, diskBytes: () => number): number =>
  typeof given === 'number' ? given : Math.floor(given.share * diskBytes());

/** Of the nearest folder that is there: the first start makes the others. Fault `unavailable`. */
export const systemDiskBytes: DiskBytes = (path) => {
  for (let here = path; ; here = dirname(here)) {
    try {
      const { blocks, bsize } = statfsSync(here);
      if (blocks > 0) return blocks * bsize;
    } catch (error) {
      const code = errorCode(error);
      if ((code === 'ENOENT' || code === 'ENOTDIR') && here !== dirname(here)) continue;
      throw unknownSize(here, code ?? '', error);
    }
    throw unknownSize(here, 'its file system has none');
  }
};

const unknownSize = (path: string, why: string, cause?: unknown): Fault =>
  new Fault('unavailable', `the size of the disk of ${path} is not known: ${why}`, {
    remedy: 'Let this user reach the folder, or write sizes such as 20GiB in place of shares.',
    cause,
  });
