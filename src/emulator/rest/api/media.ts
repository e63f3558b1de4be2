import { json, type Reply } from '../../http';
import type { Media } from '../../message';
import { page2010, pageOf } from '../paging';
import { type Context, route } from '../route';
import { timeFilter } from '../time-filter';
import { notFound } from '../twilio-error';
import { findMessage } from './messages';
import { mediaResource } from './resources';

const MEDIA = '/2010-04-01/Accounts/{AC}/Messages/{SM|MM}/Media';
const resource = '/twilio/messaging/media';

/** @see https://www.twilio.com/docs/messaging/api/media-resource */
export const mediaRoutes = [
  route(`${MEDIA}.json`, { GET: list }, { resource }),
  route(`${MEDIA}/{ME}.json`, { GET: fetch, DELETE: remove }, { resource }),
  route(`${MEDIA}/{ME}`, { GET: bytes, DELETE: remove }, { resource }),
];

function list(context: Context, sid?: string): Reply {
  const message = findMessage(context, sid);
  const { path, query } = context.call;
  const isInTime = timeFilter(query, 'DateCreated');
  const page = pageOf(
    message.media.filter(({ createdAt }) => isInTime(createdAt)),
    query,
  );
  const items = page.items.map((media) => mediaResource(media, message.sid, message.accountSid));
  return json(200, page2010(path, query, 'media_list', { ...page, items }));
}

function fetch(context: Context, sid?: string, mediaSid?: string): Reply {
  return json(200, mediaResource(findMedia(context, sid, mediaSid), sid ?? '', context.account.sid));
}

function remove(context: Context, sid?: string, mediaSid?: string): Reply {
  context.core.messages.removeMedia(findMedia(context, sid, mediaSid));
  return { status: 204 };
}

/**
 * Twilio does not hand the file out itself: it sends one on to a signed address on another host. One that has only just
 * come in can be missing for a moment.
 */
function bytes(context: Context, sid?: string, mediaSid?: string): Reply {
  const { call, core } = context;
  const message = findMessage(context, sid);
  const media = findMedia(context, sid, mediaSid);
  const isNotThereYet = message.direction === 'inbound' && core.clock.now() - message.createdAt < core.mediaDelayMs;
  const location = media.data ? context.media.addressOf(message, media) : media.url;
  if (isNotThereYet || core.faults.nextMediaIsMissing() || location === undefined) throw notFound(call.path);
  return { status: 302, headers: { location } };
}

function findMedia(context: Context, sid?: string, mediaSid?: string): Media {
  const media = findMessage(context, sid).media.find((candidate) => candidate.sid === mediaSid);
  if (!media) throw notFound(context.call.path);
  return media;
}
