import { inbound, samples, statusCallback } from '../../src/testing';
import { parseInboundMessage } from '../../src/whatsapp-twilio/messages/parse-inbound-message';
import { fromTwilioStatus } from '../../src/whatsapp-twilio/messages/message-status';

const commonToAllCallbacks = [
  'AccountSid',
  'ApiVersion',
  'ChannelInstallSid',
  'ChannelPrefix',
  'ChannelToAddress',
  'From',
  'MessageSid',
  'MessageStatus',
  'SmsSid',
  'SmsStatus',
  'To',
];

describe('the payload builders', () => {
  it('make a text with the 16 parameters of a captured one', () => {
    expect(Object.keys(inbound.text())).toEqual([
      'SmsMessageSid',
      'NumMedia',
      'ProfileName',
      'MessageType',
      'SmsSid',
      'WaId',
      'SmsStatus',
      'Body',
      'To',
      'NumSegments',
      'ReferralNumMedia',
      'MessageSid',
      'AccountSid',
      'ChannelMetadata',
      'From',
      'ApiVersion',
    ]);
  });

  it.each([
    'text',
    'image',
    'video',
    'audio',
    'document',
    'sticker',
    'location',
    'contacts',
    'button',
    'list',
    'flow',
    'reaction',
    'unsupported',
  ] as const)('make a message of kind %s', (kind) => {
    expect(parseInboundMessage(inbound[kind]()).kind).toBe(kind);
  });

  it('give every message a SID of its own, the same in its three places', () => {
    const [first, second] = [inbound.text(), inbound.image()];
    expect(first['MessageSid']).toMatch(/^SM[0-9a-f]{32}$/);
    expect(second['MessageSid']).toMatch(/^MM[0-9a-f]{32}$/);
    expect(first['MessageSid']).not.toBe(inbound.text()['MessageSid']);
    expect(first).toMatchObject({ SmsSid: first['MessageSid'], SmsMessageSid: first['MessageSid'] });
    expect(second['MediaUrl0']).toContain(`/Messages/${second['MessageSid']}/Media/ME`);
  });

  it('let every parameter be replaced or left out', () => {
    const params = inbound.text({ Body: 'Hi', ProfileName: undefined, New: 'x' });
    expect(params).toMatchObject({ Body: 'Hi', New: 'x' });
    expect(params).not.toHaveProperty('ProfileName');
  });

  it('keep WaId and ChannelMetadata true to the sender', () => {
    const params = inbound.text({ From: 'whatsapp:+15551230002', ProfileName: 'Bob' });
    expect(params['WaId']).toBe('15551230002');
    expect(JSON.parse(params['ChannelMetadata']!)).toEqual({
      type: 'whatsapp',
      data: { context: { ProfileName: 'Bob', WaId: '15551230002' } },
    });
    expect(inbound.bsuid()).not.toHaveProperty('WaId');
  });

  it.each([
    ['queued', []],
    ['sent', ['StructuredMessage']],
    ['delivered', ['EventType']],
    ['read', ['EventType']],
    ['failed', ['ErrorCode']],
    ['undelivered', ['ChannelStatusMessage', 'ErrorCode']],
    ['canceled', []],
  ] as const)('make a callback for %s with its parameters', (status, special) => {
    const params = statusCallback(status, { MessageSid: 'SM1' });
    expect(Object.keys(params).toSorted()).toEqual([...commonToAllCallbacks, ...special].toSorted());
    expect(params).toMatchObject({ MessageSid: 'SM1', SmsSid: 'SM1', MessageStatus: status, SmsStatus: status });
    expect(params).toMatchObject({ From: samples.sender, To: samples.user, ChannelToAddress: '+15551230001' });
    expect(fromTwilioStatus(params['MessageStatus']!)).toBeDefined();
  });

  it('leave the reason out of a failure that comes without one', () => {
    expect(statusCallback('failed', { ErrorCode: undefined })).not.toHaveProperty('ErrorCode');
  });
});
