// What people write by hand: a Fastify route that checks the signature with the official package and says thank you.
import formbody from '@fastify/formbody';
import fastify from 'fastify';
import twilio from 'twilio';

const app = fastify();
await app.register(formbody);
app.post('/webhooks/whatsapp/twilio', (request, reply) => {
  const url = `http://${request.host}${request.originalUrl}`;
  const signature = request.headers['x-twilio-signature'];
  if (!twilio.validateRequest(process.env.TWILIO_AUTH_TOKEN, signature, url, request.body))
    return reply.code(403).send();
  return reply.type('text/xml').send('<Response/>');
});
console.log(await app.listen({ port: 0, host: '127.0.0.1' }));
process.once('SIGTERM', () => void app.close());
