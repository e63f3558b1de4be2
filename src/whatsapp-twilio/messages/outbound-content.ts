/** Text of up to 1600 characters, with WhatsApp's formatting (`*bold*`, `_italic_`, `~strike~`, ```` ```mono``` ````). */
export interface TextContent {
  readonly text: string;
}

/** A file that Twilio fetches from a public URL, with an optional caption. */
export interface MediaContent {
  readonly media: string | readonly string[];
  readonly text?: string;
}

/** A content template (`HX…`) and its variables: the only content allowed outside the 24-hour window. */
export interface TemplateContent {
  readonly template: { readonly contentSid: string; readonly variables?: Readonly<Record<string, string>> };
}

export interface LocationContent {
  readonly location: { readonly latitude: number; readonly longitude: number; readonly label?: string };
}

/** What can be sent: exactly one of these. */
export type OutboundContent = TextContent | MediaContent | TemplateContent | LocationContent;
