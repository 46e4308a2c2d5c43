// Takes webhooks from the queue, makes an event of each, and posts it. What throws is tried again by the queue.
const { Worker } = require('bullmq');
const { Agent, request } = require('undici');

const { REDIS_PORT, RECEIVER } = process.env;
const CONCURRENCY = 64;
const dispatcher = new Agent({ connections: CONCURRENCY });

function eventOf(body) {
  const message = body.entry[0].changes[0].value.messages[0];
  return {
    platform: 'whatsapp',
    event: 'message.received',
    timestamp: Number(message.timestamp),
    from: `+${message.from}`,
    message: { id: message.id, type: message.type, body: message.text?.body },
  };
}

async function forward(job) {
  const answer = await request(RECEIVER, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(eventOf(job.data)),
    dispatcher,
  });
  await answer.body.dump();
  if (answer.statusCode >= 300) throw new Error(`answered with ${answer.statusCode}`);
}

new Worker('webhooks', forward, {
  connection: { host: '127.0.0.1', port: Number(REDIS_PORT) },
  concurrency: CONCURRENCY,
});
