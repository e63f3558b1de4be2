import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks';
import { moduleVariables } from '../../src/whatsapp-twilio/contract/environment';
import { optionNames } from '../../src/whatsapp-twilio/contract/option-names';
import { inboundMessageKinds, outboundStatuses } from '../../src';
import { serviceVariables } from '../../src/service/service-environment';
import { readWebhook } from '../../examples/verify-by-hand';

const root = join(__dirname, '..', '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

describe('The README', () => {
  const shown = [...readme.matchAll(/<!-- (examples\/[\w.-]+) -->\n```ts\n([\s\S]*?)```/g)];

  it('shows examples', () => {
    expect(shown.map(([, file]) => file)).toEqual([
      'examples/concierge.ts',
      'examples/app.module.ts',
      'examples/main.ts',
      'examples/concierge.spec.ts',
      'examples/verify-by-hand.ts',
    ]);
  });

  it.each(shown.map(([, file, code]) => ({ file, code })))('shows $file as it runs', ({ file, code }) => {
    expect(code).toBe(readFileSync(join(root, file!), 'utf8'));
  });

  it('lists every variable that the code reads, and no other', () => {
    const listed = [...readme.matchAll(/^\| ((?:`[A-Z_]+`(?:, )?)+) \|/gm)].flatMap(([, names]) =>
      [...names!.matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name),
    );
    expect(listed.toSorted()).toEqual([...Object.keys(moduleVariables), ...Object.keys(serviceVariables)].toSorted());
  });

  it('names a variable for each option that has one', () => {
    for (const name of Object.values(optionNames)) {
      for (const [, variable] of name.matchAll(/\b([A-Z]+_[A-Z_]+)\b/g))
        expect(moduleVariables).toHaveProperty(variable!);
    }
  });

  it.each(Object.entries(serviceVariables).filter(([, value]) => value !== ''))(
    'gives the default of %s',
    (name, value) => {
      expect(readme).toMatch(new RegExp(`^\\| \`${name}\` \\|.*\\| \`${value}\` \\|$`, 'm'));
    },
  );

  it('names every kind of message and every status', () => {
    for (const name of [...inboundMessageKinds, ...outboundStatuses]) expect(readme).toContain(`\`${name}\``);
  });

  it('links to files that exist', () => {
    for (const [, path] of readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      expect(() => readFileSync(join(root, path!))).not.toThrow();
    }
  });
});

describe('The example that verifies by hand', () => {
  const url = 'https://example.com/hook';
  const rawBody = 'From=whatsapp%3A%2B15551230001&To=whatsapp%3A%2B15550006789&Body=hi&MessageType=text';
  const signature = getExpectedTwilioSignature('12345', url, Object.fromEntries(new URLSearchParams(rawBody)));

  it('reads what Twilio signed', () => {
    expect(readWebhook({ url, signature, rawBody }, '12345')).toMatchObject({ kind: 'text', text: 'hi' });
  });

  it('reads nothing else', () => {
    expect(readWebhook({ url, signature, rawBody: `${rawBody}!` }, '12345')).toBeUndefined();
  });
});
