/**
 * `node core/run.mjs ENTRY [arguments]`: calls `main` of a module. A file, and not `--eval`, because
 * worker threads inherit the flags of their process.
 */
import { pathToFileURL } from 'node:url';

const [entry = '', ...argv] = process.argv.slice(2);
const program = await import(pathToFileURL(entry).href);
process.exitCode = await program.main(argv);
