import type { Page } from 'playwright-core';
import { eachWithPhone } from './phone-page';

const phone = eachWithPhone();

/** The HTML that the page makes of texts. */
function formatted(page: Page, texts: readonly string[]): Promise<string[]> {
  return page.evaluate<string[]>(`import('/chat/format.js').then(({ formatted }) =>
    ${JSON.stringify(texts)}.map((text) => {
      const node = document.createElement('div');
      node.append(...formatted(text));
      return node.innerHTML;
    }))`);
}

const EXAMPLES: readonly (readonly [text: string, html: string])[] = [
  ['plain text', 'plain text'],
  ['*bold* _italic_ ~strike~', '<strong>bold</strong> <em>italic</em> <s>strike</s>'],
  ['*bold _and italic_ too*', '<strong>bold <em>and italic</em> too</strong>'],
  ['`a *b*` and ```c\n*d*```', '<code>a *b*</code> and <code class="mono">c\n*d*</code>'],
  ['(*bold*), "*bold*".', '(<strong>bold</strong>), "<strong>bold</strong>".'],
  ['2*3*4 and snake_case_name and ~ 5', '2*3*4 and snake_case_name and ~ 5'],
  ['no * bold * and *\nnone*', 'no * bold * and *\nnone*'],
  ['** and __ and *_~', '** and __ and *_~'],
  ['- one\n- *two*\nthree', '<ul><li>one</li><li><strong>two</strong></li></ul>three'],
  ['3. three\n4. four', '<ol start="3"><li>three</li><li>four</li></ol>'],
  ['> said\n> she\nI see', '<blockquote>said\nshe</blockquote>I see'],
  ['line\nline', 'line\nline'],
  [
    'see https://example.com/a_b_c?d=*e*.',
    'see <a href="https://example.com/a_b_c?d=*e" target="_blank" rel="noopener noreferrer">https://example.com/a_b_c?d=*e</a>*.',
  ],
  ['javascript:alert(1)', 'javascript:alert(1)'],
  ['<b>*<i>*</b>', '&lt;b&gt;<strong>&lt;i&gt;</strong>&lt;/b&gt;'],
];

describe('The formatting of a text on the phone page', () => {
  it('is WhatsApp’s', async () => {
    const page = await phone().open();
    const texts = EXAMPLES.map(([text]) => text);
    expect(await formatted(page, texts)).toEqual(EXAMPLES.map(([, html]) => html));
  });

  it('takes no time, whatever the text is', async () => {
    const page = await phone().open();
    const before = Date.now();
    await formatted(page, [
      '*a'.repeat(2048),
      '_*~'.repeat(1365),
      '`'.repeat(4096),
      'http://'.repeat(585),
      '> *'.repeat(1365),
    ]);
    expect(Date.now() - before).toBeLessThan(5000);
  });
});
