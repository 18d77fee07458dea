/** The door to commander: the only file of this room that imports it. */
export { Command } from 'commander';
