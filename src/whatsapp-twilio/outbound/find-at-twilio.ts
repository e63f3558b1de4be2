import type { NormalizedContent } from '../messages/outbound-message';
import type { Database } from '../storage/database';
import type { OutboundRow } from '../storage/schema';
import type { MessageResource } from '../twilio/message-resource';
import type { TwilioClient } from '../twilio/twilio-client';

/** What a look at Twilio's message list says about a request whose answer never came. */
export type FoundAtTwilio =
  | { readonly kind: 'taken'; readonly resource: MessageResource }
  | { readonly kind: 'not-found' }
  /** Several messages could be it. */
  | { readonly kind: 'ambiguous' };

/** Twilio's clock and ours may differ by this much. */
const CLOCK_SKEW_MS = 60_000;
const MOST_LISTED = 100;

/** Looks for the message among Twilio's newest to this user: one we do not know, of the time and the text. */
export async function findAtTwilio(db: Database, client: TwilioClient, row: OutboundRow): Promise<FoundAtTwilio> {
  const listed = await client.listMessages({
    to: row.to_address,
    ...(row.from_address !== null && { from: row.from_address }),
    limit: MOST_LISTED,
  });
  const since = (row.attempted_at ?? row.created_at) - CLOCK_SKEW_MS;
  const content = JSON.parse(row.content) as NormalizedContent;
  const candidates = listed.filter(
    (resource) =>
      resource.direction === 'outbound-api' &&
      (resource.dateCreated?.getTime() ?? 0) >= since &&
      couldBe(resource, content),
  );
  const unknown: MessageResource[] = [];
  for (const resource of candidates) {
    const known = await db
      .selectFrom('outbound_messages')
      .select('id')
      .where('twilio_sid', '=', resource.sid)
      .where('connection_id', '=', row.connection_id)
      .executeTakeFirst();
    if (known === undefined) unknown.push(resource);
  }
  if (unknown.length > 1) return { kind: 'ambiguous' };
  return unknown[0] ? { kind: 'taken', resource: unknown[0] } : { kind: 'not-found' };
}

/** Twilio renders templates itself, so only free-form content can be compared. */
function couldBe(resource: MessageResource, content: NormalizedContent): boolean {
  if ('template' in content || 'location' in content) return true;
  if ('media' in content) return resource.numMedia > 0 || resource.body === (content.text ?? '');
  return resource.body === content.text;
}
