import { ApiBody, ApiQuery } from '@nestjs/swagger';
import { notModified } from './message.docs';
import { describeOperation, etagHeader, type Operation } from './operation';
import { cursor, ifNoneMatch, limit, path } from './parameters';
import { ref } from './schema';

const tag = 'Connections';
const id = path('id', 'The id of the connection.');

const of404 = 'There is no connection with this id (`CONNECTION_NOT_FOUND`).';
const ofNoRotation = `${of404} Or no rotation of it is under way (\`ROTATION_NOT_FOUND\`).`;
const ofNotStored = 'It is the configured one, and is changed there (`CONNECTION_NOT_STORED`)';
const of422 = 'Twilio does not accept it (`CONNECTION_REFUSED`): `errors` says what has to change.';
const of503 = 'Twilio could not be asked (`TWILIO_UNREACHABLE`), or the database cannot be reached for the moment.';
const ofBody = { 413: 'The body is larger than 1 MiB.', 415: 'The body is not JSON.' };

const connection = {
  id: '0199c1f0-0000-7000-8000-000000000003',
  label: 'Blue Whale',
  mode: 'byok',
  state: 'active',
  accountSid: 'AC00000000000000000000000000000001',
  fromNumber: 'whatsapp:+15551234567',
  limits: { rpm: 60 },
  validation: {
    valid: true,
    problems: [],
    checkedAt: '2026-01-31T09:00:00.000Z',
    providerMeta: { accountStatus: 'active', accountType: 'Full' },
  },
  createdAt: '2026-01-31T09:00:00.000Z',
  updatedAt: '2026-01-31T09:00:00.000Z',
};

const rotation = {
  id: '0199c1f0-0000-7000-8000-000000000004',
  connectionId: connection.id,
  kind: 'twilio',
  step: 'creating',
  needsAttention: false,
  startedAt: '2026-01-31T09:00:00.000Z',
};

const describe = (operation: Omit<Operation, 'tag'>, ...more: MethodDecorator[]) =>
  describeOperation({ tag, ...operation }, ...more);

const body = (schema: string, required: boolean, examples: Readonly<Record<string, unknown>>) =>
  ApiBody({
    required,
    schema: ref(schema) as never,
    examples: Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value }])),
  });

const reasonBody = body('Reason', false, { reason: { reason: 'asked for by the customer' } });

export const CreateConnectionDocs = () =>
  describe(
    {
      id: 'createConnection',
      summary: 'Stores a connection that Twilio accepts',
      description: 'Needs `ENCRYPTION_KEYS`. Secrets go in and never come out.',
      status: 201,
      answer: 'Stored.',
      schema: 'Connection',
      example: connection,
      headers: { Location: { description: 'Where the connection is.', schema: { type: 'string' } } },
      problems: {
        409: 'Another connection has the account and sender (`CONNECTION_CONFLICT`), or there is no key to store secrets with (`ENCRYPTION_KEYS_REQUIRED`).',
        422: of422,
        503: of503,
        ...ofBody,
      },
    },
    body('CreateConnection', true, {
      number: {
        label: 'Blue Whale',
        accountSid: connection.accountSid,
        authToken: 'the-primary-auth-token',
        fromNumber: connection.fromNumber,
        limits: { rpm: 60 },
        reason: 'a new customer',
      },
      service: {
        accountSid: connection.accountSid,
        authToken: 'the-primary-auth-token',
        apiKey: { sid: 'SK00000000000000000000000000000001', secret: 'the-secret-of-the-key' },
        messagingServiceSid: 'MG00000000000000000000000000000001',
      },
    }),
  );

export const ListConnectionsDocs = () =>
  describe(
    {
      id: 'listConnections',
      summary: 'Lists connections, without their secrets',
      status: 200,
      answer: 'A page.',
      schema: 'ConnectionPage',
      headers: etagHeader,
    },
    cursor,
    limit,
    ifNoneMatch,
    notModified,
  );

export const GetConnectionDocs = () =>
  describe(
    {
      id: 'getConnection',
      summary: 'A connection, without its secrets',
      status: 200,
      answer: 'The connection.',
      schema: 'Connection',
      example: connection,
      headers: etagHeader,
      problems: { 404: of404 },
    },
    id,
    ifNoneMatch,
    notModified,
  );

export const UpdateConnectionDocs = () =>
  describe(
    {
      id: 'updateConnection',
      summary: 'Changes a connection',
      description: 'Fields left out stay, `null` takes one out. New credentials and senders are tried at Twilio first.',
      status: 200,
      answer: 'The connection, changed.',
      schema: 'Connection',
      example: connection,
      problems: {
        404: of404,
        409: `${ofNotStored}, another has the account and sender (\`CONNECTION_CONFLICT\`), its token is being rotated (\`ROTATION_UNDER_WAY\`), there is no key to store secrets with (\`ENCRYPTION_KEYS_REQUIRED\`), or somebody else changed it in this moment (\`CONNECTION_CHANGED\`).`,
        422: of422,
        503: of503,
        ...ofBody,
      },
    },
    id,
    body('ChangeConnection', true, {
      limit: { limits: { rpm: 30 }, reason: 'a smaller plan' },
      disable: { state: 'disabled' },
      removeLabel: { label: null },
    }),
  );

export const RemoveConnectionDocs = () =>
  describe(
    {
      id: 'removeConnection',
      summary: 'Forgets a connection and its secrets',
      description: 'Its messages and its audit trail stay. What is still to be sent fails with `CONNECTION_GONE`.',
      status: 204,
      answer: 'It is forgotten.',
      problems: { 404: of404, 409: `${ofNotStored}.` },
    },
    id,
    ApiQuery({
      name: 'reason',
      description: 'For the audit trail.',
      required: false,
      schema: { type: 'string', minLength: 1, maxLength: 500 },
    }),
  );

export const ValidateConnectionDocs = () =>
  describe(
    {
      id: 'validateConnection',
      summary: 'Asks Twilio whether it still accepts a connection',
      description: 'Changes nothing but `validation`.',
      status: 200,
      answer: 'What Twilio said.',
      schema: 'ConnectionValidation',
      example: connection.validation,
      problems: { 404: of404, ...ofBody },
    },
    id,
    reasonBody,
  );

export const ListConnectionEventsDocs = () =>
  describe(
    {
      id: 'listConnectionEvents',
      summary: 'Who did what to a connection, and when',
      description: 'Never a value. It stays when the connection is removed.',
      status: 200,
      answer: 'A page.',
      schema: 'ConnectionEventPage',
      headers: etagHeader,
      problems: { 404: of404 },
    },
    id,
    cursor,
    limit,
    ifNoneMatch,
    notModified,
  );

export const RotateDocs = () =>
  describe(
    {
      id: 'rotateConnection',
      summary: 'Begins to rotate the auth token of a connection',
      description:
        'By Twilio’s API, or by hand with a token that was made in Twilio’s console and is promoted there. It goes on by itself; no valid webhook is refused and no message fails meanwhile.',
      status: 202,
      answer: 'Begun. `rotation` of the connection shows where it stands.',
      schema: 'ConnectionRotation',
      example: rotation,
      problems: {
        404: of404,
        409: `${ofNotStored}, or the account’s token is being rotated (\`ROTATION_UNDER_WAY\`).`,
        422: of422,
        503: of503,
        ...ofBody,
      },
    },
    id,
    body('Rotate', false, {
      byTwilio: {},
      byHand: { authToken: 'the-secondary-auth-token', overlapSeconds: 3600, reason: 'every quarter' },
    }),
  );

export const AbortRotationDocs = () =>
  describe(
    {
      id: 'abortRotation',
      summary: 'Goes back to the old auth token',
      status: 202,
      answer: 'It goes back, unless the new token is promoted in this moment.',
      schema: 'ConnectionRotation',
      example: { ...rotation, step: 'aborting' },
      problems: {
        404: ofNoRotation,
        409: `${ofNotStored}, or the new token is promoted (\`ROTATION_NOT_ABORTABLE\`).`,
        ...ofBody,
      },
    },
    id,
    reasonBody,
  );

export const ContinueRotationDocs = () =>
  describe(
    {
      id: 'continueRotation',
      summary: 'Takes the next step of a rotation now',
      description: 'Tries again what failed, promotes the new token, or ends the overlap.',
      status: 202,
      answer: 'It goes on.',
      schema: 'ConnectionRotation',
      example: { ...rotation, step: 'accepting' },
      problems: { 404: ofNoRotation, 409: `${ofNotStored}.`, ...ofBody },
    },
    id,
    reasonBody,
  );
