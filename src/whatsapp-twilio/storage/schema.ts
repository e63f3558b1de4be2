import type { Generated, Insertable, Selectable } from 'kysely';
import type { OutsideWindowPolicy } from '../messages/outbound-message';

/** Times are milliseconds since 1970 and JSON is text, so that one schema and one set of queries serve every engine. */
export interface Schema {
  conversations: ConversationsTable;
  inbound_messages: InboundMessagesTable;
  outbound_messages: OutboundMessagesTable;
  message_events: MessageEventsTable;
  early_callbacks: EarlyCallbacksTable;
  send_slots: SendSlotsTable;
  sender_rests: SenderRestsTable;
  workers: WorkersTable;
  events: EventsTable;
  event_positions: EventPositionsTable;
  event_deliveries: EventDeliveriesTable;
  api_usage: ApiUsageTable;
  connections: ConnectionsTable;
  connection_rotations: ConnectionRotationsTable;
  connection_events: ConnectionEventsTable;
}

/** One sender and one user. The user is known by phone number, by business-scoped id, or by both. */
interface ConversationsTable {
  id: string;
  connection_id: string;
  /** Our side: a phone number, or the messaging service while it has not chosen one. */
  sender: string;
  user_phone: string | null;
  user_bsuid: string | null;
  last_inbound_at: number | null;
  created_at: number;
  /** Since when this user wants nothing from us. */
  opted_out_at: number | null;
  opt_out_source: OptOutSource | null;
}

/** How it is known: a word of the user's, Twilio's Advanced Opt-Out, a refusal of Twilio's (21610), or our own program. */
export type OptOutSource = 'keyword' | 'twilio' | 'refusal' | 'api';

/** A webhook as it came, committed before it is acknowledged; then work for the handlers. */
interface InboundMessagesTable {
  seq: Generated<number>;
  id: string;
  /** The registration of the module that serves it: the id of its configured connection. */
  scope: string;
  connection_id: string;
  conversation_id: string;
  /** What tells a repeat from a new message: the MessageSid, or what stands in for it. */
  dedupe_key: string;
  /** Twilio's name for the request, the same on each of its tries. */
  idempotency_token: string | null;
  message_sid: string;
  params: string;
  received_at: number;
  state: WorkState;
  attempts: number;
  /** When it may be worked on; while it is being worked on, when its lease ends. Null once nothing is left to do. */
  due_at: number | null;
  /** The process that is working on it. */
  owner: string | null;
  /** Names of the handlers that are done with it, as JSON. */
  done_handlers: string;
  /** Why the last try failed. */
  failure: string | null;
  finished_at: number | null;
  /** When all but what identifies it was taken out of `params`. */
  erased_at: number | null;
  /** The span in which it came in, as a W3C `traceparent`; null without OpenTelemetry. */
  trace: string | null;
}

export type WorkState = 'pending' | 'done' | 'dead';

interface OutboundMessagesTable {
  seq: Generated<number>;
  id: string;
  scope: string;
  connection_id: string;
  account_sid: string;
  conversation_id: string;
  to_address: string;
  from_address: string | null;
  messaging_service_sid: string | null;
  content: string;
  content_hash: string;
  idempotency_key: string | null;
  priority: 'conversation' | 'bulk';
  metadata: string;
  status: string;
  twilio_sid: string | null;
  error: string | null;
  send_at: number | null;
  expires_at: number | null;
  attempts: number;
  /** When the last attempt was put on record, just before the request. */
  attempted_at: number | null;
  /** When there is something to do: send, send again, reconcile, expire; or when the lease of that work ends. */
  due_at: number | null;
  /** The process that is working on it. */
  owner: string | null;
  /** Since when its fate is unknown. */
  unknown_since: number | null;
  /** From when on, if Twilio does not list it, it was not taken. */
  settled_at: number | null;
  /** Why it waits, for people. */
  waiting: string | null;
  /** What to do when it is due and the 24-hour window is closed. */
  outside_window: Generated<OutsideWindowPolicy>;
  /** When Twilio is asked what became of it, unless a callback tells before. */
  check_at: number | null;
  /** When its content and metadata were taken out. */
  erased_at: number | null;
  /** The span in which it was queued, as a W3C `traceparent`; null without OpenTelemetry. */
  trace: string | null;
  created_at: number;
  updated_at: number;
}

/** The history of an outbound message; an event that handlers want is work until they had it. */
interface MessageEventsTable {
  seq: Generated<number>;
  message_id: string;
  scope: string;
  connection_id: string;
  /** The same event never stands twice for one message. */
  dedupe_key: string;
  status: string;
  previous_status: string | null;
  source: EventSource;
  error: string | null;
  at: number;
  state: WorkState;
  attempts: number;
  due_at: number | null;
  owner: string | null;
  done_handlers: string;
  failure: string | null;
  finished_at: number | null;
}

/** Who said so: this package, Twilio's answer to a request, or a status callback. */
export type EventSource = 'local' | 'api' | 'callback';

/** Callbacks for a message whose SID is not known (yet). */
interface EarlyCallbacksTable {
  seq: Generated<number>;
  scope: string;
  connection_id: string;
  message_sid: string;
  dedupe_key: string;
  params: string;
  received_at: number;
}

/** When each request of an account left, for the sliding minute of the budget: sends, and looks at what became of one. */
interface SendSlotsTable {
  seq: Generated<number>;
  account_sid: string;
  priority: 'conversation' | 'bulk' | 'lookup';
  at: number;
  /** How many left at this time. */
  sends: Generated<number>;
}

/** Senders that WhatsApp takes no messages from for a while, as it had too many. */
interface SenderRestsTable {
  account_sid: string;
  sender: string;
  until: number;
  /** How often in a row. */
  refusals: number;
}

/** The processes that work on this storage. */
interface WorkersTable {
  id: string;
  beat_at: number;
}

/**
 * What happened, for those outside: a reference to a message and what is not found there. It has a position once its
 * transaction is committed, so that who has read up to a position has missed nothing before it.
 */
interface EventsTable {
  seq: Generated<number>;
  id: string;
  position: number | null;
  scope: string;
  connection_id: string;
  conversation_id: string;
  type: EventType;
  /** The inbound or outbound message, by our id. */
  subject_id: string;
  /** Of a status change: the statuses and the error, as JSON. */
  data: string;
  at: number;
}

export type EventType = 'message.received' | 'message.status';

interface EventPositionsTable {
  id: number;
  last: number;
}

/** An event as work: to be delivered to one subscriber. */
interface EventDeliveriesTable {
  seq: Generated<number>;
  scope: string;
  connection_id: string;
  conversation_id: string;
  subscriber: string;
  /** Subscriber and conversation: what is delivered in order. */
  order_key: string;
  event_id: string;
  state: WorkState;
  attempts: number;
  due_at: number | null;
  owner: string | null;
  done_handlers: string;
  failure: string | null;
  created_at: number;
  finished_at: number | null;
}

/** Requests of an API key in a window of time. */
interface ApiUsageTable {
  key: string;
  /** When the window began, in milliseconds since 1970. */
  window_at: number;
  hits: number;
}

/** A connection that a customer brought. Its secrets are encrypted, each bound to this connection and its column. */
interface ConnectionsTable {
  id: string;
  scope: string;
  label: string | null;
  state: 'active' | 'disabled';
  account_sid: string;
  /** Our phone number, without `whatsapp:`. */
  sender: string | null;
  messaging_service_sid: string | null;
  rpm: number | null;
  /** Authenticates calls, and signs webhooks unless a rotation says otherwise. */
  auth_token: string;
  /** Takes its place once Twilio has promoted it. */
  next_auth_token: string | null;
  /** Signed the webhooks that may still be on their way. */
  previous_auth_token: string | null;
  api_key_sid: string | null;
  api_key_secret: string | null;
  /** The key that all of its secrets are encrypted with. */
  key_id: string;
  /** What Twilio said to its credentials when they were last tried, as JSON. */
  validation: string | null;
  /** Counts changes: one that was made of an older version is not. */
  version: number;
  created_at: number;
  updated_at: number;
}

interface ConnectionRotationsTable {
  id: string;
  scope: string;
  connection_id: string;
  kind: 'manual' | 'twilio';
  step: RotationStep;
  /** How long the old token is accepted after the promotion. */
  overlap_ms: number;
  /** Tries of the step that were begun. */
  attempts: number;
  /** When there is something to do, or when the lease of that work ends; null when a person has to act, or at the end. */
  due_at: number | null;
  /** Counts claims: what a late worker fails at. */
  claims: number;
  error: string | null;
  promoted_at: number | null;
  /** When a webhook came that was signed with the new token. */
  confirmed_at: number | null;
  started_at: number;
  updated_at: number;
  finished_at: number | null;
}

export type RotationStep =
  | 'creating'
  | 'accepting'
  | 'promoting'
  | 'waiting'
  | 'overlapping'
  | 'aborting'
  | 'done'
  | 'aborted';

/** Who changed what of a connection, never what it was or is. */
interface ConnectionEventsTable {
  seq: Generated<number>;
  scope: string;
  connection_id: string;
  at: number;
  actor: string;
  action: string;
  reason: string | null;
  /** The names of the fields that changed, as JSON. */
  fields: string;
}

export type ConnectionRow = Selectable<ConnectionsTable>;
export type RotationRow = Selectable<ConnectionRotationsTable>;
export type ConnectionEventRow = Selectable<ConnectionEventsTable>;
export type InboundRow = Selectable<InboundMessagesTable>;
export type OutboundRow = Selectable<OutboundMessagesTable>;
export type NewOutboundRow = Insertable<OutboundMessagesTable>;
export type MessageEventRow = Selectable<MessageEventsTable>;
export type ConversationRow = Selectable<ConversationsTable>;
export type EventRow = Selectable<EventsTable>;
export type EventDeliveryRow = Selectable<EventDeliveriesTable>;
