/** What is made again from its records comes out the same, or the command fails. */
import { Fault } from '@fieldloop/core';

/** Fault `corrupt`, after both hashes were shown. */
export function demandSame(isSame: boolean, what: string): void {
  if (isSame) return;
  throw new Fault('corrupt', what, {
    remedy: 'See which link was changed with `fieldloop lineage ID --verify`; restore it.',
  });
}

/** A file or result that was made again, as the API compares it. */
export interface Compared {
  readonly recorded: string;
  readonly reproduced: string;
  readonly same: boolean;
}

export const comparedText = (name: string, { recorded, reproduced, same }: Compared): string =>
  same
    ? `${name}  ${recorded}  the same again\n`
    : `${name}  ${recorded}  comes out as ${reproduced}\n`;
