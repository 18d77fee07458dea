/** A clip with everything that is shown with it. */
import type { Db } from '../store/db.ts';
import { clipCareStore } from './care-store.ts';
import type { Clip } from './clip.ts';
import type { ClipView } from './json.ts';
import { previewStore } from './preview-store.ts';
import { robotPreviewStore } from './robot-preview-store.ts';
import { clipStoryStore } from './story-store.ts';

export async function viewOf(db: Db, clip: Clip): Promise<ClipView> {
  const previews = previewStore(db);
  const story = clipStoryStore(db);
  return {
    clip,
    previews: await previews.list(clip.id),
    preview: await previews.state(clip.id),
    robotPreviews: await robotPreviewStore(db).list(clip.id, 'thumbnail'),
    pins: await clipCareStore(db).pins(clip),
    marks: await story.marks(clip),
    properties: await story.properties(clip),
  };
}
