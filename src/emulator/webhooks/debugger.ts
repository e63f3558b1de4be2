import type { Account } from '../accounts/account';
import type { Core } from '../core';
import type { Alert } from '../journal';

/**
 * Puts an alert into the account's debugger, and tells its debugger webhook, whose own failures nobody hears of.
 *
 * @see https://www.twilio.com/docs/usage/troubleshooting/debugging-event-webhooks
 */
export function raiseAlert(core: Core, account: Account, entry: Omit<Alert, 'sid' | 'at' | 'accountSid'>): Alert {
  const alert = core.journal.alert({ ...entry, accountSid: account.sid });
  const url = account.debuggerWebhook;
  if (url === undefined) return alert;
  const parameters = new URLSearchParams({
    Sid: alert.sid,
    AccountSid: account.sid,
    ParentAccountSid: account.parent?.sid ?? '',
    Level: alert.level === 'error' ? 'Error' : 'Warning',
    Timestamp: alert.at.toISOString(),
    PayloadType: 'application/json',
    Payload: JSON.stringify({
      resource_sid: alert.messageSid,
      service_sid: null,
      error_code: String(alert.code),
      more_info: { Msg: alert.text },
      webhook: { type: 'application/json', request: { url: alert.url, method: 'POST', headers: {}, parameters: {} } },
    }),
  });
  core.work.run(async () => {
    await core.webhooks.send({ kind: 'debugger', account, url, parameters });
  });
  return alert;
}
