import type { Core } from '../core';
import type { Approval, ApprovalStatus, TemplateCategory } from '../rules/approval';
import type { ContentTemplate, ContentTypes } from '../rules/content';
import type { Account } from './account';

type Maker = Pick<Core, 'accounts' | 'clock' | 'random' | 'journal'>;

export interface NewContent {
  readonly sid?: string | undefined;
  readonly friendlyName?: string | undefined;
  /** Default `en`. */
  readonly language?: string | undefined;
  /** Values for places that a message leaves out. */
  readonly variables?: Readonly<Record<string, string>> | undefined;
  readonly types: ContentTypes;
  /** Whether WhatsApp approved it, so that it may be sent outside the 24-hour window. Default `true`. */
  readonly approved?: boolean | undefined;
  /** Default `UTILITY`. */
  readonly category?: TemplateCategory | undefined;
}

export function addContent(core: Maker, account: Account, options: NewContent): ContentTemplate {
  const now = core.clock.now();
  const approved = options.approved ?? true;
  const friendlyName = options.friendlyName ?? 'local_template';
  const template: ContentTemplate = {
    sid: options.sid ?? core.random.sid('HX'),
    friendlyName,
    language: options.language ?? 'en',
    variables: options.variables ?? {},
    types: options.types,
    approval: approved
      ? { ...UNSUBMITTED, name: friendlyName, category: options.category ?? 'UTILITY', status: 'approved' }
      : { ...UNSUBMITTED, category: options.category ?? '' },
    createdAt: now,
    updatedAt: now,
  };
  account.contents.set(template.sid, template);
  core.journal.events.emit('account', account);
  return template;
}

const UNSUBMITTED: Approval = {
  name: '',
  category: '',
  status: 'unsubmitted',
  rejectionReason: '',
  allowCategoryChange: true,
};

export function setApproval(
  core: Pick<Core, 'clock'>,
  template: ContentTemplate,
  status: ApprovalStatus,
  rejectionReason = '',
): void {
  template.approval = { ...template.approval, status, rejectionReason };
  template.updatedAt = core.clock.now();
}
