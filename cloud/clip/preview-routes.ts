/** How a clip looks: pictures that the cloud makes, or that its robot sent, and its signals. */
import { Fault } from '@fieldloop/core';
import { answerBytes } from '../blob/answer.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { bytesFault } from './care.ts';
import { type Clip, clipFileName } from './clip.ts';
import { type ClipDeps, clipPath, openedClip } from './deps.ts';
import type { Preview } from './preview.ts';
import { makePreviews } from './preview-maker.ts';
import { previewStore } from './preview-store.ts';
import { sketchOf, sketchSchema } from './robot-preview.ts';
import { robotPreviewStore } from './robot-preview-store.ts';

export const preview = (deps: ClipDeps): Operation => {
  const making = new Map<string, Promise<void>>();
  return operation(
    {
      id: 'getClipPreview',
      tag: 'clips',
      method: 'get',
      path: '/v1/clips/{id}/previews/{n}',
      summary: 'A small picture of a clip',
      description:
        'Made of its image topics when it arrives, or when it is asked for first. Until then, and ' +
        'when the bytes are lost, it is the picture that the robot sent with the manifest.',
      right: 'clips:read',
      faults: ['conflict'],
      statuses: { 206: 'A part of it.', 304: 'The caller has it.', 416: 'No such part.' },
    },
    {
      params: clipPath.extend({ n: z.string().regex(/^\d{1,3}$/, 'is not a number') }),
      answer: { status: 200, description: 'The picture.', bytes: 'image/jpeg' },
    },
    async (call) => {
      const clip = await openedClip(deps, call, 'clip.preview');
      const previews = clip.state === 'stored' ? await previewsOf(deps, clip, making) : [];
      const n = Number(call.params.n);
      const found = previews.find((one) => one.n === n);
      if (found === undefined) return await robotPicture(deps, clip, { n, made: previews.length });
      const fileName = clipFileName(clip, `_${n}`).replace(/mcap$/, 'jpg');
      return await answerBytes({ ...found, fileName, inline: true }, deps.bytes, call);
    },
  );
};

/** Several requests for the first picture of a clip make it once. */
async function previewsOf(
  deps: ClipDeps,
  clip: Clip,
  making: Map<string, Promise<void>>,
): Promise<readonly Preview[]> {
  const { state } = await previewStore(deps.read).state(clip.id);
  if (state === 'pending') {
    const running = making.get(clip.id) ?? makePreviews(deps, clip);
    making.set(clip.id, running);
    try {
      await running;
    } finally {
      making.delete(clip.id);
    }
  }
  return await previewStore(deps.write).list(clip.id);
}

function noPreview(clip: Clip, count: number): Fault {
  return new Fault('not_found', `${clip.id} has ${count} previews`, {
    place: '/path/n',
    remedy: count === 0 ? 'It has no images.' : `They count from 0 to ${count - 1}.`,
  });
}

/** The robot's own, where the cloud made none. */
async function robotPicture(
  deps: ClipDeps,
  clip: Clip,
  { n, made }: { readonly n: number; readonly made: number },
): Promise<Response> {
  const pictures = made > 0 ? [] : await robotPreviewStore(deps.read).list(clip.id, 'thumbnail');
  const found = pictures.find((one) => one.n === n);
  if (found === undefined) {
    if (clip.state !== 'stored' && pictures.length === 0) throw bytesFault(clip);
    throw noPreview(clip, made + pictures.length);
  }
  return new Response(new Uint8Array(found.bytes), {
    headers: {
      'cache-control': 'private, no-cache',
      'content-disposition': `inline; filename="${clipFileName(clip, `_${n}`).replace(/mcap$/, 'jpg')}"`,
      'content-length': String(found.bytes.length),
      'content-type': found.mediaType,
      etag: `"${found.sha256}"`,
      'x-content-type-options': 'nosniff',
    },
  });
}

export const sketch = (deps: ClipDeps): Operation =>
  operation(
    {
      id: 'getClipSketch',
      tag: 'clips',
      method: 'get',
      path: '/v1/clips/{id}/sketch',
      summary: 'The signals of a clip’s rules as its robot drew them, before its bytes come',
      description:
        'Of each part of the clip the value that lies farthest from the one before; null where ' +
        'there was none. It outlives the bytes.',
      right: 'clips:read',
      faults: ['corrupt'],
    },
    {
      params: clipPath,
      answer: { status: 200, description: 'A line a signal.', schema: sketchSchema },
    },
    async (call) => {
      const clip = await openedClip(deps, call, 'clip.preview');
      const [drawn] = await robotPreviewStore(deps.read).list(clip.id, 'sketch');
      if (drawn === undefined) {
        throw new Fault('not_found', `the robot sent no sketch of ${clip.id}`, {
          remedy: 'Use `fieldloop clips plot` once the clip is stored.',
        });
      }
      return sketchOf(drawn.bytes);
    },
  );
