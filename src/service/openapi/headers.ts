const text = { type: 'string' } as const;
const whole = { type: 'integer', minimum: 0 } as const;

/** What answers say beside their body. */
export const headers = {
  RequestId: {
    description: 'Names this request in the log: the `X-Request-Id` that was sent, or a new one.',
    schema: text,
  },
  RateLimitLimit: { description: 'Requests that the key may make in a minute.', schema: whole },
  RateLimitRemaining: { description: 'Requests that are left of them.', schema: whole },
  RateLimitReset: { description: 'Seconds until the next minute begins.', schema: whole },
  RetryAfter: { description: 'Seconds after which it is worth another try.', schema: whole },
  WwwAuthenticate: { description: 'How to say who calls: `Bearer`.', schema: text },
  ETag: { description: 'Changes when the answer does.', schema: text },
};
