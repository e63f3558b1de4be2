import type { OutboundMessageWithHistory } from '../whatsapp-twilio/outbound/outbound-message.view';
import type { Phone, ReceivedMessage, TwilioEmulator, WebhookOutcome } from '../emulator';
import type { Demo } from './demo';

/** One turn: what the user sent, what came back, and how its delivery ended. */
export interface Turn {
  readonly sent: string;
  /** The HTTP status that the webhook was answered with. */
  readonly acknowledged: number | undefined;
  readonly reply: string;
  readonly status: string;
  readonly history: readonly string[];
}

interface Step {
  readonly sent: string;
  act(phone: Phone): Promise<WebhookOutcome>;
  readonly expects: RegExp;
}

const steps: readonly Step[] = [
  { sent: 'Hi there!', act: (phone) => phone.sends('Hi there!'), expects: /^Hello Ana, welcome/ },
  { sent: '[taps “Book a table”]', act: (phone) => phone.taps('Book a table'), expects: /^A table for tonight/ },
  {
    sent: '[sends a photo] This one, please',
    act: (phone) => phone.sendsImage({ caption: 'This one, please' }),
    expects: /delicious.*image\/png/,
  },
  {
    sent: '[shares a location] Ferry Building',
    act: (phone) => phone.sendsLocation({ latitude: 37.7955, longitude: -122.3937, label: 'Ferry Building' }),
    expects: /The restaurant/,
  },
];

/** Holds the conversation; a turn that goes wrong ends it with an error that says which. */
export async function* converse(demo: Demo): AsyncGenerator<Turn> {
  const phone = demo.twilio.phone('+15551230001', { profileName: 'Ana' });
  for (const { sent, act, expects } of steps) {
    const { status: acknowledged } = await act(phone);
    if (acknowledged !== 200) throw new Error(`${sent}: the webhook was answered with ${acknowledged ?? 'nothing'}.`);
    const reply = await phone.receives(expects);
    phone.reads();
    const message = await finalState(demo, reply);
    yield {
      sent,
      acknowledged,
      reply: describe(reply),
      status: message.status,
      history: message.history.map(({ status }) => status),
    };
  }
}

/** Waits until Twilio has reported everything about the reply, and the service has taken it in. */
async function finalState(
  { twilio, outbound, concierge }: Demo,
  reply: ReceivedMessage,
): Promise<OutboundMessageWithHistory> {
  await twilio.settles();
  const message = await outbound.get(await concierge.messageIdOf(reply.sid));
  if (message === undefined || !['delivered', 'read'].includes(message.status)) {
    throw new Error(`The reply ${reply.sid} is ${message?.status ?? 'not known'}, not delivered.`);
  }
  return message;
}

function describe({ body, place, buttons }: ReceivedMessage): string {
  const parts = [
    place ? `[location ${place.latitude.toFixed(4)}, ${place.longitude.toFixed(4)}] ${place.label ?? ''}` : body,
  ];
  for (const { title } of buttons) parts.push(`[${title}]`);
  return parts.join(' ').trim();
}

/** What the local Twilio saw, in a line. */
export function summary(twilio: TwilioEmulator): string {
  const inbound = twilio.messages.filter(({ direction }) => direction === 'inbound').length;
  const outbound = twilio.messages.length - inbound;
  return `${inbound} messages in, ${outbound} replies out, ${twilio.alerts.length} warnings in Twilio's debugger.`;
}
