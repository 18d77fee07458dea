/** The query language: characters, conditions, levels of parentheses and nots of one query. */
export const maxQueryLength = 2048;
export const maxQueryTerms = 64;
export const maxQueryDepth = 16;
