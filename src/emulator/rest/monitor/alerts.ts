import { json, type Reply } from '../../http';
import type { Alert } from '../../journal';
import { iso8601 } from '../dates';
import { pageOf, pageWithMeta } from '../paging';
import { type Context, route } from '../route';
import { notFound } from '../twilio-error';

const resource = '/twilio/monitor/alerts';

/** @see https://www.twilio.com/docs/usage/monitor-alert */
export const alertRoutes = [
  route('/v1/Alerts', { GET: list }, { resource }),
  route('/v1/Alerts/{NO}', { GET: fetch }, { resource }),
];

/** Newest first, of one level (`error`, `warning`) where the call names one. */
function list({ account, call, core }: Context): Reply {
  const level = call.query.get('LogLevel');
  const [since, until] = ['StartDate', 'EndDate'].map((name) => Date.parse(call.query.get(name) ?? ''));
  const alerts = core.journal.alerts.filter(
    (alert) =>
      alert.accountSid === account.sid &&
      (level === null || alert.level === level) &&
      !(alert.at.getTime() < Number(since)) &&
      !(alert.at.getTime() > Number(until)),
  );
  const page = pageOf(alerts.toReversed(), call.query);
  const items = page.items.map((alert) => alertResource(alert, core.url));
  return json(200, pageWithMeta(core.url + call.path, call.query, 'alerts', { ...page, items }));
}

function fetch({ account, call, core }: Context, sid?: string): Reply {
  const alert = core.journal.alerts.find((candidate) => candidate.sid === sid && candidate.accountSid === account.sid);
  if (!alert) throw notFound(call.path);
  return json(200, {
    ...alertResource(alert, core.url),
    request_headers: null,
    request_variables: '',
    response_body: null,
    response_headers: null,
  });
}

function alertResource(alert: Alert, origin: string): Record<string, unknown> {
  const at = iso8601(alert.at.getTime());
  return {
    account_sid: alert.accountSid,
    alert_text: alert.text,
    api_version: '2010-04-01',
    date_created: at,
    date_generated: at,
    date_updated: at,
    error_code: String(alert.code),
    log_level: alert.level,
    more_info: `https://www.twilio.com/docs/errors/${alert.code}`,
    request_method: 'POST',
    request_url: alert.url,
    resource_sid: alert.messageSid,
    service_sid: null,
    sid: alert.sid,
    url: `${origin}/v1/Alerts/${alert.sid}`,
  };
}
