import { nouns } from './0001-nouns.ts';
import { wire } from './0002-wire.ts';
import { http } from './0009-http.ts';
import type { Migration } from './migration.ts';

/** All steps, oldest first. */
export const migrations: readonly Migration[] = [nouns, wire, http];
