/** What `npm run fuzz` bends of this room. */
export { fuzzSchemas } from './schema/fuzz.sample.ts';
export { fuzzRecordings } from './recordings-fuzz.sample.ts';
