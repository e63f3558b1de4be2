/** Who must act on an error, or what becomes of it. */
export type ErrorAction = 'retry' | 'fix-request' | 'fix-account' | 'recipient' | 'none';

/** When Twilio reports an error: in the answer to the request, in a later status callback, or either. */
export type ErrorPhase = 'request' | 'delivery' | 'both';

/** `[code, phase, action, title, help]`, or with a sixth entry where `retryable` does not follow from the action. */
export type ErrorRow = readonly [
  code: number,
  phase: ErrorPhase,
  action: ErrorAction,
  title: string,
  help: string,
  retryable?: boolean,
];

/** For when it is unknown whether a message was taken. */
export const lookFirst = 'Look at the message list before sending again: Twilio may have taken the message.';
const NEW_SENDER = 'Use a WhatsApp sender of this account as `from`, or a Messaging Service that holds one.';
const SCHEDULE = 'Schedule through a Messaging Service, from 5 minutes up to 35 days ahead.';
const TEMPLATE_VARIABLES = 'Send the variables as a flat object of texts that are not empty and have no line breaks.';

/**
 * What Twilio's errors mean for a WhatsApp message, after its error dictionary
 * (https://www.twilio.com/docs/api/errors).
 */
export const errorRows: readonly ErrorRow[] = [
  // Requests: credentials and account.
  [
    20003,
    'request',
    'fix-account',
    'Authentication failed',
    'Check the account SID with its auth token, or the API key with its secret, and that the account is active.',
  ],
  [20004, 'request', 'fix-request', 'Method not allowed', 'Check that the API base URL is one of Twilio.'],
  [20005, 'request', 'fix-account', 'Account not active', 'Reactivate the account in the Twilio Console.'],
  [
    20006,
    'request',
    'fix-account',
    'Access denied',
    'Give these credentials access to messages in the Twilio Console.',
  ],
  [20403, 'request', 'fix-account', 'Forbidden', 'Give these credentials access to messages in the Twilio Console.'],
  [20008, 'request', 'fix-account', 'Not available to test credentials', 'Use the live credentials of the account.'],
  [20404, 'request', 'fix-request', 'Not found', 'Check the SID, and that it belongs to this account.'],
  [20409, 'request', 'fix-request', 'Conflict', 'Fetch the resource again: its state does not allow this.'],
  [20410, 'request', 'fix-request', 'API discontinued', 'Update this package: Twilio no longer offers this API.'],
  [20422, 'request', 'fix-request', 'Invalid parameter', 'Correct the parameter that the message names.'],
  [20429, 'request', 'retry', 'Too many requests', 'Nothing was sent: send again, more slowly.'],
  [20500, 'request', 'none', 'Internal error at Twilio', lookFirst],
  [20503, 'request', 'none', 'Twilio unavailable', lookFirst],

  // Requests: sender and recipient.
  [21211, 'request', 'fix-request', 'Invalid recipient', 'Give `to` as a number in E.164, such as +15551230001.'],
  [21212, 'request', 'fix-request', 'Invalid sender', 'Give `from` as a number in E.164, such as +15551234567.'],
  [
    21408,
    'request',
    'fix-account',
    'Country not enabled',
    "Enable the recipient's country in the messaging permissions of the Twilio Console.",
  ],
  [21601, 'request', 'fix-account', 'Sender cannot send messages', NEW_SENDER],
  [21603, 'request', 'fix-request', 'No sender', 'Set `from`, or a Messaging Service.'],
  [21606, 'request', 'fix-account', 'Sender is not enabled for this', NEW_SENDER],
  [
    21608,
    'request',
    'fix-account',
    'Recipient not verified (trial account)',
    'Verify the number in the Twilio Console, or upgrade the account.',
  ],
  [21609, 'request', 'fix-request', 'Invalid status callback', 'Set PUBLIC_URL to a URL that Twilio can reach.'],
  [21610, 'both', 'recipient', 'Recipient opted out', 'Do not write again until they have sent START to this sender.'],
  [
    21611,
    'request',
    'retry',
    'Queue of the sender is full',
    'Nothing was sent: send again once the queue has drained.',
  ],
  [21612, 'request', 'fix-request', 'Recipient not reachable from this sender', 'Use another sender or recipient.'],
  [21614, 'request', 'fix-request', 'Recipient is not a mobile number', 'Use a number that has WhatsApp.'],
  [21659, 'request', 'fix-account', 'Sender is not a Twilio number', NEW_SENDER],
  [
    21660,
    'request',
    'fix-account',
    'Sender belongs to another account',
    'Use the credentials of the account or subaccount that owns the sender.',
  ],
  [21701, 'request', 'fix-account', 'Messaging Service not found', 'Check the Messaging Service SID and its account.'],
  [21702, 'request', 'fix-account', 'Messaging Service not available', 'Check the Messaging Service in the Console.'],
  [
    21703,
    'request',
    'fix-account',
    'Messaging Service has no usable sender',
    'Add a WhatsApp sender to the Messaging Service.',
  ],
  [21705, 'request', 'fix-account', 'Invalid Messaging Service SID', 'Check the Messaging Service SID (`MG…`).'],
  [
    21910,
    'request',
    'fix-request',
    'Sender and recipient are on different channels',
    'Give both as WhatsApp addresses, with the prefix `whatsapp:`.',
  ],
  [63007, 'both', 'fix-account', 'Sender is not a WhatsApp sender of this account', NEW_SENDER],
  [63031, 'both', 'fix-request', 'Sender and recipient are the same', 'Send to another number.'],

  // Requests: content.
  [21617, 'request', 'fix-request', 'Text too long', 'Keep the text within 1600 characters.'],
  [21619, 'request', 'fix-request', 'No content', 'Give a text, a media URL or a content template.'],
  [21620, 'request', 'fix-request', 'Invalid media URL', 'Give a public URL that starts with https://.'],
  [21623, 'request', 'fix-request', 'Too many media', 'Send one media file in a WhatsApp message.'],
  [21654, 'request', 'fix-request', 'Content SID required', 'Give the content SID (`HX…`) with its variables.'],
  [21655, 'request', 'fix-request', 'Invalid content SID', 'Check the content SID (`HX…`) and its account.'],
  [21656, 'request', 'fix-request', 'Invalid content variables', TEMPLATE_VARIABLES],
  [21657, 'request', 'fix-request', 'Invalid sender for this content', 'Check `from` and the Messaging Service.'],
  [21658, 'request', 'fix-request', 'Parameter too long', 'Shorten the parameter that the message names.'],
  [92002, 'request', 'fix-request', 'More than 100 content variables', 'Use a template with fewer variables.'],
  [92005, 'request', 'fix-request', 'Content SID required', 'Give the content SID (`HX…`) with its variables.'],
  [92006, 'request', 'fix-request', 'Invalid content SID', 'Check the content SID (`HX…`) and its account.'],
  [92007, 'request', 'fix-request', 'Invalid content variables', TEMPLATE_VARIABLES],
  [92009, 'request', 'fix-request', 'Template already submitted', 'Wait for the approval that is under way.'],

  // Requests: scheduling.
  [35111, 'request', 'fix-request', 'Scheduled without a time', 'Give the time to send at.'],
  [35114, 'request', 'fix-request', 'Scheduled time out of range', SCHEDULE],
  [35115, 'request', 'fix-request', 'Scheduled time too near or too far', SCHEDULE],
  [35117, 'request', 'fix-request', 'Scheduled time out of range', SCHEDULE],
  [35118, 'request', 'fix-request', 'Scheduled without a Messaging Service', SCHEDULE],
  [35125, 'request', 'retry', 'Too many scheduled messages', 'Send again once some of those waiting have been sent.'],
  [35126, 'request', 'fix-request', 'Scheduling refused', SCHEDULE],

  // Delivery: Twilio and the account.
  [11751, 'delivery', 'fix-request', 'Media too large', 'Send images of up to 5 MB, other files of up to 16 MB.'],
  [30001, 'delivery', 'retry', 'Queue overflow', 'Send again later, more slowly.'],
  [30002, 'delivery', 'fix-account', 'Account suspended', 'Settle the suspension with Twilio.'],
  [30008, 'delivery', 'retry', 'Unknown delivery error', 'Send again later; if it stays, ask Twilio with the SID.'],
  [
    30036,
    'delivery',
    'retry',
    'Validity period expired',
    'Send again with a longer `expiresInSeconds`, or more slowly.',
  ],
  [30410, 'delivery', 'retry', 'Timeout at the provider', 'Send again once, later.'],
  [60728, 'both', 'retry', 'Hourly cap of the account reached', 'Send again after an hour.'],
  [63017, 'both', 'retry', 'Account rate limit exceeded', 'Send again, more slowly.'],
  [
    63018,
    'both',
    'retry',
    'Rate or messaging limit of the sender exceeded',
    "Send again, more slowly; where WhatsApp's daily limit is used up, in 24 hours.",
  ],
  [
    63038,
    'both',
    'retry',
    'Daily cap of the account reached',
    'Send again tomorrow, or have Twilio raise the cap of the account.',
  ],

  // Delivery: the WhatsApp sender.
  [
    63001,
    'delivery',
    'fix-account',
    'Channel could not authenticate',
    'Register the WhatsApp sender with Twilio again.',
  ],
  [63002, 'delivery', 'fix-account', 'Sender not found on WhatsApp', NEW_SENDER],
  [63008, 'delivery', 'fix-account', 'Channel misconfigured', 'Check the WhatsApp sender in the Twilio Console.'],
  [
    63020,
    'delivery',
    'fix-account',
    'Business Manager invitation not accepted',
    "Accept Twilio's invitation in the Meta Business Manager.",
  ],
  [
    63022,
    'delivery',
    'fix-account',
    'Invalid display name certificate',
    'Have the display name of the WhatsApp sender approved.',
  ],
  [
    63026,
    'delivery',
    'fix-account',
    'Content flagged as spam',
    "Review what this sender sends against WhatsApp's policy.",
  ],
  [
    63051,
    'delivery',
    'fix-account',
    'WhatsApp account or sender locked',
    'Unlock the WhatsApp Business account in the Meta Business Manager.',
  ],
  [
    63062,
    'delivery',
    'fix-account',
    'Terms of the Marketing Messages API not accepted',
    'Accept the terms in the Meta Business Manager.',
  ],
  [
    63112,
    'delivery',
    'fix-account',
    'WhatsApp Business account disabled or not verified',
    'Complete the verification, or appeal, in the Meta Business Manager.',
  ],

  // Delivery: the recipient.
  [63003, 'delivery', 'fix-request', 'Recipient not found on WhatsApp', 'Check the number: it is not on WhatsApp.'],
  [63014, 'delivery', 'recipient', 'Blocked by the recipient', 'Do not write again until they write to you.'],
  [
    63015,
    'delivery',
    'recipient',
    'Recipient has not joined the sandbox',
    'They must send the join code to the sandbox number, and again after 3 days.',
  ],
  [
    63024,
    'delivery',
    'recipient',
    'Invalid recipient',
    'They must have WhatsApp, a current version of it, and have accepted its terms.',
  ],
  [63029, 'delivery', 'recipient', 'Recipient could not receive the template', 'They must update WhatsApp.'],
  [63032, 'delivery', 'recipient', 'Recipient is in an experiment of WhatsApp', 'Leave this recipient out for now.'],
  [63033, 'delivery', 'recipient', 'Recipient blocked or opted out', 'Do not write again until they write to you.'],
  [
    63049,
    'delivery',
    'retry',
    'Meta chose not to deliver this marketing message',
    'Wait days, not minutes, before sending it again, or use a template of another category.',
  ],

  // Delivery: content and templates.
  [63005, 'delivery', 'fix-request', 'Content not accepted', 'Send a kind of content that WhatsApp allows here.'],
  [63006, 'delivery', 'fix-request', 'Content could not be formatted', 'Correct the content and its variables.'],
  [
    63013,
    'delivery',
    'fix-request',
    'Content violates the policy of the channel',
    'Remove runs of four or more spaces, empty variables and invalid URLs.',
  ],
  [
    63016,
    'delivery',
    'fix-request',
    'Outside the 24-hour window',
    'Send a content template (`contentSid`) until the recipient writes again.',
  ],
  [
    63019,
    'delivery',
    'fix-request',
    'Media could not be downloaded',
    'Give a public media URL that answers with the file and its true content type, then send again.',
    true,
  ],
  [
    63021,
    'delivery',
    'fix-request',
    'Invalid content',
    'Use a media type that WhatsApp takes, and keep a template with its variables within 1024 characters.',
  ],
  [63025, 'delivery', 'fix-request', 'Media already exists', 'Use the media that WhatsApp has, or another file.'],
  [
    63027,
    'delivery',
    'fix-request',
    'Template missing for this language',
    'Have the template approved in the language that is used.',
  ],
  [63028, 'delivery', 'fix-request', 'Wrong number of template variables', 'Give every variable of the template.'],
  [63030, 'delivery', 'fix-request', 'Unsupported parameter', 'Do not combine media with a template.'],
  [63034, 'delivery', 'fix-request', 'Media too large', 'Send images of up to 5 MB, other files of up to 16 MB.'],
  [63037, 'delivery', 'none', 'Media upload failed', 'Wait: Twilio tries again by itself.'],
  [63040, 'delivery', 'fix-request', 'Template rejected', 'Correct the template and submit it again, or use another.'],
  [63041, 'delivery', 'retry', 'Template paused', 'Send again after the pause, or use another template.'],
  [63042, 'delivery', 'fix-request', 'Template disabled', 'Use another template.'],
  [63043, 'delivery', 'fix-request', 'Sample media of the template forbidden', 'Make the sample media public.'],
  [63044, 'delivery', 'fix-request', 'Sample media of the template not found', 'Correct the URL of the sample media.'],
  [63045, 'delivery', 'fix-request', 'Sample media of the template failed', 'Correct the URL of the sample media.'],
  [63046, 'delivery', 'none', 'Template approved', 'Nothing: this is a notice.'],
  [
    63047,
    'delivery',
    'fix-request',
    'Sample media of the template has a bad type',
    'Serve the sample media with its true content type.',
  ],

  // Delivery: the provider.
  [63009, 'delivery', 'retry', 'Error at the provider', 'Send again later.'],
  [63010, 'delivery', 'retry', 'Internal error of the channel at Twilio', 'Send again later.'],
  [63011, 'delivery', 'fix-request', 'Request could not be processed', 'Correct the request.'],
  [63012, 'delivery', 'retry', 'Internal error at the provider', 'Send again later.'],
  [63023, 'delivery', 'retry', 'Error of the channel', 'Send again once, later.'],
  [63035, 'delivery', 'none', 'RCS sender not launched', 'Nothing for WhatsApp: this is an error of RCS.'],
  [63036, 'delivery', 'none', 'Recipient not reachable over RCS', 'Nothing for WhatsApp: this is an error of RCS.'],
];
