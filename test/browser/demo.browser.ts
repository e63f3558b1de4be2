import type { Browser } from 'playwright-core';
import { type Demo, startDemo } from '../../src/demo/demo';
import { freePort } from '../support/free-port';
import { launchBrowser, openPage } from './browser-page';

describe('The demo in a browser', () => {
  let demo: Demo | undefined;
  let browser: Browser | undefined;

  beforeAll(async () => {
    demo = await startDemo({ emulator: 0, service: await freePort() });
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
  });

  it('greets a guest, who books a table with a tap', async () => {
    const { page, offences } = await openPage(browser!, demo!.twilio.url);
    await page.locator('#whose', { hasText: 'Ana' }).waitFor();
    await page.getByRole('textbox', { name: 'Message' }).fill('Hi there!');
    await page.keyboard.press('Enter');
    await page.getByText('Hello Ana, welcome to the Blue Whale').waitFor();
    await page.getByRole('button', { name: 'Book a table' }).click();
    const answer = page.locator('.theirs', { hasText: 'A table for tonight is yours' });
    await answer.getByRole('img', { name: 'Read' }).waitFor();
    await page.locator('#traffic li', { hasText: 'read' }).first().waitFor();
    expect(offences).toEqual([]);
  });
});
