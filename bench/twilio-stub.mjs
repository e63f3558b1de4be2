// Answers every POST with another message that Twilio accepted. As little as possible happens here, so that the clients show.
import { createServer } from 'node:http';

const accountSid = `AC${'0'.repeat(32)}`;
const sid = `SM${'1'.repeat(32)}`;
const answer = JSON.stringify({
  account_sid: accountSid,
  api_version: '2010-04-01',
  body: 'Hello',
  date_created: 'Fri, 02 Jan 2026 03:04:05 +0000',
  date_sent: null,
  date_updated: 'Fri, 02 Jan 2026 03:04:05 +0000',
  direction: 'outbound-api',
  error_code: null,
  error_message: null,
  from: 'whatsapp:+15557654321',
  messaging_service_sid: null,
  num_media: '0',
  num_segments: '1',
  price: null,
  price_unit: null,
  sid,
  status: 'queued',
  subresource_uris: { media: `/2010-04-01/Accounts/${accountSid}/Messages/${sid}/Media.json` },
  to: 'whatsapp:+15551230001',
  uri: `/2010-04-01/Accounts/${accountSid}/Messages/${sid}.json`,
});
let messages = 0;

const server = createServer((request, response) => {
  request.resume().once('end', () => {
    const body = answer.replaceAll(sid, `SM${String(++messages).padStart(32, '0')}`);
    response.writeHead(201, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
  });
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
});
