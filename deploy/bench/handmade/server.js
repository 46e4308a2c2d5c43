// Takes webhooks in: checks the signature, queues the body, and answers once it is queued, so that what is answered is kept.
const crypto = require('node:crypto');
const express = require('express');
const { Queue } = require('bullmq');

const { PORT, REDIS_PORT, APP_SECRET } = process.env;
const OPTIONS = { attempts: 3, backoff: { type: 'exponential', delay: 30000 }, removeOnComplete: 100, removeOnFail: 1000 };

const queue = new Queue('webhooks', { connection: { host: '127.0.0.1', port: Number(REDIS_PORT) } });
const app = express();
app.disable('x-powered-by');

function isSigned(body, header) {
  const given = Buffer.from((header ?? '').replace(/^sha256=/, ''), 'hex');
  const right = crypto.createHmac('sha256', APP_SECRET).update(body).digest();
  return given.length === right.length && crypto.timingSafeEqual(given, right);
}

app.post('/webhook', express.raw({ type: 'application/json', limit: '4mb' }), async (request, response) => {
  if (!isSigned(request.body, request.get('x-hub-signature-256'))) return response.sendStatus(403);
  await queue.add('webhook', JSON.parse(request.body), OPTIONS);
  response.sendStatus(200);
});

app.get('/ready', async (request, response) => {
  await queue.waitUntilReady();
  response.sendStatus(200);
});

app.listen(Number(PORT), '127.0.0.1');
