/** `Thu, 24 Aug 2023 05:01:45 +0000`: the 2010 API writes RFC 2822. */
export function rfc2822(time: number): string {
  return new Date(time).toUTCString().replace('GMT', '+0000');
}

/** `2023-08-24T05:01:45Z`: the newer APIs write ISO 8601, without fractions. */
export function iso8601(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}
