import type { Approval } from '../../rules/approval';
import { type ContentTemplate, richestType } from '../../rules/content';
import { iso8601 } from '../dates';
import type { Context } from '../route';

type Origin = Pick<Context, 'account' | 'core'>;

export function contentResource(template: ContentTemplate, { account, core }: Origin): Record<string, unknown> {
  const url = `${core.url}/v1/Content/${template.sid}`;
  return {
    ...common(template, account.sid),
    links: {
      approval_create: `${url}/ApprovalRequests/whatsapp`,
      approval_fetch: `${url}/ApprovalRequests`,
    },
    url,
  };
}

export function contentAndApprovalsResource(template: ContentTemplate, { account }: Origin): Record<string, unknown> {
  return { ...common(template, account.sid), approval_requests: approvalResource(template) };
}

/** The templates of before the Content API, as far as one is like them. */
export function legacyContentResource(template: ContentTemplate, { account, core }: Origin): Record<string, unknown> {
  const body = template.types[richestType(template)]?.body;
  return {
    ...common(template, account.sid),
    legacy_body: typeof body === 'string' ? body : '',
    legacy_template_name: template.approval.name || template.friendlyName,
    url: `${core.url}/v1/Content/${template.sid}`,
  };
}

export function approvalResource(template: ContentTemplate): Record<string, unknown> {
  const { approval } = template;
  return {
    type: 'whatsapp',
    name: approval.name,
    category: approval.category,
    content_type: richestType(template),
    status: publicStatus(approval),
    rejection_reason: approval.rejectionReason,
    allow_category_change: approval.allowCategoryChange,
  };
}

/** Twilio has no word for a template that WhatsApp alone deleted. */
export function publicStatus({ status }: Approval): string {
  return status === 'deleted' ? 'disabled' : status;
}

function common(template: ContentTemplate, accountSid: string): Record<string, unknown> {
  return {
    account_sid: accountSid,
    date_created: iso8601(template.createdAt),
    date_updated: iso8601(template.updatedAt),
    friendly_name: template.friendlyName,
    language: template.language,
    sid: template.sid,
    types: template.types,
    variables: template.variables,
  };
}
