import type { ServerResponse } from 'node:http';
import type { Account } from '../accounts/account';
import type { Core } from '../core';
import type { Message } from '../message';
import type { User } from '../phone/user';
import { accountView, messageView, stateView, userView } from './view';

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
  const remove = (entry: Message): void => send('remove', { sid: entry.sid });
  const user = (entry: User): void => send('user', userView(core, entry));
  const typing = (entry: User, sender: string): void => send('typing', { phone: entry.id, sender });
  const request = (entry: unknown): void => send('request', entry);
  const faults = (entry: unknown): void => send('faults', entry);
  const clock = (now: number): void => send('clock', { now });
  const account = (entry: Account): void => send('account', accountView(entry));
  const alert = (entry: unknown): void => send('alert', entry);

  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write('retry: 1000\n\n');
  send('state', stateView(core));
  events.on('message', message).on('update', message).on('remove', remove);
  events.on('user', user).on('typing', typing).on('request', request).on('alert', alert).on('faults', faults);
  events.on('clock', clock).on('account', account);
  response.once('close', () => {
    events.off('message', message).off('update', message).off('remove', remove);
    events.off('user', user).off('typing', typing).off('request', request).off('alert', alert).off('faults', faults);
    events.off('clock', clock).off('account', account);
  });
}
