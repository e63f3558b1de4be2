export { WhatsappTwilioModule, type WhatsappTwilioRootOptions } from './whatsapp-twilio/whatsapp-twilio.module';
export {
  defaultWebhookPath,
  type EventOptions,
  type HandlerOptions,
  type OptOutOptions,
  type ReconciliationOptions,
  type RetentionOptions,
  type RotationOptions,
  type TwilioApiKey,
  type WhatsappTwilioModuleExtras,
  type WhatsappTwilioModuleOptions,
  type WhatsappTwilioOptionsFactory,
} from './whatsapp-twilio/whatsapp-twilio.options';

export type { IntegrationSpec } from './whatsapp-twilio/contract/integration-spec';
export { messagingWhatsappTwilioIntegrationSpec } from './whatsapp-twilio/contract/messaging.whatsapp.twilio';
export { whatsappTwilioConfig } from './whatsapp-twilio/contract/whatsapp-twilio.config';
export { WhatsappTwilioConfig, WhatsappTwilioSecrets } from './whatsapp-twilio/contract/whatsapp-twilio-config.class';
export { type ConfigProblem, WhatsappTwilioConfigError } from './whatsapp-twilio/contract/whatsapp-twilio-config.error';

export { OnWhatsappMessage } from './whatsapp-twilio/handlers/on-whatsapp-message.decorator';
export { OnWhatsappStatus } from './whatsapp-twilio/handlers/on-whatsapp-status.decorator';
export type { HandlerReply } from './whatsapp-twilio/handlers/whatsapp-handlers';

export { type Address, formatAddress, parseAddress } from './whatsapp-twilio/messages/address';
export type { Conversation } from './whatsapp-twilio/messages/conversation';
export type { FieldError, FieldErrorCode } from './whatsapp-twilio/messages/field-errors';
export {
  type InboundMedia,
  type InboundMessageKind,
  inboundMessageKinds,
  type Referral,
  type ReplyTo,
  type WhatsappMessage,
} from './whatsapp-twilio/messages/inbound-message';
export { isFinal, type OutboundStatus, outboundStatuses } from './whatsapp-twilio/messages/message-status';
export type {
  LocationContent,
  MediaContent,
  OutboundContent,
  TemplateContent,
  TextContent,
} from './whatsapp-twilio/messages/outbound-content';
export type {
  OutboundMessageInput,
  OutboundPriority,
  OutsideWindowPolicy,
} from './whatsapp-twilio/messages/outbound-message';
export { type InboundContext, parseInboundMessage } from './whatsapp-twilio/messages/parse-inbound-message';

export { InboundController } from './whatsapp-twilio/inbound/inbound.controller';
export { TwilioSignatureGuard } from './whatsapp-twilio/inbound/twilio-signature.guard';
export { type VerifiedWebhook, verifiedWebhook } from './whatsapp-twilio/inbound/verified-webhook';
export { InvalidReplyError } from './whatsapp-twilio/inbound/invalid-reply.error';
export { RawBodyRequiredException } from './whatsapp-twilio/inbound/raw-body-required.exception';

export { InvalidPageError, type PageRequest } from './whatsapp-twilio/storage/page';
export { StorageUnreachableError } from './whatsapp-twilio/storage/connection-error';

export {
  OutboundService,
  type OutboundFilter,
  type OutboundPage,
  type SendOptions,
} from './whatsapp-twilio/outbound/outbound.service';
export {
  type InboundFilter,
  InboundMessages,
  type InboundPage,
  type ReceivedMessage,
} from './whatsapp-twilio/inbound/inbound-messages.service';
export {
  type EventHead,
  type EventSubscriber,
  type EventType,
  eventTypes,
  type MessageReceivedEvent,
  type MessageStatusEvent,
  type WhatsappEvent,
} from './whatsapp-twilio/events/event';
export { EventReader, type PlacedEvent } from './whatsapp-twilio/events/event-reader';
export { InboundFiles } from './whatsapp-twilio/inbound/inbound-files.service';
export type { MediaFile } from './whatsapp-twilio/twilio/media-client';
export { MediaError, type MediaErrorCode } from './whatsapp-twilio/twilio/media.errors';
export {
  type ConversationChoice,
  type ConversationMessage,
  Conversations,
  type ConversationView,
  type ConversationWithMessages,
} from './whatsapp-twilio/conversations/conversations.service';
export {
  ConversationError,
  ConversationNotFoundError,
  InvalidAddressError,
  UnknownConnectionError,
} from './whatsapp-twilio/conversations/conversation.errors';
export type { ConnectionLimits, ConnectionMode, ConnectionState } from './whatsapp-twilio/connections/connection';
export type {
  Addressee,
  ConnectionProvider,
  ConnectionProviderSource,
  ProvidedConnection,
} from './whatsapp-twilio/connections/connection-provider';
export { ConnectionLookupError } from './whatsapp-twilio/connections/connection-source';
export type { Authorship, ConnectionAction } from './whatsapp-twilio/connections/connection-writes';
export type {
  ConnectionEvent,
  ConnectionEventPage,
  ConnectionPage,
  ConnectionView,
} from './whatsapp-twilio/connections/connection.view';
export { type ConnectionChange, Connections } from './whatsapp-twilio/connections/connections.service';
export { ConnectionRotations, type RotateOptions } from './whatsapp-twilio/connections/connection-rotation.service';
export {
  ConnectionChangedError,
  ConnectionConflictError,
  ConnectionError,
  ConnectionNotFoundError,
  ConnectionNotStoredError,
  ConnectionRefusedError,
  EncryptionKeysRequiredError,
  InvalidConnectionError,
  RotationNotAbortableError,
  RotationNotFoundError,
  RotationUnderWayError,
  TwilioNotAskedError,
} from './whatsapp-twilio/connections/connections.errors';
export { SecretUnreadableError } from './whatsapp-twilio/connections/key-ring';
export type {
  ConnectionProblem,
  ConnectionProblemCode,
  ConnectionValidation,
} from './whatsapp-twilio/connections/probe-connection';
export type { ConnectionRotation } from './whatsapp-twilio/connections/rotation';
export type { ConnectionFields } from './whatsapp-twilio/connections/validate-connection';
export {
  type ContractSpecInboundEvent,
  toChannelInboundEvent,
} from './whatsapp-twilio/contractspec/channel-inbound-event';
export {
  type ContractSpecDeliveryStatus,
  ContractSpecMessagingProvider,
  type ContractSpecSendInput,
  type ContractSpecSendResult,
} from './whatsapp-twilio/contractspec/messaging-provider';
export type {
  MessageEvent,
  OutboundMessage,
  OutboundMessageWithHistory,
  Waiting,
} from './whatsapp-twilio/outbound/outbound-message.view';
export {
  IdempotencyConflictError,
  InvalidMessageError,
  MessageNotFoundError,
  NotCancelableError,
  OptedOutError,
  OutboundError,
  OutsideWindowError,
  TransactionNotPossibleError,
} from './whatsapp-twilio/outbound/outbound.errors';
export type { StatusUpdate } from './whatsapp-twilio/delivery/status-update';
export { DeadLetters } from './whatsapp-twilio/handlers/dead-letters.service';
export {
  type DeadEvent,
  type DeadLetter,
  DeadLetterErasedError,
  DeadLetterError,
  DeadLetterNotFoundError,
  type DeadLetterPage,
  type DeadMessage,
  type DeadStatus,
} from './whatsapp-twilio/handlers/dead-letter';
export { HandlerTimeoutError } from './whatsapp-twilio/handlers/handler-queue';

export type { CallersTransaction } from './whatsapp-twilio/storage/callers-transaction';
export { WhatsappTwilioHealthIndicator } from './whatsapp-twilio/health/whatsapp-twilio.health-indicator';
export { WhatsappTwilioStorageHealthIndicator } from './whatsapp-twilio/health/whatsapp-twilio.storage-health-indicator';

export {
  describeTwilioError,
  type MessageError,
  twilioErrorCatalogue,
  type TwilioErrorInfo,
} from './whatsapp-twilio/twilio/error-catalogue';
export {
  isTwilioError,
  TwilioApiError,
  TwilioAuthenticationError,
  TwilioConnectionError,
  TwilioError,
  TwilioInvalidRequestError,
  TwilioNotFoundError,
  TwilioRateLimitedError,
  TwilioServerError,
} from './whatsapp-twilio/twilio/twilio-errors';
export {
  checkTwilioSignature,
  parseFormBody,
  type SignatureResult,
  type SignedTwilioRequest,
  signTwilioRequest,
  verifyTwilioSignature,
  type WebhookParams,
} from './whatsapp-twilio/twilio/signature';
