import { json, type Reply } from '../../http';
import type { TemplateCategory } from '../../rules/approval';
import { isSessionOnly } from '../../rules/content';
import { fieldsOf, textField } from '../json-body';
import { type Context, route } from '../route';
import { invalid } from '../twilio-error';
import { findContent } from './content';
import { approvalResource } from './resources';

const APPROVALS = '/v1/Content/{HX}/ApprovalRequests';
const resource = '/twilio/content/approvals';

/** @see https://www.twilio.com/docs/content/content-api-resources#submit-templates-approval-for-whatsapp */
export const approvalRoutes = [
  route(APPROVALS, { GET: fetch }, { resource }),
  route(`${APPROVALS}/whatsapp`, { POST: submit }, { resource }),
];

function fetch(context: Context, sid?: string): Reply {
  const template = findContent(context, sid);
  return json(200, {
    account_sid: context.account.sid,
    sid: template.sid,
    url: context.core.url + context.call.path,
    whatsapp: approvalResource(template),
  });
}

const CATEGORIES: ReadonlySet<unknown> = new Set<TemplateCategory>(['UTILITY', 'MARKETING', 'AUTHENTICATION']);

/** What becomes of it is said by `account.approval()` or through the control. */
function submit(context: Context, sid?: string): Reply {
  const template = findContent(context, sid);
  if (template.approval.status !== 'unsubmitted') {
    throw invalid(92009, 'The ContentSid has already been submitted for approval');
  }
  const fields = fieldsOf(context.call.json);
  const name = textField(fields, 'name');
  const category = textField(fields, 'category');
  if (name === undefined || !/^[a-z0-9_]{1,512}$/.test(name)) {
    throw invalid(20422, 'Invalid Parameter: name has lower-case letters, digits and underscores only');
  }
  if (!CATEGORIES.has(category)) throw invalid(20422, 'Invalid Parameter: category');
  if (isSessionOnly(template)) throw invalid(20422, 'Content of this type cannot be approved: it is for sessions only');
  template.approval = {
    name,
    category: category as TemplateCategory,
    status: 'received',
    rejectionReason: '',
    allowCategoryChange: fields.allow_category_change !== false,
  };
  template.updatedAt = context.core.clock.now();
  const { type: _type, ...created } = approvalResource(template);
  return json(201, created);
}
