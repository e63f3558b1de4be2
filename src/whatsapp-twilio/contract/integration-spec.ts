/** The shape of an integration specification, as far as `messaging.whatsapp.twilio` uses it. */
export interface IntegrationSpec {
  readonly meta: {
    readonly key: string;
    readonly version: string;
    readonly category: string;
    readonly title: string;
    readonly description: string;
    readonly domain: string;
    readonly owners: readonly string[];
    readonly tags: readonly string[];
    readonly stability: 'idea' | 'in_creation' | 'experimental' | 'beta' | 'stable' | 'deprecated';
  };
  readonly supportedModes: readonly ('managed' | 'byok')[];
  readonly transports: readonly IntegrationTransport[];
  readonly preferredTransport: IntegrationTransport['type'];
  readonly supportedAuthMethods: readonly { readonly type: string }[];
  readonly capabilities: { readonly provides: readonly { readonly key: string; readonly version: string }[] };
  readonly configSchema: IntegrationSchema;
  readonly secretSchema: IntegrationSchema;
  readonly healthCheck: { readonly method: 'custom'; readonly timeoutMs: number };
  readonly docsUrl: string;
  readonly constraints: { readonly rateLimit: { readonly rpm: number } };
  readonly byokSetup: {
    readonly setupInstructions: string;
    readonly keyRotationSupported: boolean;
    readonly quotaTrackingSupported: boolean;
  };
}

export type IntegrationTransport =
  | { readonly type: 'rest'; readonly baseUrl: string }
  | {
      readonly type: 'webhook';
      readonly inbound: { readonly signatureHeader: string; readonly signingAlgorithm: string };
    };

export interface IntegrationSchema {
  readonly schema: {
    readonly type: 'object';
    readonly required?: readonly string[];
    readonly properties: Readonly<Record<string, { readonly type: string; readonly description: string }>>;
  };
  readonly example: Readonly<Record<string, string>>;
}
