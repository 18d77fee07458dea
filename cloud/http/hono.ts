/** The door to Hono: the only file that imports it. */
export { type Context, Hono } from 'hono';
