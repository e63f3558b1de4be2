import type { ServerResponse } from 'node:http';
import type { Core } from '../core';
import type { EmulatorEvents } from '../journal';
import type { Message } from '../message';
import { accountView, messageView, stateView, userView } from './view';

type Listeners = {
  readonly [Name in Exclude<keyof EmulatorEvents, 'arrival'>]: (...event: EmulatorEvents[Name]) => void;
};

/** A reader that falls behind by this many bytes is cut off; it reconnects and gets the whole state. */
const MOST_UNREAD = 4 * 1024 * 1024;

/** Sends the state, and then everything that happens, as server-sent events. */
export function streamEvents(core: Core, response: ServerResponse): void {
  const { events } = core.journal;
  const send = (name: string, data: unknown): void => {
    if (response.writableLength > MOST_UNREAD) response.destroy();
    else response.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  };
  const message = (entry: Message): void => send('message', messageView(core, entry));
  const listeners: Listeners = {
    message,
    update: message,
    remove: ({ sid }) => send('remove', { sid }),
    user: (user) => send('user', userView(user)),
    typing: ({ id }, sender) => send('typing', { phone: id, sender }),
    request: (request) => send('request', request),
    alert: (alert) => send('alert', alert),
    account: (account) => send('account', accountView(account)),
    faults: (faults) => send('faults', faults),
    clock: (now) => send('clock', { now }),
  };

  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write('retry: 1000\n\n');
  send('state', stateView(core));
  for (const [name, listener] of Object.entries(listeners)) events.on(name as keyof Listeners, listener);
  response.once('close', () => {
    for (const [name, listener] of Object.entries(listeners)) events.off(name as keyof Listeners, listener);
  });
}
