/** The door to zod with OpenAPI words: the only file that imports it. */
export { OpenAPIHono, z } from '@hono/zod-openapi';
