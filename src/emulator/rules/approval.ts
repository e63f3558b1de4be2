/**
 * What WhatsApp says of a template. `deleted` is the emulator's own word for one that WhatsApp no longer has while Twilio
 * still knows it (63027).
 *
 * @see https://www.twilio.com/docs/content/content-api-resources#approvals
 */
export type ApprovalStatus =
  | 'unsubmitted'
  | 'received'
  | 'pending'
  | 'approved'
  | 'rejected'
  | 'paused'
  | 'disabled'
  | 'deleted';

export type TemplateCategory = 'UTILITY' | 'MARKETING' | 'AUTHENTICATION';

export interface Approval {
  readonly name: string;
  readonly category: TemplateCategory | '';
  readonly status: ApprovalStatus;
  readonly rejectionReason: string;
  readonly allowCategoryChange: boolean;
}

/** The codes of messages that use a template which WhatsApp does not let through at all, whatever the window. */
export const APPROVAL_ERRORS: Partial<Readonly<Record<ApprovalStatus, number>>> = {
  deleted: 63027,
  rejected: 63040,
  paused: 63041,
  disabled: 63042,
};

export const APPROVAL_STATUSES: readonly ApprovalStatus[] = [
  'unsubmitted',
  'received',
  'pending',
  'approved',
  'rejected',
  'paused',
  'disabled',
  'deleted',
];
