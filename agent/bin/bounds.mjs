/**
 * A robot has memory for other things. V8: small spaces for young objects in each thread, code that
 * is kept small, built-ins where they lie instead of a copy near the code, and code that no call
 * needed since the last collection is dropped, compiled or not. The system's allocator: one arena
 * for all threads, large pieces go back when they are free, and no thread keeps small ones for
 * itself, which would pin the pages that they lie on. Side by side on one recording of 1 MB/s, from
 * the bundle, 95th percentiles: the last variable 115 to 113 MiB, the last flag 111 to 108.
 */
export const robotBounds = {
  flags: [
    '--max-semi-space-size=1',
    '--optimize-for-size',
    '--no-short-builtin-calls',
    '--bytecode-old-age=1',
    '--flush-baseline-code',
  ],
  environment: {
    MALLOC_ARENA_MAX: '1',
    MALLOC_MMAP_THRESHOLD_: '131072',
    MALLOC_TRIM_THRESHOLD_: '131072',
    GLIBC_TUNABLES: 'glibc.malloc.tcache_count=0',
  },
};
