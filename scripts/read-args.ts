/** The words of a command, where anything that is no option gets what is wrong and the usage. */
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { asFault } from '@fieldloop/core';

/** Undefined when a word is no option; why, and `usage`, stand on stderr then. */
export function readArgs<const O extends ParseArgsOptionsConfig>(
  args: readonly string[],
  { options, usage }: { readonly options: O; readonly usage: string },
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    process.stderr.write(`${asFault(error).message}\n${usage}`);
    return undefined;
  }
}
