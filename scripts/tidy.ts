/**
 * The laws of the house as a gate: `node scripts/tidy.ts [ROOT]`. Prints each violation with its
 * place and remedy, and fails when there is one or when there was nothing to look at.
 */
import { fileURLToPath } from 'node:url';
import { asFault, faultLine } from '@fieldloop/core';
import { cyclesLaw } from './tidy/cycles.ts';
import { doorsLaw } from './tidy/doors.ts';
import { purityLaw } from './tidy/purity.ts';
import { declaredLaw, nounsLaw, relativeLaw, roomsLaw, stationsLaw } from './tidy/rooms.ts';
import { bytesLaw, commentsLaw, formsLaw, namesLaw, readmeLaw, sizesLaw } from './tidy/style.ts';
import { type Complaint, type Law, readTree } from './tidy/tree.ts';

export const laws: readonly Law[] = [
  roomsLaw,
  declaredLaw,
  relativeLaw,
  stationsLaw,
  nounsLaw,
  doorsLaw,
  purityLaw,
  formsLaw,
  namesLaw,
  sizesLaw,
  commentsLaw,
  bytesLaw,
  readmeLaw,
  cyclesLaw,
];

/** Every violation in the checkout at `root`. Fault `invalid` when no file could be examined. */
export function tidy(root: string): { readonly files: number; readonly complaints: Complaint[] } {
  const tree = readTree(root);
  return { files: tree.sources.length, complaints: laws.flatMap((law) => [...law(tree)]) };
}

function main(): void {
  const root = process.argv[2] ?? fileURLToPath(new URL('..', import.meta.url));
  try {
    const { files, complaints } = tidy(root);
    for (const { path, line, law, message, remedy } of complaints) {
      console.log(`${path}:${line}  ${law}  ${message}. ${remedy}`);
    }
    console.log(`tidy looked at ${files} files: ${complaints.length} violations`);
    process.exitCode = complaints.length === 0 ? 0 : 1;
  } catch (error) {
    const fault = asFault(error);
    console.error(faultLine(fault));
    process.exitCode = 1;
  }
}

if (import.meta.main) main();
