/** The limits of windows and clips: what they keep, leave out and tell. */

/** Of a manifest's message beside its document, and of a preview beside its bytes. */
export const manifestHeadBytes = 512;
export const previewHeadBytes = 96;
