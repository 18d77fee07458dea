export type { CliIo } from './io.ts';
export { main, runCli } from './main.ts';
