/** Where the bundle begins; from sources, `fieldloop-agent.mjs` does. */
import { stayWithin } from '@fieldloop/core/launch';
import { main } from '../cli.ts';
import { robotBounds } from './bounds.mjs';

stayWithin(robotBounds);
process.exitCode = await main(process.argv.slice(2));
