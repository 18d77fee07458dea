/** Where the bundle begins; from sources, `fieldloop-agent.mjs` does. */
import { main } from '../cli.ts';

process.exitCode = await main(process.argv.slice(2));
