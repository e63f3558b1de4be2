import type { Account } from '../accounts/account';
import type { Sender } from '../accounts/sender';
import type { ContentTemplate } from './content';
import { SANDBOX_TEMPLATES } from './sandbox-templates';

/** A template that the account may send from this sender: one of its own, or, from the sandbox, one of Twilio's. */
export function findTemplate(account: Account, sender: Sender | undefined, sid: string): ContentTemplate | undefined {
  return account.contents.get(sid) ?? (sender?.sandbox ? SANDBOX_TEMPLATES.get(sid) : undefined);
}
